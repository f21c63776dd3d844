import type { MetricPoint } from '../../domain/index.ts';
import { pointOf } from '../numbers.ts';

/** The axis of a record: the first of these that it has, as a number. Upper and lower case are alike. */
const AXES = ['step', '_step', 'global_step', 'iteration', 'iter', 'epoch'];
/** Where things stood and when, but no results. */
const CLOCKS = new Set(['wall time', 'wall_time', 'timestamp', 'time']);

/** The points of one record of a file: every number but the axis, names that begin with `_`, and times of day. */
export function pointsOfRecord(numbers: readonly (readonly [string, number])[]): MetricPoint[] {
  const named = numbers.map(([name, value]) => [name.toLowerCase(), name, value] as const);
  const axis = AXES.find((wanted) => named.some(([lower, , value]) => lower === wanted && Number.isFinite(value)));
  const step = named.find(([lower]) => lower === axis)?.[2] ?? null;
  return named
    .filter(([lower, name]) => name !== '' && !name.startsWith('_') && lower !== axis && !CLOCKS.has(lower))
    .filter(([lower]) => lower === 'epoch' || !AXES.includes(lower))
    .map(([, name, value]) => pointOf(name, step, value));
}
