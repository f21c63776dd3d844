import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { realFiles, realProcesses } from '../../../src/core/system/index.ts';
import { type LockParts, takeLock } from '../../../src/core/workers/local/lock.ts';

/**
 * One of several processes that fight for a lock until they have had it N times: in it, nobody else may be. Whoever
 * is inside writes its pid; finding the pid of a live other is the failure.
 */
async function main(): Promise<void> {
  const [folder = '', times = '1'] = process.argv.slice(2);
  const machine = realProcesses.machine('test');
  const me = { pid: process.pid, started: realProcesses.startTime(process.pid), machine };
  const parts: LockParts = { files: realFiles, processes: realProcesses, machine, me, now: () => Date.now() };
  const inside = path.join(folder, 'inside');
  for (let had = 0; had < Number(times); ) {
    const lock = await takeLock(parts, path.join(folder, 'locks'), 'turn');
    if (!lock) continue;
    had += 1;
    const other = Number(await fs.readFile(inside, 'utf8').catch(() => '0'));
    if (other !== 0 && other !== process.pid && realProcesses.alive(other)) {
      console.log(`failed ${other} was inside`);
      process.exit(1);
    }
    await fs.writeFile(inside, String(process.pid));
    console.log(`had ${had}`);
    await fs.rm(inside);
    await lock.release();
  }
  console.log('finished');
}

main().catch((error: unknown) => {
  console.log(`failed ${(error as Error).stack}`);
  process.exit(1);
});
