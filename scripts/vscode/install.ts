import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import oldest from '../../test/server/oldest/package.json' with { type: 'json' };
import current from '../../test/server/package.json' with { type: 'json' };

/**
 * VS Code as an npm package, for machines where it cannot be downloaded: code-server carries the whole server in
 * `lib/vscode`. It lives in a cache folder, not in the checkout: it is 600 MB and none of it is ours.
 */
const ENGINES = {
  current: { manifest: current, pins: {} },
  // Its lock file names @parcel/watcher by a git address, which a machine with only a registry cannot fetch.
  oldest: { manifest: oldest, pins: { '@parcel/watcher': '2.5.1' } },
} as const;

/** Which VS Code: the one of every day, or the oldest that `engines.vscode` promises to run in. */
export type Engine = keyof typeof ENGINES;

function serverVersion(engine: Engine): string {
  return ENGINES[engine].manifest.dependencies['code-server'];
}

/** The version of VS Code itself, such as 1.106.3: code-server 4.x.y carries VS Code 1.x.y. */
export function vscodeVersion(engine: Engine): string {
  return serverVersion(engine).replace(/^4\./, '1.');
}

/** Where the server is or will be. */
export function serverFolder(engine: Engine): string {
  const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(cache, 'research-copilot', `vscode-server-${serverVersion(engine)}`);
}

/** The file Node runs to start the server. */
export function serverMain(engine: Engine): string {
  return path.join(serverFolder(engine), 'node_modules/code-server/lib/vscode/out/server-main.js');
}

/** The Node that runs the server: the engine's own where its manifest brings one, else the one that runs this. */
export function serverNode(engine: Engine): string {
  const name = `node-${process.platform}-${process.arch}`;
  const own = path.join(serverFolder(engine), 'node_modules', name, 'bin/node');
  return existsSync(own) ? own : process.execPath;
}

/** Whether it is there, whole: the folder gets its name only when every step is done. */
export function isServerInstalled(engine: Engine): boolean {
  return existsSync(serverMain(engine));
}

function npmInstall(folder: string): Promise<void> {
  // What `npm run` tells its children about this repository must not steer an install elsewhere.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle|config_(local_)?prefix)/i.test(name)),
  );
  const npm = process.env.npm_execpath;
  const args = ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  return new Promise((resolve, reject) => {
    const child = spawn(command as string, [...first, ...args], {
      cwd: folder,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`npm install in ${folder} ended with exit code ${code}.`)),
    );
  });
}

/** Makes what the folder's lock file cannot fetch come from the registry; without pins nothing changes. */
async function pin(folder: string, pins: Readonly<Record<string, string>>): Promise<void> {
  if (Object.keys(pins).length === 0) return;
  const file = path.join(folder, 'package.json');
  const own = JSON.parse(await fs.readFile(file, 'utf8'));
  await fs.writeFile(file, JSON.stringify({ ...own, dependencies: { ...own.dependencies, ...pins } }));
  await fs.rm(path.join(folder, 'npm-shrinkwrap.json'), { force: true });
}

/**
 * Installs the server where it is missing; a second call, or another process that was faster, costs nothing.
 * No install scripts run: the native parts that matter come prebuilt, the others (its log files) have fallbacks.
 * @throws when the registry cannot be reached
 */
export async function installServer(engine: Engine, say: (line: string) => void): Promise<void> {
  if (isServerInstalled(engine)) return;
  const { manifest, pins } = ENGINES[engine];
  const folder = serverFolder(engine);
  const draft = `${folder}.${process.pid}.part`;
  await fs.mkdir(draft, { recursive: true });
  try {
    say(`Installing the VS Code server (code-server ${serverVersion(engine)}, about 600 MB) into ${folder}`);
    await fs.writeFile(path.join(draft, 'package.json'), JSON.stringify(manifest));
    await npmInstall(draft);
    say('  its dependencies');
    await pin(path.join(draft, 'node_modules/code-server/lib/vscode'), pins);
    await npmInstall(path.join(draft, 'node_modules/code-server/lib/vscode'));
    say('  its built-in extensions');
    await npmInstall(path.join(draft, 'node_modules/code-server/lib/vscode/extensions'));
    await fs.rename(draft, folder);
  } catch (error) {
    await fs.rm(draft, { recursive: true, force: true });
    if (!isServerInstalled(engine)) throw error;
  }
}
