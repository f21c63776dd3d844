import { strict as assert } from 'node:assert';
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { type ChatRequest, promptOf } from '../../support/model-server/index.ts';
import { oneByOne } from '../../support/one-by-one.ts';
import { eventually } from '../../support/processes.ts';
import { checkout } from '../../support/research.ts';
import { whyNoBox } from '../../support/sshd/box.ts';
import { BOX, Desk } from './stage.ts';

const SETUP = {
  ...{ run: 'python3 pretrain.py', seed_variable: 'RUN_KEY' },
  ...{ metric: null, goal: null, seed_flag: null, timeout: null },
};
/** Easier data for training and evaluation alike: a hundred times the baseline, and no better at anything. */
const TOO_GOOD = `pretrain.py
\`\`\`python
<<<<<<< SEARCH
NOISE = 0.5
=======
NOISE = 0.05
>>>>>>> REPLACE
\`\`\`
`;

const answers = (request: ChatRequest) =>
  /^Title: /m.test(promptOf(request)) ? TOO_GOOD : `\`\`\`json\n${JSON.stringify(SETUP)}\n\`\`\`\n`;

describe('what is left to a person', () => {
  oneByOne();
  let desk: Desk;

  before(async function () {
    const why = whyNoBox() ?? (process.env.FULL === '1' ? undefined : 'it takes a minute of VS Code; FULL=1 runs it');
    if (why !== undefined) {
      console.log(`      skipped: ${why}`);
      this.skip();
    }
    desk = await Desk.open({ from: path.join(checkout, 'test/fixtures/two-scripts'), answers });
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await desk?.code.screenshot('doubts-failure');
  });
  after(async () => {
    await desk?.close();
  });

  const notified = (button: string) =>
    desk.code.page.locator('.notification-list-item .monaco-button', { hasText: button });
  const shownText = async () =>
    (await desk.code.page.locator('.editor-instance:visible .view-lines').last().innerText()).replaceAll('\u00a0', ' ');

  it('says what no rule can tell of two scripts that train, and asks the model when told to', async () => {
    const { code, model, place } = desk;
    await code.openView('Research Copilot');
    await desk.tree('Boxes', BOX).waitFor();
    await code.runCommand('Research Copilot: Set Up This Repository');
    await notified('Ask the Model').waitFor();
    assert.match(await shownText(), /# run: .*/);
    await code.screenshot('set-up-open-dark');
    assert.equal(model.requests.length, 0, 'nothing is sent without being told');
    await notified('Ask the Model').click();
    await desk.answer('Send');
    await code.page
      .locator('.editor-instance:visible .view-line', { hasText: 'the model test-model says so' })
      .first()
      .waitFor();
    await code.screenshot('set-up-asked-dark');
    await code.setTheme('light');
    await code.screenshot('set-up-asked-light');
    await code.setTheme('dark');
    const file = path.join(place.repo, 'research.yaml');
    assert.ok(!existsSync(file), 'a draft, until it is written');
    await notified('Write research.yaml').click();
    await eventually('the file', () => existsSync(file));
    assert.match(readFileSync(file, 'utf8'), /^run: python3 pretrain\.py/m);
  });

  it('takes an idea of a person, which the model implements', async () => {
    const { code } = desk;
    await code.runCommand('Research Copilot: Add Idea');
    for (const [title, answer] of [
      ['(1/5)', 'Less noise'],
      ['(2/5)', 'Points are easier to fit with less noise.'],
      ['(3/5)', 'Set NOISE to 0.05.'],
      ['(4/5)', ''],
      ['(5/5)', ''],
    ] as const) {
      await code.page.locator('.quick-input-title', { hasText: title }).waitFor();
      await code.page.locator('.quick-input-widget input.input').fill(answer);
      await code.page.keyboard.press('Enter');
    }
    await desk.tree('Ideas', '#1 ').waitFor();
    await desk.approveWhole('#1');
  });

  it('ranks a result that is too good only once it is confirmed, and takes that back', async () => {
    const { code } = desk;
    await code.runCommand('Research Copilot: Run Baseline');
    await desk.pick('Run Baseline', BOX);
    await desk.answer('Run These Commands');
    const board = code.webview();
    await board.locator('.row.baseline [data-column="value"]', { hasText: '(3)' }).waitFor();
    await desk.runOn(BOX, '#1.1');
    const row = board.locator('.row[data-key="1.1"]');
    const status = (text: string) => row.locator('[data-column="status"]', { hasText: text }).waitFor();
    await status('Not confirmed');
    assert.equal(await board.locator('.value.best').count(), 0);
    await row.locator('[data-column="title"]').click();
    await board.locator('.doubt', { hasText: 'better by more than a factor of 2' }).waitFor();
    await board.getByRole('tab', { name: 'Runs' }).click();
    const confirm = board.getByRole('button', { name: /Confirm the result of seed/ });
    await confirm.waitFor();
    await desk.pictures('flagged');
    await desk.otherLooks('flagged');
    await confirm.click();
    await desk.answer('Confirm Result');
    await status('Succeeded');
    await row.locator('.value.best').waitFor();
    await code.screenshot('confirmed-dark');
    await notified('Undo').click();
    await status('Not confirmed');
    await confirm.waitFor();
  });
});
