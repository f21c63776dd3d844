#!/usr/bin/env node
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { format } from 'node:util';
import { chromium } from 'playwright-core';
import { CHROMIUM_FLAGS, findChromium } from './chromium.ts';
import { startServer } from './server.ts';

/**
 * Stands in for the desktop's `code` in front of @vscode/test-electron: takes the same flags, runs the same suite in the
 * VS Code server with a headless Chromium for a window, prints what the extension host prints, ends with its exit code.
 * VSCODE_TEST_ENGINE=oldest takes the oldest VS Code.
 */
const LIMIT_MS = 10 * 60_000;
/** What VS Code says about itself, and where its native parts or the internet are missing. */
const NOISE: readonly RegExp[] = [
  /open-vsx\.org|ENOTFOUND|service worker|github-authentication|authentication provider 'github'/i,
  /code-server\/lib\/vscode\/node_modules\/|Could not locate the bindings file/,
  /^(Canceled|Resolv(ing|ed) connection|Creating a socket|Updating additional builtin|\[(reconnection|AgentHost|AccountPolicy))/,
];

function flag(name: string): string[] {
  const start = `--${name}=`;
  return process.argv.filter((arg) => arg.startsWith(start)).map((arg) => arg.slice(start.length));
}

const folder = process.argv.slice(2).find((arg) => !arg.startsWith('-'));
const scratch = await fs.mkdtemp(path.join(os.tmpdir(), 'research-copilot-window-'));
const executablePath = findChromium();
if (!executablePath) throw new Error('No Chromium on this machine: npm run provision');

const server = await startServer({
  engine: process.env.VSCODE_TEST_ENGINE === 'oldest' ? 'oldest' : 'current',
  userData: flag('user-data-dir')[0] ?? path.join(scratch, 'user-data'),
  extensions: flag('extensions-dir')[0] ?? path.join(scratch, 'extensions'),
  workspaceTrust: process.env.VSCODE_TEST_TRUST === 'ask',
  smokeTest: true,
  env: { VSCODE_TEST_EXECUTABLE: undefined },
});
const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS], headless: true });

async function leave(code: number): Promise<never> {
  await browser.close();
  await server.stop();
  await fs.rm(scratch, { recursive: true, force: true });
  process.exit(code);
}

process.once('SIGINT', () => void leave(130));
process.once('SIGTERM', () => void leave(143));
const limit = setTimeout(() => {
  console.error(`The suite did not end within ${LIMIT_MS / 60_000} minutes.`);
  void leave(1);
}, LIMIT_MS);
limit.unref();

const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
await page.exposeFunction('codeAutomationLog', (type: string, values: readonly unknown[]) => {
  const text = format(...values);
  if (NOISE.some((noise) => noise.test(text))) return;
  if (type === 'error' || type === 'warn') console.error(text);
  else console.log(text);
});
await page.exposeFunction('codeAutomationExit', (code: number) => {
  void leave(code);
});
await page.goto(
  server.url({
    ...(folder ? { open: path.resolve(folder) } : {}),
    extensionPaths: flag('extensionDevelopmentPath').map((each) => path.resolve(each)),
    ...(flag('extensionTestsPath')[0] ? { extensionTestsPath: path.resolve(flag('extensionTestsPath')[0] ?? '') } : {}),
  }),
);
