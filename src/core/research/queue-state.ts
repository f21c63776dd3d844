import { isEnd, type Run } from '../domain/index.ts';
import { baselineClasses, inOrder, measure } from '../scheduler/index.ts';
import type { Schedule } from '../store/index.ts';
import type { QueueState } from './types.ts';

/**
 * What the views show of our queue. Pure.
 * @param runs all runs of one base, in the order in which they were queued
 * @param gpus what one run asks for
 */
export function foldQueue(runs: readonly Run[], schedule: Schedule, gpus: number): QueueState {
  const live = runs.filter((run) => !isEnd(run.state));
  const queued = live.filter((run) => run.state === 'queued');
  const seconds = measure(runs);
  const measured = new Set(runs.flatMap((run) => run.comparisonClass ?? []));
  const only = measured.size === 1 ? [...measured][0] : undefined;
  const expected = live.flatMap((run) => {
    // A run that is on no box yet may come to any class: only where all are alike its time is known.
    const comparisonClass = run.comparisonClass ?? run.wantsClass ?? only;
    const value = comparisonClass === undefined ? undefined : seconds(run.base, comparisonClass);
    return value === undefined ? [] : [[run.id, value] as const];
  });
  return {
    paused: schedule.paused,
    order: queued
      .map((run) => ({ ...run, run: run.id, gpus, priority: run.priority ?? 0 }))
      .sort(inOrder)
      .map((run) => run.run),
    seconds: Object.fromEntries(expected),
    withoutBaseline: withoutBaseline(runs),
  };
}

function withoutBaseline(runs: readonly Run[]): QueueState['withoutBaseline'] {
  // A baseline that a box was named for has a class as soon as the box has been seen; until then it is on its way.
  const onItsWay = new Set(
    runs.flatMap((run) => (run.purpose === 'baseline' && !isEnd(run.state) && run.wants ? [run.wants] : [])),
  );
  const has = baselineClasses(runs, () => undefined);
  const trials = runs.filter(
    (run) =>
      run.purpose === 'trial' &&
      run.comparisonClass !== undefined &&
      (!isEnd(run.state) || run.state === 'succeeded') &&
      !has(run.base, run.comparisonClass) &&
      !onItsWay.has(run.box ?? ''),
  );
  return [...Map.groupBy(trials, (run) => run.comparisonClass ?? '')].map(([comparisonClass, own]) => ({
    comparisonClass,
    trials: own.length,
    boxes: [...new Set(own.flatMap((run) => run.box ?? []))].sort(),
  }));
}
