import * as assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { startVsCode, type VsCode } from '../support/vscode/index.ts';

/** An extension of twenty lines that shows what the harness must be able to do with ours. */
const PAGE_EXTENSION = `
const vscode = require('vscode');
exports.activate = (context) => {
  context.subscriptions.push(vscode.commands.registerCommand('probe.open', () => {
    const panel = vscode.window.createWebviewPanel('probe', 'Probe', 1, { enableScripts: true });
    panel.webview.onDidReceiveMessage((message) => panel.webview.postMessage('host heard ' + message));
    panel.webview.html = '<p id="said"></p><script>const api = acquireVsCodeApi();'
      + 'addEventListener("message", (event) => { document.getElementById("said").textContent = event.data; });'
      + 'api.postMessage("a word");</script>';
  }), vscode.commands.registerCommand('probe.env', () => vscode.window.showInformationMessage(
    process.env.PROBE + ' ' + vscode.workspace.getConfiguration('editor').get('tabSize'))));
};`;

async function probeExtension(folder: string): Promise<string> {
  await fs.mkdir(folder, { recursive: true });
  const manifest = {
    name: 'probe',
    publisher: 'test',
    version: '0.0.1',
    engines: { vscode: '^1.106.0' },
    main: './main.js',
    contributes: {
      commands: [
        { command: 'probe.open', title: 'Open Page', category: 'Probe' },
        { command: 'probe.env', title: 'Show Environment', category: 'Probe' },
      ],
    },
  };
  await fs.writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
  await fs.writeFile(path.join(folder, 'main.js'), PAGE_EXTENSION);
  return folder;
}

async function isPicture(file: string): Promise<boolean> {
  const bytes = await fs.readFile(file);
  return bytes.subarray(1, 4).toString() === 'PNG' && bytes.length > 10_000;
}

describe('a VS Code for flows', () => {
  let folder: string;
  let code: VsCode | undefined;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rc-workbench-'));
  });
  afterEach(async () => {
    await code?.close();
    code = undefined;
  });
  after(() => fs.rm(folder, { recursive: true, force: true }));

  it('opens our views, changes its theme, takes pictures, and comes back with what it had', async () => {
    await fs.writeFile(path.join(folder, 'train.py'), 'print("val_loss: 1.0")\n');
    code = await startVsCode({ folder });
    await code.openView('Research Copilot');
    assert.ok(await isPicture(await code.screenshot('workbench-dark')));
    await code.setTheme('light');
    assert.ok(await isPicture(await code.screenshot('workbench-light')));
    await code.setTheme('hc');

    await code.restart();
    await code.openView('Research Copilot');
    assert.match((await code.page.locator('.monaco-workbench').getAttribute('class')) ?? '', /hc-black/);
  });

  it('runs commands, reaches into webviews, and hands settings and environment to the extension', async () => {
    const extensionPath = await probeExtension(path.join(folder, 'probe'));
    code = await startVsCode({ extensionPath, env: { PROBE: 'planted' }, userSettings: { 'editor.tabSize': 3 } });
    await code.runCommand('Probe: Show Environment');
    await code.page.locator('.notifications-toasts', { hasText: 'planted 3' }).waitFor();
    await code.runCommand('Probe: Open Page');
    await code.webview().locator('#said', { hasText: 'host heard a word' }).waitFor();
  });
});
