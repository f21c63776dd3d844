import * as path from 'node:path';
import type { Files, Processes } from '../../system/index.ts';
import { createHolderFile, formatHolder, type Holder, type HolderParts, readLife } from './holder.ts';

export interface LockParts extends HolderParts {
  readonly files: Pick<Files, 'readText' | 'info' | 'list' | 'create' | 'write' | 'writeAt' | 'remove' | 'makeFolder'>;
  readonly processes: Processes;
  readonly me: Holder;
}

export interface Lock {
  release(): Promise<void>;
}

const FREE = 'free\n';

/** The files `<name>.<generation>` of a lock, lowest generation first. */
async function generations(parts: LockParts, folder: string, name: string): Promise<number[]> {
  const names = await parts.files.list(folder);
  return names
    .filter((file) => file.startsWith(`${name}.`))
    .map((file) => file.slice(name.length + 1))
    .filter((text) => /^\d+$/.test(text))
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * Takes a lock between processes, or gives undefined where a live one has it. Node has no flock, and a lock file of a
 * dead process cannot be taken over by removing it: two may do so and the second removes the lock of the first.
 * So each taking is a new generation, a file made exclusively, and the newest generation is the one that counts; a
 * generation number is never used twice, because a released lock leaves its newest file behind.
 * @param held says of the `note` a dead holder left whether the lock is to count as held still
 */
export async function takeLock(
  parts: LockParts,
  folder: string,
  name: string,
  note = '',
  held: (note: string) => boolean = () => false,
): Promise<Lock | undefined> {
  await parts.files.makeFolder(folder);
  const file = (generation: number): string => path.join(folder, `${name}.${generation}`);
  const newest = (await generations(parts, folder, name)).at(-1);
  if (newest !== undefined) {
    const text = await parts.files.readText(file(newest));
    // Gone already: somebody took a newer one at this moment.
    if (text === undefined) return undefined;
    if (!text.startsWith(FREE)) {
      if ((await readLife(file(newest), parts)) === 'alive') return undefined;
      if (held(text.split('\n')[1] ?? '')) return undefined;
    }
  }
  const own = (newest ?? 0) + 1;
  if (!(await createHolderFile(parts.files, file(own), `${formatHolder(parts.me)}${note}\n`))) return undefined;
  const all = await generations(parts, folder, name);
  if (all.some((generation) => generation > own)) {
    await parts.files.remove(file(own));
    return undefined;
  }
  for (const generation of all) if (generation < own) await parts.files.remove(file(generation));
  // Over the first bytes, in place: that needs no room on a full disk.
  return { release: () => parts.files.writeAt(file(own), 0, Buffer.from(FREE)) };
}

/** What the live process that has the lock noted at its taking; undefined where none has it. */
export async function noteOfHolder(parts: LockParts, folder: string, name: string): Promise<string | undefined> {
  const newest = (await generations(parts, folder, name)).at(-1);
  if (newest === undefined) return undefined;
  const file = path.join(folder, `${name}.${newest}`);
  const text = await parts.files.readText(file);
  if (text === undefined || text.startsWith(FREE)) return undefined;
  return (await readLife(file, parts)) === 'alive' ? (text.split('\n')[1] ?? '') : undefined;
}

/** Whether a live process has the lock. */
export async function isLocked(parts: LockParts, folder: string, name: string): Promise<boolean> {
  return (await noteOfHolder(parts, folder, name)) !== undefined;
}
