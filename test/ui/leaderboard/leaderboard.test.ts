import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import type { FromPage, ToPage } from '../../../src/protocol/messages.ts';
import { confirmedBoard, doubtedBoard } from '../../support/doubted-board.ts';
import {
  exampleBoard,
  exampleCurves,
  HOSTILE_TITLE,
  LOG_LINES,
  largeBoard,
  makeRow,
  NOW,
} from '../../support/leaderboard-fixtures.ts';
import { missingPart, type Scene, Stage, textOf } from './harness.ts';

const board = exampleBoard();
const running = 'r-13-1-1';
const scene: Scene = {
  board,
  at: NOW,
  curves: exampleCurves(board),
  logs: { [running]: LOG_LINES, 'r-13-1-2': LOG_LINES.slice(0, 300), 'r-5-1-1': LOG_LINES },
  liveLogs: [running, 'r-13-1-2'],
};
const { rows: _, ...header } = board;

describe('the leaderboard page', () => {
  let stage: Stage;
  before(async function () {
    const missing = missingPart();
    if (missing !== undefined) {
      console.log(`      skipped: ${missing}`);
      this.skip();
    }
    stage = await Stage.open();
  });
  after(async () => {
    await stage?.close();
  });

  const sent = (page: Page): Promise<FromPage[]> => page.evaluate(() => window.fake.sent);
  const deliver = (page: Page, message: ToPage) => page.evaluate((given) => window.fake.deliver(given), message);
  const titles = (page: Page) => page.locator('.grid-body .cell[data-column="title"]').allInnerTexts();
  const rowOf = (page: Page, key: string) => page.locator(`.row[data-key="${key}"]`);
  const open = async (page: Page, key: string, tab: 'Curve' | 'Log' | 'Runs') => {
    await rowOf(page, key).locator('[data-column="title"]').click();
    await page.getByRole('tab', { name: tab }).click();
  };
  const focused = (page: Page) =>
    page.evaluate(() => {
      const cell = document.activeElement;
      return `${cell?.closest('.row')?.getAttribute('data-key') ?? 'header'} ${cell?.getAttribute('data-column')}`;
    });

  it('shows the baseline on top, the best first and in bold, and what failed last', async () => {
    const page = await stage.show(scene);
    assert.match(await textOf(page.locator('.row.baseline')), /Baseline[\s\S]*3\.2814 ± 0\.0043 \(3\)/);
    const shown = await titles(page);
    assert.equal(shown[0], 'Muon with momentum warm-up from 0.85 to 0.95');
    assert.ok(await rowOf(page, '8.1').locator('.value.best .codicon-star-full').isVisible());
    assert.equal(await page.locator('.value.best').count(), 1);
    const last = await page.locator('.grid-body .row').evaluateAll((rows) =>
      rows
        .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
        .slice(-3)
        .map((row) => row.getAttribute('data-key')),
    );
    assert.deepEqual(last, ['5.1', '9.1', '11.1']);
    assert.equal(await textOf(rowOf(page, '5.1').locator('[data-column="value"]')), '', 'failed is not zero');
    assert.deepEqual(await page.evaluate(() => window.fake.violations), []);
  });

  it('is walked by keyboard: cells, rows, pages, sort, detail and back', async () => {
    const page = await stage.show(scene);
    await page.locator('.grid [tabindex="0"]').first().focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
    assert.equal(await focused(page), '7.1 value');
    await page.keyboard.press('Home');
    assert.equal(await focused(page), '7.1 rank');
    await page.keyboard.press('Control+End');
    assert.equal(await focused(page), '11.1 rank');
    await page.keyboard.press('Space');
    assert.equal(await rowOf(page, '11.1').getAttribute('aria-selected'), 'true');
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('End');
    assert.equal(await focused(page), 'header move');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('[role=columnheader][data-column="move"]').getAttribute('aria-sort'), 'ascending');
    await page.keyboard.press('Alt+ArrowLeft');
    assert.equal(await focused(page), 'header move');
    const heads = await page.getByRole('columnheader').evaluateAll((all) => all.map((each) => each.dataset.column));
    assert.ok(heads.indexOf('move') < heads.indexOf('lane'));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'tab');
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'gridcell');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'detached' });
  });

  it('moves no row and no selection while a person is in the table, and re-sorts when asked', async () => {
    const page = await stage.show(scene);
    await rowOf(page, '2.1').locator('[data-column="title"]').click();
    const before = await titles(page);
    const winner = board.rows.find((row) => row.key === '13.1');
    assert.ok(winner);
    const done = { ...winner, status: 'succeeded' as const, rank: 1, objective: { mean: 3.1, std: 0.003, n: 3 } };
    const ranks = board.rows.flatMap((row) => (row.rank === undefined ? [] : [{ ...row, rank: row.rank + 1 }]));
    await deliver(page, { type: 'delta', gen: 1, seq: 1, at: NOW, rows: [done, ...ranks], removed: [], header });
    const pill = page.getByRole('button', { name: '1 new result: re-sort' });
    await pill.waitFor();
    assert.deepEqual(await titles(page), before);
    assert.equal(await focused(page), '2.1 title');
    assert.match(await textOf(rowOf(page, '13.1').locator('[data-column="value"]')), /3\.1000/, 'in place at once');
    await pill.click();
    await page.locator('.row[data-key="13.1"][aria-rowindex="3"]').waitFor();
    assert.equal(await rowOf(page, '2.1').getAttribute('aria-selected'), 'true');
    assert.ok(await page.getByRole('heading', { name: /Muon for hidden/ }).isVisible());
  });

  it('says why a number is not ranked, lets the keyboard confirm it, and ranks it then', async () => {
    const doubted = doubtedBoard();
    const page = await stage.show({ ...scene, board: doubted });
    const row = rowOf(page, '19.1');
    assert.equal(await textOf(row.locator('[data-column="rank"]')), '');
    assert.equal(await row.locator('.value.best').count(), 0);
    const why = /^Not confirmed, so not ranked: It ended at step 900.*one point/;
    assert.match((await row.locator('.doubt-mark').getAttribute('title')) ?? '', why);
    await page.locator('.grid [tabindex="0"]').first().focus();
    const steps = await page.locator('.grid-body .row').count();
    for (let step = 0; step < steps && !(await focused(page)).startsWith('19.1 '); step++) {
      await page.keyboard.press('ArrowDown');
    }
    assert.match(await focused(page), /^19\.1 /);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'tab');
    const region = page.getByRole('region', { name: 'Detail of #19' });
    assert.match(await textOf(region.locator('.doubt')), /Not confirmed, so not ranked:\s+It ended at step 900/);
    const confirm = page.getByRole('button', { name: 'Confirm Result' });
    const there = () => confirm.evaluate((element) => element === document.activeElement);
    for (let step = 0; step < 8 && !(await there()); step++) await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => window.fake.sent.some((message) => message.type === 'command'));
    const asked = (await sent(page)).filter((message) => message.type === 'command');
    assert.deepEqual(asked, [
      { type: 'command', command: 'confirmResult', idea: 19, candidate: '19.1', run: 'r-19-1-1' },
    ]);
    const rows = confirmedBoard(doubted, '19.1').rows;
    await deliver(page, { type: 'delta', gen: 1, seq: 1, at: NOW, rows, removed: [], header });
    await page.locator('.row[data-key="19.1"][aria-rowindex="3"]').waitFor();
    assert.equal(await textOf(row.locator('[data-column="rank"]')), '1');
    assert.ok(await row.locator('.value.best .codicon-star-full').isVisible());
    assert.match(await textOf(region.locator('.doubt')), /Confirmed by a person:/);
    assert.equal(await confirm.count(), 0);
  });

  it('offers no confirmation of a changed seed, and marks what a person wrote', async () => {
    const page = await stage.show({ ...scene, board: doubtedBoard() });
    await rowOf(page, '20.1').locator('[data-column="title"]').click();
    await page.getByText('Not ranked, and nobody can confirm it:').first().waitFor();
    assert.equal(await page.getByRole('button', { name: 'Confirm Result' }).count(), 0);
    assert.equal(await page.locator('.hand-mark').count(), 1);
    await rowOf(page, '22.2').locator('.hand-mark').click();
    assert.match(await textOf(page.locator('.detail-facts')), /by hand/);
    await page.keyboard.press('/');
    await page.keyboard.type('is:by-hand');
    await page.waitForFunction(() => document.querySelectorAll('.grid-body .row').length === 1);
  });

  it('asks for the whole board when a delta is missing', async () => {
    const page = await stage.show(scene);
    await deliver(page, { type: 'delta', gen: 1, seq: 5, at: NOW, rows: [], removed: ['2.1'], header });
    await page.waitForFunction(() => window.fake.sent.some((message) => message.type === 'resync'));
    assert.equal(await rowOf(page, '2.1').count(), 1);
  });

  it('filters as it is typed, says what it cannot read, and groups', async () => {
    const page = await stage.show(scene);
    await page.keyboard.press('/');
    await page.keyboard.type('is:improved round:1');
    await page.waitForFunction(() => document.querySelectorAll('.grid-body .row').length === 3);
    await page.keyboard.type(' delta<x');
    assert.ok(await page.getByText('delta< needs a number').isVisible());
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Group rows' }).click();
    await page.getByRole('option', { name: 'By round' }).click();
    await page.waitForSelector('.row.group');
    const labels = await page.locator('.group-label').allInnerTexts();
    assert.deepEqual(labels, ['Round 2', 'Round 1', 'Round 0']);
  });

  it('draws the curves of all seeds, lets the arrows read them, and follows a run that grows', async () => {
    const page = await stage.show(scene);
    await open(page, '13.1', 'Curve');
    await page.waitForSelector('.plot canvas');
    assert.equal(await page.locator('.legend li').count(), 2);
    const inked = () =>
      page.locator('.plot canvas').evaluate((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const data = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
        const colors = new Set<string>();
        for (let at = 0; at < data.length; at += 4) {
          if ((data[at + 3] ?? 0) > 200) colors.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
        }
        return colors.size;
      });
    assert.ok((await inked()) > 10);
    await page.locator('.plot').focus();
    await page.keyboard.press('End');
    await page.waitForFunction(() =>
      /Step 2,290: seed 1 3\.\d+/.test(document.querySelector('figcaption')?.textContent ?? ''),
    );
    const more = Array.from({ length: 20 }, () => 3.2);
    await page.evaluate(([run, points]) => window.fake.grow(run, [], { val_loss: points }), [running, more] as const);
    await page.keyboard.press('Tab');
    await page.getByText('at 2,490').waitFor();
    await page.getByRole('button', { name: 'Logarithmic scale' }).click();
    await page.waitForSelector('.plot canvas');
    assert.deepEqual(await page.evaluate(() => window.fake.violations), []);
  });

  it('shows the end of a log, follows it, searches it and stays where the search went', async () => {
    const page = await stage.show(scene);
    await open(page, '13.1', 'Log');
    await page.getByText('Tried to allocate 3.07 GiB').waitFor();
    assert.ok((await page.locator('.log-line').count()) < 60);
    assert.match(await textOf(page.locator('.log-foot')), /1,208 lines[\s\S]*live/);
    await page.evaluate((run) => window.fake.grow(run, ['one more line']), running);
    await page.getByText('one more line').waitFor();
    await page.locator('.log-search').click();
    await page.keyboard.type('GRAPH BREAKS');
    await page.getByText('1 of 1', { exact: true }).waitFor();
    await page.locator('.log-line.current mark', { hasText: 'graph breaks' }).waitFor();
    await page.evaluate((run) => window.fake.grow(run, ['and another']), running);
    assert.ok(await page.locator('.log-line.current').isVisible());
    await page.locator('.log-search').click();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('val_loss');
    await page.getByText('1 of 24', { exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.getByText('3 of 24', { exact: true }).waitFor();
    await page.locator('.log-line.current', { hasText: 'step:1000/' }).waitFor();
    await page.keyboard.press('Shift+Enter');
    await page.getByText('2 of 24', { exact: true }).waitFor();
  });

  it('shows hostile text as text, in titles and in logs', async () => {
    const hostile = [
      makeRow('90.1', { title: HOSTILE_TITLE, hypothesis: HOSTILE_TITLE, reason: HOSTILE_TITLE, status: 'failed' }),
      makeRow('91.1', { title: 'x'.repeat(10_000), status: 'ready' }),
      makeRow('92.1', { title: '\u05d0\u05d1\u05d2 \u202e rtl', status: 'ready' }),
    ];
    const page = await stage.show({ ...scene, board: { ...board, rows: [...board.rows, ...hostile] } });
    await rowOf(page, '90.1').locator('[data-column="title"]').click();
    assert.match(await textOf(page.locator('.detail h2')), /<img src=x onerror=/);
    assert.equal(await page.locator('.app img').count(), 0);
    await rowOf(page, '91.1').locator('[data-column="title"]').click();
    assert.ok(((await page.locator('.detail-header').boundingBox())?.height ?? 999) < 400);
    await open(page, '5.1', 'Log');
    await page.getByText('<img src=x onerror=').first().waitFor();
    assert.equal(await page.locator('.app img').count(), 0);
    assert.equal(await page.title(), 'Leaderboard');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    assert.equal(wide, false);
  });

  it('sends the commands of the buttons, and selects parents', async () => {
    const page = await stage.show(scene);
    await rowOf(page, '8.1').locator('[data-column="title"]').click();
    await page.getByRole('button', { name: 'Apply to My Branch' }).click();
    await page.locator('.parents .link').click();
    await page.getByRole('heading', { name: /Muon for hidden/ }).waitFor();
    await rowOf(page, '13.1').locator('[data-column="title"]').click();
    await page.getByRole('button', { name: 'Cancel 3 Runs' }).click();
    await page.getByRole('button', { name: 'Next Round' }).click();
    const commands = (await sent(page)).filter((message) => message.type === 'command');
    assert.deepEqual(
      commands.map(
        (message) => message.type === 'command' && `${message.command} ${message.candidate ?? ''} ${message.run ?? ''}`,
      ),
      [
        'applyToBranch 8.1 ',
        'cancelRun 13.1 r-13-1-1',
        'cancelRun 13.1 r-13-1-2',
        'cancelRun 13.1 r-13-1-3',
        'nextRound  ',
      ],
    );
    const watched = (await sent(page)).filter((message) => message.type === 'watch').at(-1);
    assert.deepEqual(watched?.type === 'watch' && watched.runs, ['r-13-1-1', 'r-13-1-2', 'r-13-1-3']);
  });

  it('keeps its selection, filter and columns over a reload', async () => {
    const page = await stage.show(scene);
    await rowOf(page, '2.1').locator('[data-column="title"]').click();
    await page.getByRole('tab', { name: 'Runs' }).click();
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('checkbox', { name: 'Lane' }).uncheck();
    const state = await page.evaluate(() => window.fake.state);
    const again = await stage.show({ ...scene, state });
    await again.getByRole('heading', { name: /Muon for hidden/ }).waitFor();
    assert.ok(await again.locator('.runs table').isVisible());
    assert.equal(await again.locator('[role=columnheader][data-column="lane"]').count(), 0);
  });

  it('copies the table as Markdown and CSV', async () => {
    const page = await stage.show(scene);
    await page.getByRole('button', { name: 'Copy as Markdown' }).click();
    await page.getByText('Copied 18 rows as Markdown').waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(text, /\| 1 \| #8 \| Muon with momentum warm-up/);
  });

  it('draws the lineage, and its nodes are reached by arrows', async () => {
    const page = await stage.show(scene);
    await page.getByRole('button', { name: 'Lineage (L)' }).click();
    assert.equal(await page.locator('.node').count(), 17);
    assert.equal(await page.locator('.node.on-path').count(), 2);
    await page.locator('.node.best').focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: /Detail of/ }).waitFor();
    await page.keyboard.press('l');
    await page.getByRole('grid').waitFor();
  });

  it('holds ten thousand rows with a few in the DOM, and keeps the focus when it is scrolled away', async () => {
    const page = await stage.show({ ...scene, board: largeBoard(10_000) });
    assert.ok((await page.locator('.grid-body .row').count()) < 60);
    assert.equal(await page.getByRole('grid').getAttribute('aria-rowcount'), '10002');
    await page.locator('.grid-body .row [data-column="title"]').first().click();
    const key = await focused(page);
    await page.locator('.grid-scroll').evaluate((element) => {
      element.scrollTop = element.scrollHeight;
    });
    await page.waitForFunction(() => document.querySelectorAll('.row[aria-rowindex="10002"]').length === 1);
    assert.equal(await focused(page), key);
    await page.keyboard.press('ArrowDown');
    assert.ok(
      (await page.locator('.grid-scroll').evaluate((element) => element.scrollTop)) < 200,
      'and walks on from there',
    );
  });

  it('says what is going on when nothing comes, nothing is there, or it is old', async () => {
    const silent = await stage.show({ at: NOW });
    assert.ok(await silent.locator('.skeleton').isVisible());
    await silent.getByRole('heading', { name: 'The leaderboard has not arrived' }).waitFor();
    await silent.getByRole('button', { name: 'Try Again' }).click();
    assert.equal((await sent(silent)).filter((message) => message.type === 'ready').length, 2);
    const empty = await stage.show({
      board: null,
      at: NOW,
      notice: { kind: 'no-environment', message: 'There is no research.yaml.', action: 'setUp' },
    });
    await empty.getByRole('button', { name: 'Set Up This Repository' }).click();
    assert.deepEqual((await sent(empty)).at(-1), { type: 'command', command: 'setUp' });
    const stale = await stage.show({
      ...scene,
      notice: { kind: 'stale', message: 'lambda-1 has not answered since 11:48.' },
    });
    assert.match(await textOf(stale.locator('.banner')), /has not answered since 11:48\. Shown as of 12:00:00\./);
    const refused = await stage.show({ ...scene, refuse: ['log'] });
    await open(refused, '13.1', 'Log');
    await refused.getByText('The log file is gone.').waitFor();
  });
});
