import type { RunId } from '../domain/index.ts';

/** A run that waits for a box. */
export interface QueuedRun {
  readonly run: RunId;
  /** The box a person named; none: any. */
  readonly wants?: string;
  readonly gpus: number;
  readonly purpose: 'baseline' | 'trial' | 'smoke' | 'evaluate';
  readonly queuedAt: number;
}

/** A box as the queue sees it. */
export interface BoxLoad {
  readonly name: string;
  /** False while it does not answer, is drained, or needs a person. */
  readonly takes: boolean;
  /** Why it takes nothing, in a sentence; only of interest where it does not. */
  readonly why?: string;
  /** How many runs with so many GPUs it can run at the same time; 0 where it never can. */
  readonly slots: (gpus: number) => number;
  /** Runs of ours on it that have not ended. */
  readonly live: number;
  /** Seconds one run took there lately; undefined before the first ended. */
  readonly secondsPerRun?: number;
  /** Hours of measured run time to send ahead, so that the box works on while we are gone. */
  readonly awayHours: number;
  /** Whether it has the code already. */
  readonly warm: boolean;
}

export interface Placement {
  readonly run: RunId;
  readonly box: string;
}

/** How many runs a box may hold at once: those it can run, and the queue that `awayHours` of measured time make. */
export function capacity(box: BoxLoad, gpus: number): number {
  const slots = box.slots(gpus);
  if (slots === 0) return 0;
  // Before anything is measured one run a slot waits ahead: a slot never idles, and little is bound to one box.
  const ahead =
    box.secondsPerRun === undefined
      ? slots
      : Math.floor((box.awayHours * 3600 * slots) / Math.max(1, box.secondsPerRun));
  return slots + ahead;
}

/**
 * Decides which waiting run goes to which box, in order: baselines first, then first come first served. Among boxes
 * with room the least loaded per slot takes it, then the one that has the code, then by name. Pure.
 */
export function place(queue: readonly QueuedRun[], boxes: readonly BoxLoad[]): Placement[] {
  const live = new Map(boxes.map((box) => [box.name, box.live]));
  const load = (box: BoxLoad, gpus: number) => (live.get(box.name) ?? 0) / box.slots(gpus);
  const placements: Placement[] = [];
  const order = queue.toSorted(
    (a, b) =>
      Number(b.purpose === 'baseline') - Number(a.purpose === 'baseline') ||
      a.queuedAt - b.queuedAt ||
      (a.run < b.run ? -1 : 1),
  );
  for (const run of order) {
    const [box] = boxes
      .filter((one) => one.takes && (run.wants === undefined || run.wants === one.name))
      .filter((one) => (live.get(one.name) ?? 0) < capacity(one, run.gpus))
      .sort(
        (a, b) =>
          load(a, run.gpus) - load(b, run.gpus) || Number(b.warm) - Number(a.warm) || (a.name < b.name ? -1 : 1),
      );
    if (!box) continue;
    live.set(box.name, (live.get(box.name) ?? 0) + 1);
    placements.push({ run: run.run, box: box.name });
  }
  return placements;
}

/** Why a waiting run goes nowhere, in words; undefined when some box will take it in time. */
export function whyWaiting(run: QueuedRun, boxes: readonly BoxLoad[]): string | undefined {
  if (boxes.length === 0) return 'There is no box. Add one with Add Box.';
  const named = run.wants === undefined ? boxes : boxes.filter((box) => box.name === run.wants);
  if (named.length === 0) return `There is no box named ${run.wants} any more.`;
  // A box that does not answer tells nothing of its slots either.
  if (named.every((box) => !box.takes)) {
    return named.map((box) => box.why ?? `${box.name} takes nothing now.`).join(' ');
  }
  if (named.every((box) => !box.takes || box.slots(run.gpus) === 0)) {
    return run.gpus === 0
      ? `None of ${named.map((box) => box.name).join(', ')} has a CPU slot.`
      : `None of ${named.map((box) => box.name).join(', ')} has ${run.gpus} GPU${run.gpus === 1 ? '' : 's'} (resources.gpus in research.yaml).`;
  }
  return undefined;
}
