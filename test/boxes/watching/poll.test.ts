import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { type BoxOf, boxSchema } from '../../../src/core/domain/index.ts';
import { realSystem } from '../../../src/core/system/index.ts';
import { BoxWorker } from '../../../src/core/workers/box/worker.ts';
import { ShellTransport } from '../../support/shell-transport.ts';

/** Processes that were started on this machine so far. */
function forks(): number {
  return Number(/^processes (\d+)$/m.exec(execFileSync('cat', ['/proc/stat'], { encoding: 'utf8' }))?.[1]);
}

describe('One poll for all runs of a box', () => {
  let home: string;
  let root: string;
  let transport: ShellTransport;
  let worker: BoxWorker;
  const id = (number: number) => `r${String(number).padStart(5, '0')}`;

  before(async function () {
    if (process.platform !== 'linux') this.skip();
    home = mkdtempSync(path.join(tmpdir(), 'rc-poll-'));
    root = path.join(home, 'root');
    transport = new ShellTransport(home);
    worker = new BoxWorker({
      box: boxSchema.parse({ name: 'box', kind: 'ssh', host: 'box', root }) as BoxOf<'ssh'>,
      transport,
      system: realSystem(),
      shell: () => ({ program: 'sh', args: [] }),
    });
    await worker.poll(['none']);
  });
  after(() => home && rmSync(home, { recursive: true, force: true }));

  /** A run's folder as its supervisor would have left it. */
  function folder(number: number, files: Readonly<Record<string, string>>): string {
    const run = path.join(root, 'runs', id(number));
    mkdirSync(path.join(run, 'code'), { recursive: true });
    mkdirSync(path.join(run, 'spec'), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(run, name)), { recursive: true });
      writeFileSync(path.join(run, name), text);
    }
    return id(number);
  }

  it('tells what is in the run’s folder, and its metric files but none through a link', async () => {
    const run = folder(1, {
      exit: '0 exited 20\n',
      started: '10\n',
      log: 'hello\n',
      use: '1700000000 93 40000\n',
      evaluated: '3\n',
      sandbox: 'bwrap\n',
      'spec/metric_files': 'out/(.*/)?metrics\\.jsonl\nlogs/[^/]*tfevents[^/]*',
      'spec/metric_roots': 'out\nlogs',
      'code/out/metrics.jsonl': '{"loss": 1}\n',
      'code/out/a b/$(c)/metrics.jsonl': '{}',
      'code/out/other.jsonl': '{}',
      'code/logs/events.out.tfevents.1': 'xyz',
      'code/hidden/metrics.jsonl': 'secret',
    });
    symlinkSync('../hidden', path.join(root, 'runs', run, 'code/out/link'));
    symlinkSync('../hidden/metrics.jsonl', path.join(root, 'runs', run, 'code/logs/linked-tfevents'));
    const [report] = await worker.poll([run]);
    assert.deepEqual(
      { ...report, files: report?.files?.toSorted((a, b) => (a.path < b.path ? -1 : 1)) },
      {
        run,
        state: 'succeeded',
        exitCode: 0,
        logBytes: 6,
        startedAt: 10_000,
        endedAt: 20_000,
        gpus: [],
        position: undefined,
        use: { at: 1_700_000_000_000, utilisation: 93, usedMiB: 40_000 },
        evaluatedAt: 3,
        sandbox: 'bwrap',
        files: [
          { path: 'logs/events.out.tfevents.1', size: 3 },
          { path: 'out/a b/$(c)/metrics.jsonl', size: 2 },
          { path: 'out/metrics.jsonl', size: 12 },
        ],
      },
    );
    const pieces = await worker.readMany([
      { run, file: 'log', offset: 2, limit: 3 },
      { run, file: 'code/out/a b/$(c)/metrics.jsonl', offset: 0, limit: 100 },
      { run, file: 'code/out/link/metrics.jsonl', offset: 0, limit: 100 },
      { run, file: 'code/logs/linked-tfevents', offset: 0, limit: 100 },
      { run, file: 'code/../log', offset: 0, limit: 100 },
      { run, file: 'log', offset: 9, limit: 100 },
      { run: 'no-such-run', file: 'log', offset: 0, limit: 1 },
    ]);
    assert.deepEqual(
      pieces.map(({ size, bytes }) => [size, bytes.toString()]),
      [
        [6, 'llo'],
        [2, '{}'],
        [-1, ''],
        [-1, ''],
        [-1, ''],
        [6, ''],
        [-1, ''],
      ],
    );
  });

  it('gives every waiting run its place, by one look at the queue', async () => {
    const stat = execFileSync('cat', [`/proc/${process.pid}/stat`], { encoding: 'utf8' });
    const start = stat.replace(/^.*\) /s, '').split(' ')[19];
    const boot = execFileSync('cat', ['/proc/sys/kernel/random/boot_id'], { encoding: 'utf8' }).trim();
    mkdirSync(path.join(root, 'queue'), { recursive: true });
    const runs = Array.from({ length: 50 }, (_, number) =>
      folder(100 + number, { pid: `${process.pid} ${start} ${boot}\n`, state: 'waiting\n' }),
    );
    // In another order than that of their ids.
    runs.toReversed().forEach((run, place) => {
      writeFileSync(path.join(root, 'queue', `${1_700_000_000 + place}-${run}`), '');
    });
    const reports = await worker.poll(runs);
    assert.deepEqual(
      reports.map(({ state, position }) => [state, position]),
      runs.map((_, index) => ['waiting', 50 - index]),
    );
  });

  it('starts no process for a run: a thousand asked for cost as many as one, whatever else has ended', async () => {
    const asked = Array.from({ length: 1000 }, (_, number) =>
      folder(2000 + number, { exit: '0 exited 20\n', started: '10\n', log: 'x'.repeat(number % 7) }),
    );
    const cost = async (runs: readonly string[]) => {
      const before = forks();
      const reports = await worker.poll(runs);
      assert.equal(reports.length, runs.length);
      return forks() - before;
    };
    // Others work on this machine too: the least of some tries is the poll's own.
    const least = async (runs: readonly string[]) => {
      const tries: number[] = [];
      for (let count = 0; count < 5; count += 1) tries.push(await cost(runs));
      return Math.min(...tries);
    };
    const one = await least(asked.slice(0, 1));
    const all = await least(asked);
    console.log(`      ${one} processes for one run, ${all} for a thousand`);
    assert.ok(all < one + 500, `${all} processes for a thousand runs`);
    const [last] = (await worker.poll(asked)).slice(-1);
    assert.deepEqual([last?.run, last?.logBytes], ['r02999', 999 % 7]);
  });
});
