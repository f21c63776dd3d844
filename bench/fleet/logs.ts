import { execFileSync, spawn } from 'node:child_process';
import * as path from 'node:path';
import type { GitRepo } from '../../test/support/git-repo.ts';
import { pollUntil, shipmentOf } from '../../test/support/shipments.ts';
import { startBox, type TestBox } from '../../test/support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../test/support/workers.ts';
import { median, printRatio, quantile } from './measure.ts';

const LINES = 1_000_000;
const TICKS = 200;

/** Prints the time in microseconds on a line, fifty times a second. */
const TICKER = `python3 -u -c 'import time\nfor i in range(${TICKS}):\n    print(int(time.time() * 1e6)); time.sleep(0.02)'`;

function tailOf(box: TestBox, run: string): readonly string[] {
  return ['-F', box.sshConfigFile, box.name, `tail -c +1 -F ${path.join(box.root, 'runs', run, 'log')}`];
}

/** Calls back with every whole line. Gives what takes bytes. */
function byLine(take: (line: string) => void): (bytes: Buffer) => void {
  let rest = '';
  return (bytes) => {
    const lines = (rest + bytes.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  };
}

async function throughput(box: TestBox, { worker }: TestWorker, repo: GitRepo, commit: string): Promise<void> {
  const shipment = shipmentOf(repo, commit, {
    run: `awk 'BEGIN { for (i = 0; i < ${LINES}; i++) printf "step %7d: train loss 3.1415926, val loss 2.7182818, time 123.45 ms\\n", i }'`,
  });
  await worker.submit(shipment);
  const { logBytes } = await pollUntil(worker, shipment.run, undefined, 120_000);
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    let before = performance.now();
    let mineBytes = 0;
    const count = (bytes: Buffer) => {
      mineBytes += bytes.length;
    };
    await worker.follow(shipment.run, 0, count, new AbortController().signal);
    if (mineBytes !== logBytes) throw new Error(`${mineBytes} of ${logBytes} bytes came`);
    mine.push(LINES / (performance.now() - before));
    before = performance.now();
    const tail = spawn('ssh', tailOf(box, shipment.run), { stdio: ['ignore', 'pipe', 'ignore'] });
    let got = 0;
    for await (const bytes of tail.stdout) {
      got += bytes.length;
      if (got >= logBytes) break;
    }
    theirs.push(LINES / (performance.now() - before));
    tail.kill();
  }
  printRatio(
    'a log of a million lines',
    median(mine),
    { name: 'ssh tail -F', value: median(theirs) },
    'lines/ms',
    'high',
  );
}

async function delay(box: TestBox, { worker }: TestWorker, repo: GitRepo, commit: string): Promise<void> {
  const shipment = shipmentOf(repo, commit, { run: TICKER });
  await worker.submit(shipment);
  await pollUntil(worker, shipment.run, new Set(['running']));
  const late = (into: number[]) =>
    byLine((line) => into.push(Date.now() + (performance.now() % 1) - Number(line) / 1000));
  const [mine, theirs]: [number[], number[]] = [[], []];
  const stop = new AbortController();
  const tail = spawn('ssh', tailOf(box, shipment.run), { stdio: ['ignore', 'pipe', 'ignore'] });
  tail.stdout.on('data', late(theirs));
  const followed = worker.follow(shipment.run, 0, late(mine), stop.signal);
  await pollUntil(worker, shipment.run);
  await followed.catch(() => {});
  stop.abort();
  tail.kill();
  // What was there before either of them looked says nothing of the delay.
  const [a, b] = [mine.slice(-TICKS / 2), theirs.slice(-TICKS / 2)];
  printRatio('a line on the screen, median', median(a), { name: 'ssh tail -F', value: median(b) }, 'ms');
  printRatio(
    'a line on the screen, 95 of 100',
    quantile(a, 0.95),
    { name: 'ssh tail -F', value: quantile(b, 0.95) },
    'ms',
  );
}

/** Log lines a second and how late a line is, against `ssh tail -F`. */
export async function logs(repo: GitRepo, commit: string): Promise<void> {
  console.log('following a log');
  const box = await startBox({ name: 'logs' });
  const ssh = workerOf(box);
  try {
    await throughput(box, ssh, repo, commit);
    await delay(box, ssh, repo, commit);
  } finally {
    ssh.connection.dispose();
    await box.stop();
  }
}

/** Connections to the box and sessions in them for 64 runs that are watched, against a tail for each. */
export async function connections(repo: GitRepo, commit: string): Promise<void> {
  const RUNS = 64;
  console.log(`connections for ${RUNS} runs on a box`);
  const box = await startBox({ name: 'many' });
  const ssh = workerOf(box, { box: { cpu_slots: RUNS } });
  const tails: ReturnType<typeof spawn>[] = [];
  const established = () => {
    const port = box.port.toString(16).toUpperCase().padStart(4, '0');
    const table = execFileSync('cat', ['/proc/net/tcp'], { encoding: 'utf8' });
    return table.split('\n').filter((line) => new RegExp(`^ *\\d+: \\w+:${port} \\w+:\\w+ 01 `).test(line)).length;
  };
  try {
    const shipments = Array.from({ length: RUNS }, () => shipmentOf(repo, commit, { run: 'sleep 600' }));
    await Promise.all(shipments.map((shipment) => ssh.worker.submit(shipment)));
    await ssh.worker.poll(shipments.map(({ run }) => run));
    const mine = established();
    for (const { run } of shipments) tails.push(spawn('ssh', tailOf(box, run), { stdio: 'ignore' }));
    while (established() < mine + RUNS) await new Promise((resolve) => setTimeout(resolve, 50));
    printRatio('connections', mine, { name: 'one ssh tail -F each', value: established() - mine }, 'connections');
  } finally {
    for (const tail of tails) tail.kill();
    ssh.connection.dispose();
    await box.stop();
  }
}
