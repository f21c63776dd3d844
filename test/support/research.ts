import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { openResearch, type Research, type ResearchHost } from '../../src/core/research.ts';
import { realSystem, type System } from '../../src/core/system/index.ts';
import { PATIENCE_MS } from './patience.ts';

/** The checkout's top: tests are bundled to `out/`, so paths start from where npm runs them. */
export const checkout = process.cwd();

/** A person's machine in a temporary folder: a repo, and their own config, state and data folders. */
export interface Place {
  readonly root: string;
  readonly repo: string;
  readonly config: string;
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
  readonly system: System;
  boxes(yaml: string): void;
  /** Writes the `config.yaml` whose model is the test server's, at this base URL; without smoke runs. */
  model(url: string, more?: string): void;
  git(...args: string[]): string;
  dispose(): void;
}

/** A fresh place. `from` is copied into the repo and committed; default: the quickstart example. */
export function makePlace(from = path.join(checkout, 'examples/quickstart'), more: NodeJS.ProcessEnv = {}): Place {
  const root = mkdtempSync(path.join(tmpdir(), 'research-'));
  const repo = path.join(root, 'repo');
  const config = path.join(root, 'config', 'research-copilot');
  const data = path.join(root, 'data');
  mkdirSync(repo);
  mkdirSync(config, { recursive: true });
  mkdirSync(data);
  cpSync(from, repo, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@localhost', ...args], {
      cwd: repo,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '--allow-empty', '-m', 'Start');
  // A smoke run before each patch would double the runs of every search here; those who test it ask for it.
  const configure = (models: string) =>
    writeFileSync(path.join(config, 'config.yaml'), `${models}implementer: { smoke_runs: off }\n`);
  configure('');
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    XDG_CONFIG_HOME: path.join(root, 'config'),
    XDG_STATE_HOME: path.join(root, 'state'),
    XDG_DATA_HOME: data,
    ...more,
  };
  return {
    root,
    repo,
    config,
    data,
    env,
    system: { ...realSystem(), env },
    boxes: (yaml) => writeFileSync(path.join(config, 'boxes.yaml'), yaml),
    model: (url, more = '') =>
      configure(`models:\n  base_url: ${url}\n  ideator: test-model\n${more === '' ? '' : `  ${more}\n`}`),
    git,
    dispose: () => {
      endRuns(path.join(data, 'research-copilot/v1/runs'));
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** Has the supervisors that outlived their client sweep what they run, as Cancel Run does, and waits for their end. */
function endRuns(runs: string): void {
  if (!existsSync(runs)) return;
  for (const run of readdirSync(runs)) {
    const folder = path.join(runs, run);
    if (!existsSync(path.join(folder, 'exit'))) writeFileSync(path.join(folder, 'cancel'), '');
  }
  const gone = `i=0; while [ $i -lt 200 ] && pgrep -f "$1" >/dev/null; do sleep 0.05; i=$((i+1)); done; pkill -9 -f "$1"; true`;
  // The bracket keeps the pattern from finding this very shell.
  execFileSync('sh', ['-c', gone, 'sh', `[s]upervisor.js ${path.dirname(runs)}`]);
}

/** A host that agrees to everything, as a person at a trusted machine would. */
export function agreeingHost(more: Partial<ResearchHost> = {}): ResearchHost {
  return {
    secret: async () => undefined,
    apiKey: async () => undefined,
    confirm: async () => true,
    modelSettings: () => ({}),
    ...more,
  };
}

export function openAt(
  place: Place,
  options: { readonly host?: ResearchHost; readonly mayDrive?: boolean; readonly holder?: string } = {},
): Promise<Research> {
  return openResearch({
    folder: place.repo,
    host: options.host ?? agreeingHost(),
    holder: options.holder ?? 'test',
    system: place.system,
    mayDrive: options.mayDrive ?? true,
  });
}

/** Resolves when a look gives an answer; looks again after every change, fails after the deadline with what it saw last. */
export async function until<T>(
  research: Research,
  what: string,
  look: () => Promise<T | undefined>,
  deadlineMs = PATIENCE_MS,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  // One look at a time: on a busy machine a look takes longer than the beat, and looks that pile up keep it busy.
  let looking = false;
  const check = () => {
    if (looking) return;
    looking = true;
    look()
      .then((answer) => {
        if (answer !== undefined) resolve(answer);
      }, reject)
      .finally(() => {
        looking = false;
      });
  };
  const subscription = research.onDidChange(check);
  const beat = setInterval(check, 50);
  const deadline = setTimeout(() => reject(new Error(`${what} did not happen in ${deadlineMs} ms`)), deadlineMs);
  check();
  try {
    return await promise;
  } finally {
    subscription.dispose();
    clearInterval(beat);
    clearTimeout(deadline);
  }
}
