import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';

/** A throw-away repository and everything of a person's that the product would otherwise touch. */
export interface Playground {
  readonly scratch: string;
  /** A committed copy of examples/quickstart. */
  readonly repository: string;
  /** Points configuration and state into the scratch folder. */
  readonly env: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

function git(folder: string, ...args: readonly string[]): void {
  execFileSync('git', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}

/**
 * Fills a folder with `quickstart` and the configuration and state of a person who has one local box.
 * @throws when git is missing
 */
export async function fillPlayground(root: string, folder: string): Promise<Omit<Playground, 'remove'>> {
  const repository = path.join(folder, 'quickstart');
  await fs.cp(path.join(root, 'examples/quickstart'), repository, { recursive: true });
  git(repository, 'init', '-q', '-b', 'main');
  git(repository, 'config', 'user.name', 'Research Copilot demo');
  git(repository, 'config', 'user.email', 'demo@example.invalid');
  git(repository, 'add', '-A');
  git(repository, 'commit', '-q', '-m', 'The quickstart as it comes');
  const config = path.join(folder, 'config');
  await fs.mkdir(path.join(config, 'research-copilot'), { recursive: true });
  const boxes = 'boxes:\n  - { name: here, kind: local, slots: 1 }\n';
  await fs.writeFile(path.join(config, 'research-copilot/boxes.yaml'), boxes);
  const env = {
    XDG_CONFIG_HOME: config,
    APPDATA: config,
    XDG_STATE_HOME: path.join(folder, 'state'),
    XDG_DATA_HOME: path.join(folder, 'data'),
  };
  return { scratch: folder, repository, env };
}

/** A playground in the temporary folder, to be removed. */
export async function makePlayground(root: string): Promise<Playground> {
  const scratch = await fs.mkdtemp(path.join(os.tmpdir(), 'research-copilot-demo-'));
  return {
    ...(await fillPlayground(root, scratch)),
    remove: () => fs.rm(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }),
  };
}

/** Nothing that asks, phones home or greets. */
export async function writeSettings(userData: string): Promise<void> {
  const settings = {
    'telemetry.telemetryLevel': 'off',
    'security.workspace.trust.enabled': false,
    'workbench.startupEditor': 'none',
    'workbench.tips.enabled': false,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'extensions.ignoreRecommendations': true,
    'extensions.autoUpdate': false,
    'update.mode': 'none',
    'chat.disableAIFeatures': true,
  };
  await fs.mkdir(path.join(userData, 'User'), { recursive: true });
  await fs.writeFile(path.join(userData, 'User/settings.json'), JSON.stringify(settings, undefined, 2));
}
