import * as assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { CHROMIUM_FLAGS, findChromium } from '../../scripts/vscode/chromium.ts';

const root = process.cwd();
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+\/\S+/;

function startDemo(...flags: readonly string[]): ChildProcess {
  const args = ['--no-warnings', path.join(root, 'scripts/demo.ts'), ...flags];
  return spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The address the demo prints. */
function addressOf(demo: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    let complaint = '';
    demo.stdout?.on('data', (data: Buffer) => {
      said += data;
      const found = ADDRESS.exec(said);
      if (found) resolve(found[0]);
    });
    demo.stderr?.on('data', (data: Buffer) => {
      complaint += data;
    });
    demo.once('close', (code) => reject(new Error(`The demo ended with exit code ${code}:\n${complaint}`)));
  });
}

describe('npm run demo', () => {
  let demo: ChildProcess | undefined;
  let browser: Browser | undefined;

  afterEach(async () => {
    await browser?.close();
    demo?.kill('SIGINT');
  });

  it('opens the built extension on a fresh quickstart, behind a token, and leaves nothing behind', async () => {
    demo = startDemo('--no-open');
    const closed = new Promise<number | null>((resolve) => demo?.once('close', resolve));
    const address = await addressOf(demo);
    const url = new URL(address);
    const folder = url.searchParams.get('folder') ?? '';
    assert.ok(existsSync(path.join(folder, '.git')));

    url.searchParams.delete('tkn');
    assert.equal((await fetch(url, { redirect: 'manual' })).status, 403);

    const executablePath = findChromium();
    assert.ok(executablePath);
    browser = await chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS], headless: true });
    const page = await browser.newPage();
    await page.goto(address);
    await page.locator('.part.activitybar .action-label[aria-label^="Research Copilot"]').click();
    await page.locator('.part.sidebar .pane-header', { hasText: 'Ideas' }).waitFor();
    await browser.close();

    demo.kill('SIGINT');
    assert.equal(await closed, 0);
    assert.equal(existsSync(folder), false);
  });
});
