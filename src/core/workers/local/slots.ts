import * as path from 'node:path';
import { isRunId } from '../../domain/index.ts';
import type { Clock } from '../../system/index.ts';
import { formatHolder, readLife } from './holder.ts';
import type { Layout } from './layout.ts';
import { type Lock, type LockParts, takeLock } from './lock.ts';

/** Between two looks of a run that waits. */
const LOOK_MS = 200;

/** The waiting runs whose supervisors live, in order of their ids, which is the order in which they were made. */
export async function waitingRuns(parts: LockParts, layout: Layout): Promise<string[]> {
  const alive: string[] = [];
  for (const run of (await parts.files.list(layout.queue)).filter(isRunId)) {
    if ((await readLife(path.join(layout.queue, run), parts)) === 'alive') alive.push(run);
    else await parts.files.remove(path.join(layout.queue, run));
  }
  return alive;
}

export interface SlotWish {
  readonly run: string;
  /** Names of the locks that would do, and how many are needed. */
  readonly names: readonly string[];
  readonly count: number;
  /** Whether a run whose supervisor died still has processes: they use its slot. */
  readonly leftovers: (run: string) => boolean;
  /** Throws to end the waiting. */
  readonly check: () => Promise<void>;
}

export interface HeldSlots {
  readonly names: readonly string[];
  release(): Promise<void>;
}

/** Waits in line; the head gathers slots as they come free and keeps them. */
export async function waitForSlots(
  parts: LockParts & { clock: Clock },
  layout: Layout,
  wish: SlotWish,
): Promise<HeldSlots> {
  const ticket = path.join(layout.queue, wish.run);
  const locks = new Map<string, Lock>();
  const release = async (): Promise<void> => {
    for (const lock of locks.values()) await lock.release();
    locks.clear();
  };
  await parts.files.makeFolder(layout.queue);
  await parts.files.write(ticket, formatHolder(parts.me));
  try {
    for (;;) {
      await wish.check();
      if ((await waitingRuns(parts, layout))[0] === wish.run) {
        for (const name of wish.names) {
          if (locks.size >= wish.count) break;
          if (locks.has(name)) continue;
          const lock = await takeLock(parts, layout.slots, name, wish.run, wish.leftovers);
          if (lock) locks.set(name, lock);
        }
        if (locks.size >= wish.count) return { names: [...locks.keys()], release };
      }
      await parts.clock.sleep(LOOK_MS);
    }
  } catch (error) {
    await release();
    throw error;
  } finally {
    await parts.files.remove(ticket);
  }
}
