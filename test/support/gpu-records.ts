import { existsSync, readFileSync } from 'node:fs';

/** One run as the box itself saw it: which slots it had, from when to when, in nanoseconds. */
export interface Stay {
  readonly run: string;
  /** The GPUs by index; empty for a run without one. */
  readonly gpus: readonly number[];
  readonly start: bigint;
  /** Undefined while it runs, and where it was killed. */
  readonly end?: bigint;
}

/**
 * A command that works for so many seconds and writes down, into a file on the box, when it began and ended and which
 * GPUs it was given. One `echo` a line: appends of several runs do not mix.
 */
export function recorded(file: string, work: string): string {
  const line = (word: string) => `echo "${word} $RUN_ID $(date +%s%N) $CUDA_VISIBLE_DEVICES" >>${file}`;
  return `${line('start')}; ${work}; ${line('end')}; echo "val_loss: 1.5"`;
}

/** What is written down in the file, in the order of the starts. */
export function stays(file: string): Stay[] {
  if (!existsSync(file)) return [];
  const found: Stay[] = [];
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [word, run = '', at = '', gpus = ''] = line.split(' ');
    if (word === 'start') {
      const indices = gpus === '' ? [] : gpus.split(',').map(Number);
      found.push({ run, gpus: indices, start: BigInt(at) });
    } else if (word === 'end') {
      const open = found.findLastIndex((stay) => stay.run === run && stay.end === undefined);
      const stay = found[open];
      if (stay) found[open] = { ...stay, end: BigInt(at) };
    }
  }
  return found;
}

/** The most that held at the same time. */
export function mostAtOnce(some: readonly Stay[]): number {
  const marks = some.flatMap(({ start, end }) => [
    { at: start, by: 1 },
    ...(end === undefined ? [] : [{ at: end, by: -1 }]),
  ]);
  marks.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.by - b.by));
  let now = 0;
  let most = 0;
  for (const { by } of marks) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

/** For each GPU that any had, the most that had it at the same time. */
export function mostPerGpu(some: readonly Stay[]): ReadonlyMap<number, number> {
  const indices = [...new Set(some.flatMap(({ gpus }) => gpus))].sort();
  return new Map(indices.map((index) => [index, mostAtOnce(some.filter(({ gpus }) => gpus.includes(index)))]));
}
