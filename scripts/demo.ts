import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { build } from './build.ts';
import { findDesktop, openDesktop } from './demo/desktop.ts';
import { makePlayground, type Playground, writeSettings } from './demo/playground.ts';
import { packageVsix } from './package.ts';
import { installServer } from './vscode/install.ts';
import { installExtension, startServer } from './vscode/server.ts';

/**
 * `npm run demo`: VS Code with the built extension on a throw-away copy of examples/quickstart.
 * `--terminal` runs a search of two rounds there instead (`--json` prints its result for a program); `--no-open` only
 * prints the address. Nothing of the person's configuration is read or written, nothing is left behind.
 */
const root = path.resolve(import.meta.dirname, '..');
const USAGE = `npm run demo [-- OPTION...]: VS Code on a throw-away copy of examples/quickstart
  --no-open    only print the address of a VS Code server
  --terminal   run a search of two rounds in the terminal instead
  --json       with --terminal: print its result for a program
  --help       this`;
const KNOWN = ['--no-open', '--terminal', '--json', '--help'];
const flags = new Set(process.argv.slice(2));
const say = (line: string) => console.error(line);

/** Resolves on Ctrl+C or a polite kill. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}

async function newest(patterns: readonly string[]): Promise<number> {
  const files = await Array.fromAsync(fs.glob([...patterns], { cwd: root }));
  const times = await Promise.all(files.map(async (file) => (await fs.stat(path.join(root, file))).mtimeMs));
  return Math.max(0, ...times);
}

/** The VSIX, packed anew only when something that goes into it is younger. */
async function vsix(): Promise<string> {
  const sources = await newest([
    'src/**/*',
    'webview-ui/**/*',
    'media/*',
    'media/{bin,walkthrough}/*',
    'package.json',
    'README.md',
  ]);
  const [existing] = await Array.fromAsync(fs.glob('research-copilot-*.vsix', { cwd: root }));
  if (existing && (await newest([existing])) > sources) return path.join(root, existing);
  say('Packing the extension');
  return packageVsix();
}

async function terminal(playground: Playground): Promise<number> {
  await build({ quiet: true });
  const json = flags.has('--json') ? ['--json'] : [];
  say(`Searching in ${playground.repository}: baseline, then two rounds`);
  const args = [path.join(root, 'dist/cli.js'), 'search', '--approve', 'all', '--rounds', '2', ...json];
  const child = spawn(process.execPath, args, {
    cwd: playground.repository,
    env: { ...process.env, ...playground.env },
    stdio: 'inherit',
  });
  // Ctrl+C reaches the child too: it stops its search, and this process waits for it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

function openBrowser(url: string): void {
  const command = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
  const noScreen = process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;
  if (flags.has('--no-open') || noScreen) return;
  const child = spawn(command, [url], { stdio: 'ignore', detached: true });
  child.once('error', () => undefined);
  child.unref();
}

async function server(playground: Playground, file: string): Promise<void> {
  await installServer('current', say);
  const options = {
    userData: path.join(playground.scratch, 'user-data'),
    extensions: path.join(playground.scratch, 'extensions'),
    token: randomBytes(16).toString('hex'),
    env: playground.env,
  };
  await writeSettings(options.userData);
  await installExtension(options, file);
  const running = await startServer(options);
  const url = running.url({ open: playground.repository });
  console.log(`\n  ${url}\n`);
  say('Open that address (only this machine can), choose Research Copilot in the sidebar, press Generate Ideas.');
  say('Ctrl+C ends it and removes everything.');
  openBrowser(url);
  await interrupted();
  await running.stop();
}

async function window(playground: Playground): Promise<void> {
  const file = await vsix();
  const desktop = flags.has('--no-open') ? undefined : findDesktop();
  if (!desktop) return server(playground, file);
  const userData = path.join(playground.scratch, 'user-data');
  await writeSettings(userData);
  say('Opening VS Code; the demo ends when its window is closed, or with Ctrl+C.');
  const extensions = path.join(playground.scratch, 'extensions');
  const opened = openDesktop(desktop, {
    vsix: file,
    folder: playground.repository,
    userData,
    extensions,
    env: playground.env,
  });
  await Promise.race([opened, interrupted()]);
}

async function demo(): Promise<void> {
  const playground = await makePlayground(root);
  try {
    if (flags.has('--terminal')) process.exitCode = await terminal(playground);
    else await window(playground);
  } finally {
    await playground.remove();
  }
}

const unknown = [...flags].find((flag) => !KNOWN.includes(flag));
if (unknown !== undefined) {
  say(`There is no option ${unknown}.\n${USAGE}`);
  process.exitCode = 2;
} else if (flags.has('--help')) console.log(USAGE);
else await demo();
