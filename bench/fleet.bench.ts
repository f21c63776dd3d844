import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { GitRepo } from '../test/support/git-repo.ts';
import { whyNoBox } from '../test/support/sshd/box.ts';
import { idleTime } from './fleet/idle.ts';
import { connections, logs } from './fleet/logs.ts';
import { pollCost } from './fleet/polling.ts';
import { schedule } from './fleet/schedule.ts';
import { shipAndLaunch } from './fleet/ship.ts';
import { waitingCost } from './fleet/waiting.ts';

/** What boxes cost: each figure against its rival, both in the same minute on this machine. */
async function main(): Promise<void> {
  const why = whyNoBox();
  if (why !== undefined) {
    console.log(`fleet: skipped, ${why}`);
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'rc-bench-'));
  const repo = new GitRepo(path.join(folder, 'repo'));
  const commit = repo.commit({ 'train.py': 'print("hello")\n' });
  try {
    schedule();
    await shipAndLaunch();
    await idleTime(repo, commit, folder);
    await logs(repo, commit);
    await connections(repo, commit);
    await waitingCost(repo, commit);
    await pollCost(repo, commit, path.join(folder, 'control'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
