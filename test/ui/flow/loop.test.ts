import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import * as path from 'node:path';
import { oneByOne } from '../../support/one-by-one.ts';
import { whyNoBox } from '../../support/sshd/box.ts';
import { BOX, Desk } from './stage.ts';
import { fingerprint, makeMess, tidyUp } from './theirs.ts';

describe('the whole loop, as a person goes through it', () => {
  oneByOne();
  let desk: Desk;
  let theirs: ReturnType<typeof fingerprint>;

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`      skipped: ${why}`);
      this.skip();
    }
    desk = await Desk.open();
  });

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await desk?.code.screenshot('failure');
  });

  after(async () => {
    await desk?.close();
  });

  it('shows its views beside the repository', async () => {
    const { code } = desk;
    await code.openView('Research Copilot');
    await desk.tree('Boxes', BOX).waitFor();
    await desk.widenSideBar(90);
    await code.screenshot('start-dark');
  });

  it('generates ideas, one by one', async () => {
    const { code, model } = desk;
    model.stand({ kind: 'slow', delayMs: 20 });
    await code.page.locator('.pane .welcome-view .monaco-button', { hasText: 'Generate Ideas' }).click();
    await desk.answer('Send');
    await desk.tree('Ideas', /Round 0/).waitFor();
    await code.page.waitForFunction(() => {
      const rows = [...document.querySelectorAll('.part.sidebar .monaco-list-row')];
      const count = rows.filter((row) => /^#\d+ /.test(row.textContent ?? '')).length;
      return count >= 1 && count < 6;
    });
    await desk.tree('Ideas', '#6 ').waitFor();
    model.stand();
    await code.screenshot('ideas-dark');
  });

  it('opens the whole patch of an idea for review', async () => {
    const { place } = desk;
    makeMess(place);
    theirs = fingerprint(place);
    await desk.press(desk.tree('Ideas', '#1 '), 'Review Idea');
    await desk.tree('Ideas', 'train.py').waitFor();
    await desk.changed('train.py').locator('.codelens-decoration', { hasText: 'Accept' }).waitFor();
    await desk.changed('model.py').locator('.codelens-decoration', { hasText: 'Accept' }).waitFor();
    await desk.pictures('review', { docs: ['dark'], clip: { x: 0, y: 36, width: 1440, height: 590 } });
  });

  it('takes one hunk, leaves the other, approves, and touches nothing of theirs', async () => {
    const { code, place } = desk;
    await desk.changed('train.py').locator('.codelens-decoration a', { hasText: 'Accept' }).click();
    await desk.tree('Ideas', /train\.py.*decided/).waitFor();
    // VS Code's own arrow, in the diff of the one file.
    await desk.tree('Ideas', 'model.py').click();
    await code.page.locator('.tab.active', { hasText: 'model.py (#1.1)' }).waitFor();
    const arrow = code.page.locator('.editor-instance:not(:has(.multiDiffEntry)) a[aria-label="Revert Block"]:visible');
    await arrow.waitFor();
    await code.screenshot('review-file-dark');
    await arrow.click();
    await desk.tree('Ideas', /model\.py.*decided/).waitFor();
    await desk.press(desk.tree('Ideas', '#1 '), 'Approve');
    await desk.tree('Ideas', /^#1 .*approved/).waitFor();
    const patch = place.git('diff', 'main', 'refs/research/approved/1.1');
    assert.match(patch, /^\+.*"--learning_rate".*default=1\.5/m);
    assert.doesNotMatch(patch, /model\.py/);
    assert.deepEqual(fingerprint(place), theirs);
    await code.page.locator('.tab', { hasText: '#1.1' }).waitFor({ state: 'detached' });
  });

  it('is steered from the tree by keys: Enter opens, F2 edits, Delete rejects with a reason', async () => {
    const { code } = desk;
    const { keyboard } = code.page;
    const input = code.page.locator('.quick-input-widget input.input');
    await code.runCommand('Research Copilot: Implement Idea');
    await desk.pick('Implement Idea', '#6 ');
    await desk.tree('Ideas', /^#6 .*ready/).waitFor();
    const toLast = async () => {
      await desk.moveAway();
      await desk.tree('Ideas', '#5 ').click();
      await desk.moveAway();
      await keyboard.press('ArrowDown');
      await code.page.locator('.part.sidebar .monaco-list-row.focused', { hasText: '#6 ' }).waitFor();
    };
    await toLast();
    await keyboard.press('F2');
    await code.page.locator('.quick-input-title', { hasText: 'Edit Idea #6' }).waitFor();
    await keyboard.press('Escape');
    await toLast();
    await keyboard.press('Enter');
    await code.page.locator('.tab.active', { hasText: '#6.1' }).waitFor();
    await desk.changed('train.py').first().waitFor();
    await toLast();
    await keyboard.press('Delete');
    await code.page.locator('.quick-input-title', { hasText: 'Reject Idea #6' }).waitFor();
    await input.fill('Too slow');
    await keyboard.press('Enter');
    await desk.tree('Ideas', /^#6 .*rejected by you: Too slow/).waitFor();
    await code.page.locator('.tab', { hasText: '#6.1' }).waitFor({ state: 'detached' });
  });

  it('approves two more whole, after asking', async () => {
    for (const idea of ['#3', '#4']) await desk.approveWhole(idea);
    await desk.pictures('ideas', {
      over: desk.tree('Ideas', '#4 '),
      docs: ['dark'],
      clip: { x: 0, y: 36, width: 800, height: 420 },
    });
  });

  it('asks once more where a person’s own edit brings a warning, and shows it on its line', async () => {
    const { code, place } = desk;
    await desk.press(desk.tree('Ideas', '#2 '), 'Review Idea');
    await desk.changed('train.py').first().waitFor();
    const folder = path.join(place.repo, '.research/review/2-1');
    appendFileSync(path.join(folder, 'train.py'), '\nimport socket  # noqa: E402\nsocket.gethostname()\n');
    execFileSync('git', ['-C', folder, 'add', '-A']);
    await desk.tree('Ideas', /train\.py.*decided/).waitFor();
    await desk.press(desk.tree('Ideas', '#2 '), 'Approve');
    await desk.answer('Show Problems');
    await code.page.locator('.panel .markers-panel .monaco-list-row', { hasText: 'socket' }).first().waitFor();
    await code.screenshot('review-warning-dark');
    await desk.press(desk.tree('Ideas', '#2 '), 'Approve');
    await desk.answer('Approve Anyway');
    await desk.tree('Ideas', /^#2 .*approved/).waitFor();
    await code.runCommand('View: Toggle Panel Visibility');
  });

  it('says of an idea that what was accepted of another is all it does', async () => {
    await desk.code.runCommand('Research Copilot: Implement Idea');
    await desk.pick('Implement Idea', '#5 ');
    await desk.tree('Ideas', /^#5 .*duplicate/).waitFor();
  });

  it('runs the baseline on the ssh box', async () => {
    const { code } = desk;
    await code.page.locator('.pane .welcome-view .monaco-button', { hasText: 'Run Baseline' }).click();
    await desk.pick('Run Baseline', BOX);
    await desk.answer('Run These Commands');
    const board = code.webview();
    await board.locator('.row.baseline [data-column="value"]', { hasText: '(3)' }).waitFor();
  });

  it('runs the approved commit on the box: log, curve and value arrive as they come', async () => {
    const { code, pace } = desk;
    pace.holdAt(8);
    await desk.runOn(BOX, '#1.1');
    const board = code.webview();
    const row = board.locator('.row[data-key="1.1"]');
    await row.locator('[data-column="status"]', { hasText: 'Running' }).waitFor();
    await row.locator('[data-column="title"]').click();
    const log = board.locator('.log-lines');
    await board.getByRole('tab', { name: 'Log' }).click();
    await log.locator('.log-line', { hasText: 'iter 300:' }).waitFor();
    assert.equal(await log.locator('.log-line', { hasText: 'iter 350:' }).count(), 0);
    pace.holdAt(12);
    await log.locator('.log-line', { hasText: 'step 400:' }).waitFor();
    await board.getByRole('tab', { name: 'Curve' }).click();
    await board.locator('.legend-step', { hasText: 'at 400' }).waitFor();
    pace.holdAt(17);
    await board.locator('.legend-step', { hasText: 'at 600' }).waitFor();
    await desk.pictures('running', { docs: ['dark'], as: 'run' });
    await board.getByRole('tab', { name: 'Log' }).click();
    await log.locator('.log-line', { hasText: 'step 600:' }).waitFor();
    await desk.pictures('run');
    pace.letGo();
    await row.locator('[data-column="status"]', { hasText: 'Succeeded' }).waitFor();
    assert.match(await row.locator('[data-column="value"]').innerText(), /2\.\d{4}/);
    assert.match(await row.locator('[data-column="delta"]').innerText(), /−0\.\d{4} \(−\d+\.\dσ\)/);
    await row.locator('.delta.improved').waitFor();
    await desk.tree('Ideas', /^#1 .*Δ −0\.\d+/).waitFor();
  });

  it('finds its runs again after VS Code was closed, with their whole logs and no line twice', async () => {
    const { code, pace } = desk;
    pace.holdAt(10);
    for (const candidate of ['#2.1', '#3.1', '#4.1']) await desk.runOn(BOX, candidate);
    for (const key of ['2.1', '3.1']) {
      await code.webview().locator(`.row[data-key="${key}"] .so-far`).waitFor();
    }
    await code.restart();
    await code.openView('Research Copilot');
    await desk.tree('Runs', /#2\.1.*val_loss \d/).waitFor();
    await desk.tree('Runs', /#3\.1.*val_loss \d/).waitFor();
    pace.letGo();
    await desk.tree('Runs', /#2\.1.*2\.\d+ on/).waitFor();
    await desk.tree('Runs', /#3\.1.*2\.\d+ on/).waitFor();
    await desk.tree('Runs', /#4\.1.*2\.\d+ on/).waitFor();
    const runs = desk.runs();
    assert.equal(runs.length, 7);
    for (const run of runs) {
      const { box, here, lines } = desk.logsOf(run);
      assert.equal(here, box, 'the log here is the log on the box');
      assert.equal(new Set(lines).size, lines.length, 'no line twice');
    }
    await code.runCommand('Research Copilot: Open Leaderboard');
    await code.webview().locator('.row[data-key="2.1"] [data-column="status"]', { hasText: 'Succeeded' }).waitFor();
  });

  it('proposes a next round whose ideas name parents that were better than the baseline', async () => {
    const { code } = desk;
    const board = code.webview();
    await board.getByRole('button', { name: 'Next Round' }).click();
    await desk.tree('Ideas', /Round 1.*6 ideas/).waitFor();
    for (const idea of ['#7', '#10', '#11', '#12']) await desk.approveWhole(idea);
    for (const idea of ['#7', '#10', '#11', '#12']) await desk.runOn(BOX, `${idea}.1`);
    for (const key of ['10.1', '11.1', '12.1']) {
      const row = board.locator(`.row[data-key="${key}"]`);
      await row.locator('[data-column="status"]', { hasText: 'Succeeded' }).waitFor();
      const parents = (await row.locator('[data-column="parents"]').innerText()).match(/#\d+/g) ?? [];
      assert.ok(parents.length > 0, `${key} names its parents`);
      for (const parent of parents) {
        await board.locator(`.row[data-key="${parent.slice(1)}.1"] .delta.improved`).waitFor({ state: 'attached' });
      }
    }
    await board.locator('.row[data-key="7.1"] [data-column="status"]', { hasText: 'Succeeded' }).waitFor();
    await board.getByRole('button', { name: 'Close the detail' }).click();
    await desk.pictures('leaderboard');
    await desk.otherLooks('leaderboard');
    await code.runCommand('View: Toggle Primary Side Bar Visibility');
    await board.locator('.row:has(.value.best) [data-column="title"]').first().click();
    await board.getByRole('tab', { name: 'Curve' }).click();
    await board.locator('.plot canvas').waitFor();
    await code.page.setViewportSize({ width: 1440, height: 820 });
    await desk.widenTable(98);
    const clip = { x: 48, y: 36, width: 1392, height: 753 };
    await desk.pictures('best', { docs: ['dark', 'light'], as: 'leaderboard', clip });
    await board.getByRole('button', { name: 'Close the detail' }).click();
    await code.page.setViewportSize({ width: 1440, height: 900 });
    await code.runCommand('View: Toggle Primary Side Bar Visibility');
  });

  it('draws the lineage of both rounds', async () => {
    const board = desk.code.webview();
    await board.getByRole('button', { name: 'Lineage (L)' }).click();
    await board.locator('.node[data-key="10.1"]').waitFor();
    assert.ok((await board.locator('.lineage-edge').count()) >= 3);
    assert.ok((await board.locator('.lineage-edge.winner').count()) >= 1);
    await desk.pictures('lineage');
    await board.getByRole('button', { name: 'Table (L)' }).click();
  });

  it('brings the best home as a branch, and merges it only into a clean tree', async () => {
    const { code, place } = desk;
    const board = code.webview();
    const best = board.locator('.row:has(.value.best)').first();
    const id = (await best.getAttribute('data-key')) ?? '';
    const approved = place.git('rev-parse', `refs/research/approved/${id}`).trim();
    await best.locator('[data-column="title"]').click();
    theirs = fingerprint(place);
    await board.getByRole('button', { name: 'Apply to My Branch' }).click();
    await desk.answer('Make a Branch and Merge It');
    await desk.said(/is on branch research\/.*It was not merged: .*changes/);
    assert.deepEqual(fingerprint(place), theirs);
    const branch = place.git('for-each-ref', '--points-at', approved, '--format=%(refname)', 'refs/heads').trim();
    assert.match(branch, /^refs\/heads\/research\/\d+-/);
    tidyUp(place);
    await board.getByRole('button', { name: 'Apply to My Branch' }).click();
    await desk.answer('Make a Branch and Merge It');
    await desk.said(/is merged/);
    assert.equal(place.git('rev-parse', 'HEAD^2').trim(), approved);
    assert.equal(place.git('rev-parse', '--abbrev-ref', 'HEAD').trim(), 'main');
    assert.equal(place.git('status', '--porcelain'), '');
    await board.locator('.banner', { hasText: 'The base is behind' }).waitFor();
  });
});
