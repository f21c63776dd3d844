import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { GitRepo } from '../../test/support/git-repo.ts';
import { newRunId, pollUntil, shipmentOf } from '../../test/support/shipments.ts';
import { startBox, type TestBox } from '../../test/support/sshd/box.ts';
import { workerOf } from '../../test/support/workers.ts';
import { median, printRatio } from './measure.ts';

const LIVE = 8;
const ROUNDS = 9;

/** Folders as runs leave them, without running anything. */
function addFinished(box: TestBox, count: number): void {
  const { uid, gid } = statSync(box.home);
  for (let index = 0; index < count; index += 1) {
    const folder = path.join(box.root, 'runs', newRunId());
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries({
      exit: '0 exited 1700000000\n',
      pid: '1 1 none\n',
      state: 'done\n',
      started: '1699999000\n',
      log: 'step 1: loss 1.0\n',
      gpus: 'cpu-0 0 -\n',
    })) {
      writeFileSync(path.join(folder, name), text);
      chownSync(path.join(folder, name), uid, gid);
    }
    chownSync(folder, uid, gid);
  }
}

/** What a shell script that looks through the folder does: every run's state, exit and size of the log. */
const LOOK =
  'cd "$1" && for d in *; do if [ -e "$d/exit" ]; then cat "$d/exit"; else cat "$d/state"; fi; wc -c <"$d/log"; done >/dev/null';

/** Milliseconds of one poll of eight live runs, with more and more finished runs in the folder. */
export async function pollCost(repo: GitRepo, commit: string, control: string): Promise<void> {
  console.log(
    `poll of ${LIVE} live runs, median of ${ROUNDS}, against a script that looks through the folder (ControlMaster)`,
  );
  const box = await startBox({ name: 'polled' });
  const master = ['-F', box.sshConfigFile, '-o', `ControlPath=${control}`];
  const { worker, connection } = workerOf(box, { box: { cpu_slots: LIVE } });
  try {
    const live = Array.from({ length: LIVE }, () => shipmentOf(repo, commit, { run: 'sleep 600' }));
    for (const shipment of live) await worker.submit(shipment);
    for (const { run } of live) await pollUntil(worker, run, new Set(['running']));
    const ids = live.map(({ run }) => run);
    execFileSync('ssh', [...master, '-M', '-N', '-f', box.name]);
    let there = 0;
    for (const finished of [10, 100, 1000]) {
      addFinished(box, finished - there);
      there = finished;
      const mine: number[] = [];
      const theirs: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const before = performance.now();
        await worker.poll(ids);
        const between = performance.now();
        execFileSync('ssh', [...master, box.name, `set -- ${path.join(box.root, 'runs')}; ${LOOK}`]);
        mine.push(between - before);
        theirs.push(performance.now() - between);
      }
      printRatio(`${finished} finished`, median(mine), { name: 'the script', value: median(theirs) }, 'ms');
    }
  } finally {
    execFileSync('ssh', [...master, '-O', 'exit', box.name], { stdio: 'ignore' });
    connection.dispose();
    await box.stop();
  }
}
