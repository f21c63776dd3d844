import { oneByOne } from '../../support/one-by-one.ts';
import { whyNoBox } from '../../support/sshd/box.ts';
import { BOX, Desk } from './stage.ts';

describe('the Runs view, as a person uses it', () => {
  oneByOne();
  let desk: Desk;

  before(async function () {
    const why = whyNoBox() ?? (process.env.FULL === '1' ? undefined : 'it takes a minute of VS Code; FULL=1 runs it');
    if (why !== undefined) {
      console.log(`      skipped: ${why}`);
      this.skip();
    }
    desk = await Desk.open();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await desk?.code.screenshot('runs-failure');
  });

  after(async () => {
    await desk?.close();
  });

  const terminal = () => desk.code.page.locator('.terminal-wrapper.active .xterm-rows, .terminal-wrapper .xterm-rows');
  const runBaseline = async () => {
    await desk.code.runCommand('Research Copilot: Run Baseline');
    await desk.pick('Run Baseline', BOX);
  };

  it('shows what runs, what waits on the box and what waits in the queue', async () => {
    const { code, pace } = desk;
    await code.openView('Research Copilot');
    await desk.tree('Boxes', BOX).waitFor();
    // Only the Runs view matters here: it gets the room.
    for (const view of ['Ideas', 'Boxes']) {
      await code.page.locator('.part.sidebar .pane-header', { hasText: view }).click();
    }
    await desk.widenSideBar(120);
    pace.holdAt(8);
    await runBaseline();
    await desk.answer('Run These Commands');
    await desk.tree('Runs', /Baseline.*val_loss \d/).waitFor();
    await runBaseline();
    await desk.tree('Runs', /Queue/).waitFor();
    await desk.tree('Runs', /2nd on lab-1/).waitFor();
    await code.runCommand('View: Close All Editors');
    await code.runCommand('Notifications: Clear All Notifications');
    for (const theme of ['light', 'hc', 'dark'] as const) {
      await code.setTheme(theme);
      await code.screenshot(`runs-${theme}`);
    }
    await code.page.setViewportSize({ width: 700, height: 900 });
    await code.screenshot('runs-narrow');
    await code.page.setViewportSize({ width: 1440, height: 900 });
  });

  it('follows a log in a terminal', async () => {
    const { code, pace } = desk;
    await desk.press(desk.tree('Runs', /Baseline.*val_loss \d/), 'Open Log');
    await terminal().filter({ hasText: 'step 0' }).first().waitFor();
    pace.holdAt(12);
    await terminal().filter({ hasText: 'step 400' }).first().waitFor();
    await code.screenshot('runs-log');
  });

  it('moves runs in the queue, pauses it, and cancels several at once', async () => {
    const { code } = desk;
    const queued = desk.tree('Runs', /Baseline.*2nd · /);
    const seed = /seed \d/.exec((await queued.innerText()).replaceAll('\u00a0', ' '))?.[0] ?? '';
    await desk.press(queued, 'Move to Front of Queue');
    await desk.tree('Runs', new RegExp(`${seed}.*1st · `)).waitFor();
    await desk.press(desk.tree('Runs', /Queue/), 'Pause Queue');
    await desk.tree('Runs', /Queue.*paused/).waitFor();
    await desk.tree('Runs', /Baseline.*1st · /).click();
    await desk.tree('Runs', /Baseline.*2nd · /).click({ modifiers: ['Shift'] });
    await code.screenshot('runs-paused');
    await code.runCommand('Research Copilot: Drain Box');
    await desk.pick('Drain Box', BOX);
    await desk.tree('Runs', /Queue.*paused · 4 runs/).waitFor();
    await code.screenshot('runs-drained');
    await desk.tree('Runs', /Baseline.*3rd · /).click();
    await desk.tree('Runs', /Baseline.*4th · /).click({ modifiers: ['Shift'] });
    await desk.press(desk.tree('Runs', /Baseline.*4th · /), 'Cancel Run');
    await desk.answer('Cancel Them');
    await desk.tree('Runs', /Queue.*paused · 2 runs/).waitFor();
  });

  it('goes on when the box and the queue are resumed, and tells in the log how it ended', async () => {
    const { code, pace } = desk;
    await code.runCommand('Research Copilot: Resume Box');
    await desk.pick('Resume Box', BOX);
    await code.runCommand('Research Copilot: Resume Queue');
    pace.letGo();
    await terminal().filter({ hasText: 'Press any key to close' }).first().waitFor();
    await code.screenshot('runs-ended');
    await desk.tree('Runs', /Ended/).waitFor();
    await desk.tree('Runs', /Queue/).waitFor({ state: 'detached' });
  });
});
