import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as path from 'node:path';

/**
 * The desktop's `code`, if there is one. In a terminal of a remote window `code` is another program, which only talks to
 * that window: it cannot open a throw-away profile.
 */
export function findDesktop(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.VSCODE_IPC_HOOK_CLI) return undefined;
  if (process.platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return undefined;
  const names = process.platform === 'win32' ? ['code.cmd'] : ['code'];
  return (env.PATH ?? '')
    .split(path.delimiter)
    .filter((folder) => folder !== '' && !folder.includes('remote-cli'))
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file));
}

function run(executable: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const shell = process.platform === 'win32';
  const quoted = shell ? args.map((arg) => `"${arg}"`) : [...args];
  return new Promise((resolve, reject) => {
    const child = spawn(shell ? `"${executable}"` : executable, quoted, { env, shell, stdio: 'inherit' });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${executable} ended with exit code ${code}.`)),
    );
  });
}

/** Installs the VSIX into the profile, opens the folder, and resolves when that window is closed. */
export async function openDesktop(
  executable: string,
  options: {
    readonly vsix: string;
    readonly folder: string;
    readonly userData: string;
    readonly extensions: string;
    readonly env: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const env = { ...process.env, ...options.env };
  const profile = [
    `--user-data-dir=${options.userData}`,
    `--extensions-dir=${options.extensions}`,
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ];
  await run(executable, [...profile, `--install-extension=${options.vsix}`, '--force'], env);
  const quiet = ['--disable-workspace-trust', '--disable-telemetry', '--skip-welcome', '--skip-release-notes'];
  await run(executable, [...profile, ...quiet, '--new-window', '--wait', options.folder], env);
}
