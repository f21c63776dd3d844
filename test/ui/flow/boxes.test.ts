import { strict as assert } from 'node:assert';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Locator } from 'playwright-core';
import { oneByOne } from '../../support/one-by-one.ts';
import { makePlace, type Place } from '../../support/research.ts';
import { publicKey, startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { startVsCode, type VsCode } from '../../support/vscode/index.ts';

const GPUS = ['GPU-one', 'GPU-two', 'GPU-three'];

/** The Boxes view with real boxes in several states, looked at in every theme. */
describe('the Boxes view, as a person sees it', () => {
  oneByOne();
  let box: TestBox;
  let place: Place;
  let code: VsCode;
  let holder: ChildProcess | undefined;

  before(async function () {
    const why =
      whyNoBox() ?? (process.env.FULL === '1' ? undefined : 'pictures of the Boxes view are taken with FULL=1');
    if (why !== undefined) {
      console.log(`      skipped: ${why}`);
      this.skip();
    }
    box = await startBox({ name: 'lambda-1', gpus: GPUS.map((uuid) => ({ uuid })) });
    const loads = ['4, 0', '30004, 97', '61000, 88'];
    const lines = GPUS.map((uuid, index) => `${index}, ${uuid}, NVIDIA H100 80GB HBM3, 81559, ${loads[index]}\n`);
    writeFileSync(path.join(box.home, 'gpus'), lines.join(''));
    writeFileSync(path.join(box.home, 'gpu-apps'), `GPU-two, ${process.pid}, 30000\n`);
    mkdirSync(path.join(box.home, 'locks/gpu-GPU-three'), { recursive: true, mode: 0o755 });
    execFileSync('chmod', ['1777', path.join(box.home, 'locks')]);
    holder = spawn('flock', [path.join(box.home, 'locks/gpu-GPU-three'), 'sleep', '600'], { stdio: 'ignore' });
    const strange = path.join(box.configFolder, 'strange_hosts');
    writeFileSync(strange, `[127.0.0.1]:${box.port} ${publicKey(box.clientKeyFile)}\n`);
    // An alias with a key on file that is another one, and one where nothing listens.
    const config = box.clientConfig(
      (usual) =>
        `Host away\n  HostName 127.0.0.1\n  Port 1\n\nHost moved\n  UserKnownHostsFile ${strange}\n  HostName 127.0.0.1\n` +
        `  Port ${box.port}\n  User ${box.user}\n  IdentityFile ${box.clientKeyFile}\n  GlobalKnownHostsFile none\n\n${usual}`,
    );
    place = makePlace(undefined, { RESEARCH_COPILOT_SSH_CONFIG: config });
    place.boxes(
      [
        'boxes:',
        '  - { name: lambda-1, kind: ssh, host: lambda-1, gpus: all }',
        '  - { name: away, kind: ssh, host: away }',
        '  - { name: moved, kind: ssh, host: moved }',
        '  - { name: here, kind: local, slots: 2 }',
        '  - { name: cluster, kind: slurm, host: lambda-1 }',
        '',
      ].join('\n'),
    );
    code = await startVsCode({
      folder: place.repo,
      env: {
        XDG_CONFIG_HOME: place.env.XDG_CONFIG_HOME,
        XDG_STATE_HOME: place.env.XDG_STATE_HOME,
        XDG_DATA_HOME: place.env.XDG_DATA_HOME,
        RESEARCH_COPILOT_SSH_CONFIG: config,
      },
    });
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await code?.screenshot('boxes-failure');
  });

  after(async () => {
    holder?.kill();
    await code?.close();
    await box?.stop();
    place?.dispose();
  });

  const pane = (view: string): Locator =>
    code.page.locator('.part.sidebar .pane', { has: code.page.locator('.pane-header', { hasText: view }) });
  const row = (text: string | RegExp): Locator => pane('Boxes').locator('.monaco-list-row', { hasText: text }).first();
  const press = async (on: Locator, button: string) => {
    await on.hover();
    await on.locator(`.action-label[aria-label^="${button}"]`).click();
  };

  it('lists the boxes before anything was asked', async () => {
    await code.openView('Research Copilot');
    await row('cluster').waitFor();
    for (const view of ['Ideas', 'Runs']) await pane(view).locator('.pane-header').click();
    assert.match((await row('lambda-1').textContent()) ?? '', /not checked yet/);
    await code.screenshot('boxes-unchecked');
  });

  it('shows each answer, each state and each problem', async () => {
    await code.runCommand('Research Copilot: Check Boxes');
    await row(/^away.*unreachable/).waitFor();
    await row(/^moved.*needs attention/).waitFor();
    await row(/^lambda-1.*3 × H100/).waitFor();
    await row(/^here.*free/).waitFor();
    await code.page.locator('.notification-list-item', { hasText: /boxes need attention/ }).waitFor();
    await code.screenshot('boxes-checked');
    await code.runCommand('Notifications: Clear All Notifications');
    for (const name of ['moved', 'away', 'lambda-1']) await row(name).locator('.monaco-tl-twistie').click();
    await row(/GPU 0.*free/).waitFor();
    await row(/GPU 1.*29 of 80 GiB/).waitFor();
    await row(/GPU 2.*a run of/).waitFor();
    for (const theme of ['dark', 'light', 'hc'] as const) {
      await code.setTheme(theme);
      await code.page.mouse.move(720, 890);
      await code.screenshot(`boxes-${theme}`);
    }
    await code.setTheme('dark');
    await row('lambda-1').hover();
    await code.page.locator('.monaco-hover:visible').waitFor();
    await code.screenshot('boxes-tooltip');
    await code.page.mouse.move(720, 890);
    await code.page.locator('.monaco-hover:visible').waitFor({ state: 'detached' });
    await code.page.setViewportSize({ width: 600, height: 900 });
    const edge = await code.page.locator('.part.sidebar').boundingBox();
    assert.ok(edge);
    await code.page.mouse.move(edge.x + edge.width + 1, 600);
    await code.page.mouse.down();
    await code.page.mouse.move(edge.x + 200, 600, { steps: 5 });
    await code.page.mouse.up();
    await code.screenshot('boxes-narrow');
    await code.page.setViewportSize({ width: 1440, height: 900 });
    await row('lambda-1').click({ button: 'right' });
    await code.page.locator('.monaco-menu').waitFor();
    await code.screenshot('boxes-menu');
    await code.page.keyboard.press('Escape');
  });

  it('follows what the GPUs do while somebody looks', async () => {
    writeFileSync(path.join(box.home, 'gpu-apps'), '');
    await row(/GPU 1.*free/).waitFor();
    writeFileSync(path.join(box.home, 'gpu-apps'), `GPU-two, ${process.pid}, 30000\n`);
  });

  it('copies a fix, opens a terminal on the box and the file at its line', async () => {
    await press(row(/Runs are in no sandbox/), 'Copy Fix');
    await code.page.locator('.statusbar', { hasText: 'Fix copied' }).waitFor();
    assert.match(await code.page.evaluate(() => navigator.clipboard.readText()), /sandbox|bubblewrap/i);
    await press(row(/^lambda-1/), 'Open Terminal on Box');
    await code.page.locator('.terminal-tabs-entry, .single-terminal-tab', { hasText: 'lambda-1' }).first().waitFor();
    await code.page.locator('.terminal.xterm').first().waitFor();
    await row(/^here/).click({ button: 'right' });
    // A menu that has just opened takes no click, because it may be the end of the one that opened it.
    await code.page.locator('.monaco-menu .action-item', { hasText: 'Edit boxes.yaml' }).hover();
    await code.page.keyboard.press('Enter');
    await code.page.locator('.tab.active', { hasText: 'boxes.yaml' }).waitFor();
    await code.page.locator('.statusbar', { hasText: 'Ln 5' }).waitFor();
    await code.screenshot('boxes-edit');
  });
});
