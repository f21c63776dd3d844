import { isEnd, type Run } from '../domain/index.ts';
import { isOfCluster } from './types.ts';

/** How many of the last runs speak for how long one takes: code and data change over time. */
const LAST = 10;

const key = (base: number, comparisonClass: string) => `${base} ${comparisonClass}`;

/**
 * Seconds that a run of a base takes in a comparison class: the median of its last ten that succeeded there. The others
 * say little: a crash comes early and a timeout is the limit.
 * @param runs in the order in which they were queued
 */
export function measure(runs: readonly Run[]): (base: number, comparisonClass: string) => number | undefined {
  const seconds = new Map<string, number[]>();
  for (const { base, comparisonClass, state, startedAt, endedAt } of runs) {
    if (state !== 'succeeded' || comparisonClass === undefined || startedAt === undefined || endedAt === undefined) {
      continue;
    }
    const list = seconds.get(key(base, comparisonClass)) ?? [];
    list.push(Math.max(0, endedAt - startedAt) / 1000);
    seconds.set(key(base, comparisonClass), list);
  }
  const medians = new Map(
    [...seconds].map(([name, all]) => {
      const last = all.slice(-LAST).sort((a, b) => a - b);
      return [name, last[last.length >> 1]] as const;
    }),
  );
  return (base, comparisonClass) => medians.get(key(base, comparisonClass));
}

/**
 * Which classes have a baseline of a base, have one under way, or one in the queue that is meant for them.
 * @param classOfBox what a baseline that a box was named for will be compared as, where that is known
 */
export function baselineClasses(
  runs: readonly Run[],
  classOfBox: (base: number, box: string) => string | undefined,
): (base: number, comparisonClass: string) => boolean {
  const classes = new Set<string>();
  for (const run of runs) {
    if (run.purpose !== 'baseline') continue;
    const gaveValue = run.state === 'succeeded' && run.objective?.state === 'ok';
    if (isEnd(run.state) && !gaveValue) continue;
    const named = run.wants === undefined ? undefined : classOfBox(run.base, run.wants);
    const meant = run.wantsClass ?? named;
    const comparisonClass = run.comparisonClass ?? meant;
    if (comparisonClass !== undefined) classes.add(key(run.base, comparisonClass));
    if (meant !== undefined && isOfCluster(meant)) classes.add(key(run.base, meant));
  }
  return (base, comparisonClass) => classes.has(key(base, comparisonClass));
}
