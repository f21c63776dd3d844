import { type Budgets, isEnd, type Millis, type Run } from '../domain/index.ts';

/** How much longer than the median run a straggler may take before its round goes on without it. */
const PATIENCE = 2;
/** The share of a round's runs that must have ended before any counts as a straggler. */
const MOST = 0.8;

/**
 * Whether the next round may begin: every run of this one ended, or nearly all did and the rest take more than twice
 * the median of those that came to their end: a crash says nothing of how long a run takes. A late run still counts when
 * it ends; nothing is thrown away.
 */
export function roundIsReady(runs: readonly Run[], now: Millis): boolean {
  const ended = runs.filter((run) => isEnd(run.state));
  if (ended.length === runs.length) return true;
  if (ended.length < runs.length * MOST) return false;
  const durations = ended
    .filter(({ state }) => state === 'succeeded' || state === 'timed-out')
    .flatMap((run) => (run.startedAt !== undefined && run.endedAt !== undefined ? [run.endedAt - run.startedAt] : []))
    .sort((a, b) => a - b);
  const median = durations[Math.floor(durations.length / 2)];
  if (median === undefined) return false;
  return runs.every(
    (run) => isEnd(run.state) || (run.startedAt !== undefined && now - run.startedAt > PATIENCE * median),
  );
}

/** What a search has used so far, in the units of its budgets. */
export type Spent = Required<Budgets>;

/** The first budget that is used up, in words for a person; undefined while there is room. */
export function budgetUsedUp(budgets: Budgets, spent: Spent): string | undefined {
  const units = { ideas: 'ideas', runs: 'runs', gpuHours: 'GPU-hours', money: 'of money', wallHours: 'hours' } as const;
  for (const key of Object.keys(units) as (keyof Budgets)[]) {
    const limit = budgets[key];
    if (limit !== undefined && spent[key] >= limit) {
      return `The budget of ${limit} ${units[key]} is used up (${Math.round(spent[key] * 100) / 100} so far).`;
    }
  }
  return undefined;
}
