import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { eventually } from './processes.ts';
import type { TestBox } from './sshd/box.ts';

const inside = (folder: string) =>
  existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];

/**
 * Fails unless nothing of any run is left on a box soon, and every lock there can be taken from outside: slots, turns,
 * runs, environments and repositories.
 */
export async function freeLocks(box: TestBox, slots: string, root = box.root): Promise<void> {
  let left: readonly string[] = [];
  await eventually('no process left on the box', () => {
    left = box.processes().map(({ pid, command }) => `${pid} ${command}`);
    return left.length === 0;
  }).catch((error: Error) => {
    throw new Error(`${error.message}: ${left.join(' | ')}`);
  });
  const owned = ['runs', 'env'].flatMap((name) =>
    inside(path.join(root, name)).map((folder) => path.join(folder, 'lock')),
  );
  const taken = inside(slots);
  const ran = inside(path.join(root, 'runs')).length > 0;
  assert.ok(!ran || taken.length >= 2, `the locks of a slot and of the turn are there: ${taken.join(' ')}`);
  for (const lock of [...taken, ...owned, path.join(root, 'repo/.lock')].filter((file) => existsSync(file))) {
    assert.doesNotThrow(() => execFileSync('flock', ['-n', lock, 'true']), `${lock} is held`);
  }
}
