import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import type { Funnel } from '../../src/core/search/index.ts';
import { startModelServer } from '../support/model-server/index.ts';
import { playIdeas } from '../support/played-ideas.ts';
import { ON_A_GPU } from './ideas.ts';

/**
 * A whole search on a machine with an NVIDIA GPU and a python3 with torch: baseline, ten played ideas for the small GPT
 * beside this file, gates, smoke runs, crashes mended, leaderboard. Build first; then:
 *
 *   node test/gpu/loop.ts [--box YAML] [--keep FOLDER] [--stand-in]
 *
 * --box: the line of boxes.yaml, default this machine with its GPUs. --keep: a folder for logs and what was printed.
 * --stand-in: no GPU and no torch; a stand-in for each, on this machine.
 * Prints the funnel beside what must come of each idea, and PASS or FAIL; exit code 0 only for PASS.
 */
const { values } = parseArgs({
  options: {
    box: { type: 'string', default: '{ name: gpu, kind: local, slots: 1, gpus: all }' },
    keep: { type: 'string' },
    'stand-in': { type: 'boolean', default: false },
  },
});
const root = path.resolve(import.meta.dirname, '../..');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'rc-gpu-loop-'));
const repo = path.join(scratch, 'gpt');
const env = {
  ...process.env,
  ...(values['stand-in'] ? standIn() : {}),
  XDG_CONFIG_HOME: path.join(scratch, 'config'),
  XDG_STATE_HOME: path.join(scratch, 'state'),
  XDG_DATA_HOME: path.join(scratch, 'data'),
};

function standIn(): Record<string, string> {
  const folder = path.join(import.meta.dirname, 'stand-in');
  return {
    RC_CHECK_PYTHON: execFileSync('sh', ['-c', 'command -v python3'], { encoding: 'utf8' }).trim(),
    PATH: `${path.join(folder, 'bin')}${path.delimiter}${process.env.PATH}`,
    PYTHONPATH: path.join(folder, 'lib'),
  };
}

function prepare(url: string): void {
  fs.cpSync(path.join(import.meta.dirname, 'gpt'), repo, { recursive: true });
  fs.cpSync(path.join(root, 'examples/quickstart/data'), path.join(repo, 'data'), { recursive: true });
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['add', '-A'],
    ['commit', '-q', '-m', 'Start'],
  ])
    execFileSync('git', ['-c', 'user.name=Check', '-c', 'user.email=check@localhost', ...args], { cwd: repo });
  const config = path.join(scratch, 'config/research-copilot');
  fs.mkdirSync(config, { recursive: true });
  fs.writeFileSync(path.join(config, 'boxes.yaml'), `boxes:\n  - ${values.box}\n`);
  fs.writeFileSync(
    path.join(config, 'config.yaml'),
    `models:\n  base_url: ${url}\n  ideator: test-model\nprices:\n  test-model: { input: 0, output: 0 }\n`,
  );
}

/** Runs the terminal's command; what it says on the way goes to stderr, its JSON comes back. */
async function command<T>(...args: readonly string[]): Promise<T> {
  const cli = path.join(root, 'dist/cli.js');
  const child = spawn(process.execPath, [cli, ...args, '--json', '--yes'], {
    ...{ cwd: repo, env, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  let out = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`research-copilot ${args.join(' ')} ended with ${code}: ${out}`);
  if (values.keep) fs.writeFileSync(path.join(values.keep, `${args[0]}.json`), out);
  return JSON.parse(out) as T;
}

async function main(): Promise<boolean> {
  const asked = new Map<string, number>();
  const server = await startModelServer({ answers: playIdeas(ON_A_GPU, asked) });
  try {
    if (values.keep) fs.mkdirSync(values.keep, { recursive: true });
    prepare(server.url);
    await command('boxes', '--check');
    await command('search', '--approve', 'all', '--rounds', '1', '--ideas', String(ON_A_GPU.length));
    const board = await command<{ rows: readonly { idea?: number; title: string }[] }>('leaderboard');
    const funnel = await command<Funnel>('funnel');
    return compare(funnel, board.rows, asked);
  } finally {
    if (values.keep) keep(values.keep);
    await server.close();
    fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

function compare(
  funnel: Funnel,
  rows: readonly { idea?: number; title: string }[],
  asked: ReadonlyMap<string, number>,
): boolean {
  console.log(JSON.stringify(funnel.counts));
  const wrong = funnel.places.map(({ idea, stage, lost, reason }) => {
    const title = rows.find((row) => row.idea === idea)?.title ?? `idea ${idea}`;
    const truth = ON_A_GPU.find((one) => one.title === title)?.truth;
    const calls = asked.get(title);
    const right = truth?.stage === stage && truth.lost === lost && (truth.calls ?? calls) === calls;
    console.log(
      `${right ? '     ' : 'WRONG'} ${title.padEnd(36)} ${stage} ${lost ?? ''} ${calls} calls ${(reason ?? '').slice(0, 160)}`,
    );
    return !right;
  });
  return wrong.length === ON_A_GPU.length && !wrong.includes(true);
}

function keep(folder: string): void {
  const logs = path.join(repo, '.git/research/logs');
  if (fs.existsSync(logs)) fs.cpSync(logs, path.join(folder, 'logs'), { recursive: true });
}

main().then(
  (passed) => {
    console.log(passed ? 'PASS' : 'FAIL');
    process.exitCode = passed ? 0 : 1;
  },
  (error: unknown) => {
    console.log(error);
    console.log('FAIL');
    process.exitCode = 1;
  },
);
