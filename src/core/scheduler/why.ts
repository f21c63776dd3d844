import { mayRun } from './place.ts';
import { Room } from './room.ts';
import type { BoxLoad, QueuedRun } from './types.ts';

/** Why a waiting run goes nowhere, in words; undefined when some box will take it in time. */
export function whyWaiting(run: QueuedRun, boxes: readonly BoxLoad[]): string | undefined {
  if (boxes.length === 0) return 'There is no box. Add one with Add Box.';
  const named = run.wants === undefined ? boxes : boxes.filter((box) => box.name === run.wants);
  if (named.length === 0) return `There is no box named ${run.wants} any more.`;
  // A box that does not answer tells nothing of its slots either.
  if (named.every((box) => !box.takes)) {
    return named.map((box) => box.why ?? `${box.name} takes nothing now.`).join(' ');
  }
  const names = named.map((box) => box.name).join(', ');
  const fitting = named.filter((box) => !box.takes || new Room(box).fits(run.gpus));
  if (fitting.every((box) => !box.takes)) {
    return run.gpus === 0
      ? `None of ${names} has a CPU slot.`
      : `None of ${names} has ${run.gpus} GPU${run.gpus === 1 ? '' : 's'} (resources.gpus in research.yaml).`;
  }
  if (run.wantsClass !== undefined && !fitting.some((box) => box.takes && mayRun(run, box))) {
    return `It is a baseline for ${run.wantsClass}, and no box of that class takes runs now.`;
  }
  return undefined;
}

/** `whyWaiting` of many runs: those that want the same are asked about once. */
export function whyAllWait(
  queue: readonly QueuedRun[],
  boxes: readonly BoxLoad[],
): ReadonlyMap<string, string | undefined> {
  const known = new Map<string, string | undefined>();
  return new Map(
    queue.map((run) => {
      const key = JSON.stringify([run.wants, run.wantsClass, run.gpus]);
      if (!known.has(key)) known.set(key, whyWaiting(run, boxes));
      return [run.run, known.get(key)];
    }),
  );
}
