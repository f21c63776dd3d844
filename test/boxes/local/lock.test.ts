import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { realFiles, realProcesses } from '../../../src/core/system/index.ts';
import { isLocked, type LockParts, takeLock } from '../../../src/core/workers/local/lock.ts';
import { startEntry } from '../../support/processes.ts';

describe('local box: a lock between processes', () => {
  let folder: string;
  const partsOf = (pid: number, machine = 'here boot1', now = Date.now()): LockParts => ({
    files: realFiles,
    processes: realProcesses,
    machine,
    me: { pid, started: realProcesses.startTime(pid), machine },
    now: () => now,
  });

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(tmpdir(), 'research-lock-'));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it('lets one in at a time, also while holders are killed', async () => {
    const children = Array.from({ length: 3 }, () => startEntry('test/boxes/local/locker.entry.ts', [folder, '60']));
    const killed = Array.from({ length: 3 }, () => startEntry('test/boxes/local/locker.entry.ts', [folder, '100000']));
    for (const child of killed) {
      await child.line('had');
      await child.kill();
    }
    assert.deepEqual(await Promise.all(children.map((child) => child.ended)), [0, 0, 0]);
    for (const child of [...children, ...killed]) {
      assert.deepEqual(
        child.lines.filter((line) => line.startsWith('failed')),
        [],
      );
    }
    assert.ok((await fs.readdir(path.join(folder, 'locks'))).length <= 2, 'old generations are removed');
  });

  it('is free after a release, and a dead holder keeps it only where its leftovers say so', async () => {
    const mine = partsOf(process.pid);
    const first = await takeLock(mine, folder, 'slot');
    assert.ok(first);
    assert.equal(await takeLock(mine, folder, 'slot'), undefined);
    assert.equal(await isLocked(mine, folder, 'slot'), true);
    await first.release();
    assert.equal(await isLocked(mine, folder, 'slot'), false);
    const dead = partsOf(4_000_000);
    assert.ok(await takeLock(dead, folder, 'slot', 'run-1'));
    assert.equal(await takeLock(mine, folder, 'slot', '', (note) => note === 'run-1'), undefined);
    assert.ok(await takeLock(mine, folder, 'slot', '', () => false));
  });

  it('of a machine that cannot be seen is believed for a minute; of an earlier boot not at all', async () => {
    assert.ok(await takeLock(partsOf(1, 'elsewhere boot9'), folder, 'a'));
    assert.equal(await takeLock(partsOf(process.pid), folder, 'a'), undefined);
    assert.ok(await takeLock(partsOf(process.pid, 'here boot1', Date.now() + 61_000), folder, 'a'));
    assert.ok(await takeLock(partsOf(process.pid, 'here boot0'), folder, 'b'));
    assert.ok(await takeLock(partsOf(process.pid), folder, 'b'));
  });
});
