import type { Goal, Objective } from './environment.ts';

export interface Summary {
  readonly mean: number;
  /** Sample standard deviation; 0 for one value. */
  readonly std: number;
  readonly n: number;
}

/** Mean and sample standard deviation of at least one finite number; undefined for none. */
export function summarise(values: readonly number[]): Summary | undefined {
  const n = values.length;
  if (n === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: n > 1 ? Math.sqrt(squares / (n - 1)) : 0, n };
}

/** Whether `a` is strictly better than `b` under the goal. */
export function better(goal: Goal, a: number, b: number): boolean {
  return goal === 'minimize' ? a < b : a > b;
}

/** Orders values best first under the goal. */
export function byGoal(goal: Goal): (a: number, b: number) => number {
  return goal === 'minimize' ? (a, b) => a - b : (a, b) => b - a;
}

/** Which way the objective's number is better. A value of `{target, axis}` is how long it took: less is better. */
export function goalOf(objective: Objective): Goal {
  return typeof objective.summary === 'object' ? 'minimize' : objective.goal;
}
