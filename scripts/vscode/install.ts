import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import manifest from '../../test/server/package.json' with { type: 'json' };

/**
 * VS Code as an npm package, for machines where it cannot be downloaded: code-server carries the whole server in
 * `lib/vscode`. It lives in a cache folder, not in the checkout: it is 600 MB and none of it is ours.
 */
const version = manifest.dependencies['code-server'];

/** Where the server is or will be. */
export function serverFolder(): string {
  const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(cache, 'research-copilot', `vscode-server-${version}`);
}

/** The file Node runs to start the server. */
export function serverMain(): string {
  return path.join(serverFolder(), 'node_modules/code-server/lib/vscode/out/server-main.js');
}

/** Whether it is there, whole: the folder gets its name only when every step is done. */
export function isServerInstalled(): boolean {
  return existsSync(serverMain());
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

/**
 * Installs the server where it is missing; a second call, or another process that was faster, costs nothing.
 * No install scripts run: the native parts that matter come prebuilt, the others (its log files) have fallbacks.
 * @throws when the registry cannot be reached
 */
export async function installServer(say: (line: string) => void): Promise<void> {
  if (isServerInstalled()) return;
  const folder = serverFolder();
  const draft = `${folder}.${process.pid}.part`;
  await fs.mkdir(draft, { recursive: true });
  try {
    say(`Installing the VS Code server (code-server ${version}, about 600 MB) into ${folder}`);
    await fs.writeFile(path.join(draft, 'package.json'), JSON.stringify(manifest));
    await npmInstall(draft);
    say('  its dependencies');
    await npmInstall(path.join(draft, 'node_modules/code-server/lib/vscode'));
    say('  its built-in extensions');
    await npmInstall(path.join(draft, 'node_modules/code-server/lib/vscode/extensions'));
    await fs.rename(draft, folder);
  } catch (error) {
    await fs.rm(draft, { recursive: true, force: true });
    if (!isServerInstalled()) throw error;
  }
}
