import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { GitRepo } from '../../test/support/git-repo.ts';
import { shipmentOf } from '../../test/support/shipments.ts';
import { startSlurm, whyNoSlurm } from '../../test/support/slurm.ts';
import { startBox } from '../../test/support/sshd/box.ts';
import { workerOf } from '../../test/support/workers.ts';
import { median, printRatio, untilLines } from './measure.ts';

const RUNS = 10;

/** Each run writes when it began and ended, in nanoseconds, at a second's fifth of work. */
const command = (file: string) => `b=$(date +%s%N); sleep 0.2; echo "$b $(date +%s%N)" >>${file}`;

/** Milliseconds between the end of one run and the begin of the next. */
function gaps(lines: readonly string[]): number[] {
  const spans = lines.map((line) => line.split(' ').map((text) => Number(BigInt(text) / 1000n) / 1000));
  spans.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  return spans.slice(1).map(([begin = 0], index) => begin - (spans[index]?.[1] ?? 0));
}

async function ours(repo: GitRepo, commit: string): Promise<number[]> {
  const box = await startBox({ name: 'idle', gpus: 1 });
  try {
    const records = path.join(box.home, 'records');
    const { worker, connection } = workerOf(box);
    const resources = { gpus: 1, timeout: '1m' };
    for (let run = 0; run < RUNS; run += 1) {
      await worker.submit(shipmentOf(repo, commit, { run: command(records), resources }));
    }
    // From here on nobody is connected: the box works its queue off alone.
    connection.dispose();
    return gaps(await untilLines(records, RUNS));
  } finally {
    await box.stop();
  }
}

/** What a person writes into tmux: once a second, start the next command when the last one is gone. */
async function pollLoop(folder: string): Promise<number[]> {
  const records = path.join(folder, 'loop-records');
  const queue = path.join(folder, 'queue');
  mkdirSync(queue);
  for (let run = 0; run < RUNS; run += 1) writeFileSync(path.join(queue, `job${run}`), command(records));
  const loop = spawn('/bin/sh', [
    '-c',
    'p=; for job in "$1"/job*; do while [ -n "$p" ] && kill -0 "$p" 2>/dev/null; do sleep 1; done; sh "$job" & p=$!; done; wait',
    'sh',
    queue,
  ]);
  try {
    return gaps(await untilLines(records, RUNS));
  } finally {
    loop.kill();
  }
}

async function slurm(folder: string): Promise<number[] | undefined> {
  const why = whyNoSlurm();
  if (why !== undefined) {
    console.log(`  Slurm: skipped, ${why}`);
    return undefined;
  }
  const cluster = await startSlurm();
  try {
    const records = path.join(folder, 'slurm-records');
    const script = path.join(folder, 'job.sh');
    writeFileSync(script, `#!/bin/sh\n${command(records)}\n`);
    chmodSync(folder, 0o777);
    const env = { ...process.env, SLURM_CONF: cluster.conf };
    for (let run = 0; run < RUNS; run += 1) {
      // All four GPUs, so that one runs at a time.
      const said = spawnSync('sbatch', ['--gres=gpu:4', '--time=1', `--output=${folder}/slurm-%j.out`, script], {
        env,
      });
      if (said.status !== 0) throw new Error(`sbatch: ${said.stderr}`);
    }
    return gaps(await untilLines(records, RUNS));
  } finally {
    await cluster.stop();
  }
}

/** GPU idle time between two runs of a queue, with the client away. */
export async function idleTime(repo: GitRepo, commit: string, folder: string): Promise<void> {
  console.log(`GPU idle between two queued runs, client away, median of ${RUNS - 1} gaps`);
  const mine = median(await ours(repo, commit));
  printRatio('idle', mine, { name: 'a 1 s poll loop', value: median(await pollLoop(folder)) }, 'ms');
  const theirs = await slurm(folder);
  if (theirs) printRatio('idle', mine, { name: 'Slurm', value: median(theirs) }, 'ms');
}
