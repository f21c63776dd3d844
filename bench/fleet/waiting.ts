import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import * as path from 'node:path';
import type { GitRepo } from '../../test/support/git-repo.ts';
import { pollUntil, shipmentOf } from '../../test/support/shipments.ts';
import { startBox } from '../../test/support/sshd/box.ts';
import { workerOf } from '../../test/support/workers.ts';
import { pause, printRatio } from './measure.ts';

const WAITING = 200;
const SECONDS = 10;
const TICKS_PER_SECOND = 100;
/** One tick in all that time: less cannot be told apart. */
const LEAST = 1000 / TICKS_PER_SECOND / SECONDS;

/** CPU seconds of processes and of their children that were waited for. */
function cpuOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      for (const at of [11, 12, 13, 14]) ticks += Number(fields[at]);
    } catch {
      // It ended; its parent has its time.
    }
  }
  return ticks / TICKS_PER_SECOND;
}

function processesOf(uid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return statSync(`/proc/${pid}`).uid === uid;
      } catch {
        return false;
      }
    });
}

function below(root: number): number[] {
  const children = readFileSync(`/proc/${root}/task/${root}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return [root, ...children.map(Number)];
}

async function cpuDuring(pids: () => number[]): Promise<number> {
  const before = cpuOf(pids());
  await pause(SECONDS * 1000);
  return ((cpuOf(pids()) - before) / SECONDS) * 1000;
}

/** CPU that the box spends on 200 runs that wait, against as many shells that try a lock once a second. */
export async function waitingCost(repo: GitRepo, commit: string): Promise<void> {
  console.log(`CPU of the box while ${WAITING} runs wait, over ${SECONDS} s`);
  const box = await startBox({ name: 'queue', gpus: 1 });
  const { worker, connection } = workerOf(box);
  const resources = { gpus: 1, timeout: '10m' };
  try {
    const shipments = Array.from({ length: WAITING + 1 }, () =>
      shipmentOf(repo, commit, { run: 'sleep 600', resources }),
    );
    for (const shipment of shipments) await worker.submit(shipment);
    await pollUntil(worker, shipments[0]?.run ?? '', new Set(['running']));
    connection.dispose();
    const uid = statSync(box.home).uid;
    const mine = await cpuDuring(() => processesOf(uid));
    const script = 'for i in $(seq "$2"); do ( until flock -n "$1" true; do sleep 1; done ) & done; wait';
    const lock = path.join(box.home, 'rival-lock');
    const holder = spawn('flock', [lock, 'sleep', '600'], { detached: true });
    const rival = spawn('/bin/sh', ['-c', script, 'sh', lock, String(WAITING)], { detached: true });
    try {
      const pid = rival.pid ?? 0;
      while (below(pid).length <= WAITING) await pause(20);
      const theirs = await cpuDuring(() => below(pid));
      const name = `${WAITING} shells that try a lock once a second`;
      printRatio(
        mine < LEAST ? 'CPU, too little to measure' : 'CPU',
        Math.max(mine, LEAST),
        { name, value: theirs },
        'ms a second',
      );
    } finally {
      for (const child of [holder, rival]) if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }
  } finally {
    await box.stop();
  }
}
