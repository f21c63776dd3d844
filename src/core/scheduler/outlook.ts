import { isEnd, type Millis, type Run, type RunId } from '../domain/index.ts';

/** What is known of how a live run goes on. */
export interface Outlook {
  /** Its place among the runs that no box has yet, 1 for the next. */
  readonly inQueue?: number;
  /** Its place in its box's own queue, 1 for the head. */
  readonly onBox?: number;
  /** Since it began, milliseconds. */
  readonly elapsedMs?: number;
  /** What such runs took, from begin to end, milliseconds; absent where none was measured. */
  readonly usualMs?: number;
  /** The later try that stands in for it: it was moved, or lost and tried again. */
  readonly later?: Run;
}

/** The parts of `QueueState` it is made of. */
interface Schedule {
  readonly order: readonly RunId[];
  readonly seconds: Readonly<Record<RunId, number>>;
}

/**
 * What is known of how runs go on. Pure.
 * @param runs all runs of the base, for who stands in for whom
 */
export function outlooks(runs: readonly Run[], known: Schedule): (run: Run, now: Millis) => Outlook {
  const places = new Map(known.order.map((id, index) => [id, index + 1]));
  const later = new Map(runs.flatMap((run) => (run.retries === undefined ? [] : [[run.retries, run] as const])));
  return (run, now) => {
    const inQueue = places.get(run.id);
    const seconds = known.seconds[run.id];
    const stands = later.get(run.id);
    return {
      ...(inQueue === undefined ? {} : { inQueue }),
      ...(run.position === undefined || run.state !== 'waiting' ? {} : { onBox: run.position }),
      ...(run.startedAt === undefined || isEnd(run.state) ? {} : { elapsedMs: Math.max(0, now - run.startedAt) }),
      ...(seconds === undefined ? {} : { usualMs: seconds * 1000 }),
      ...(stands === undefined ? {} : { later: stands }),
    };
  };
}
