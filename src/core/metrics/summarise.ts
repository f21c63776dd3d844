import { better, type MetricPoint, type Objective, type ObjectiveValue } from '../domain/index.ts';

/**
 * The one number of a run's curve, by the objective's summary: the last value, the best, or the axis's value where
 * the target was first reached. A value outside `valid` is `invalid`; a curve that never was is `missing`.
 */
export function summariseObjective(objective: Objective, points: readonly MetricPoint[]): ObjectiveValue {
  const curve = points.filter((point) => point.name === objective.metric);
  if (typeof objective.summary === 'object') return timeToTarget(objective, objective.summary, points);
  const point = objective.summary === 'best' ? best(objective, curve) : curve.at(-1);
  if (!point) return { state: 'missing', value: null };
  return judged(objective, point, point.value);
}

function best(objective: Objective, curve: readonly MetricPoint[]): MetricPoint | undefined {
  const finite = curve.filter((point) => point.state === 'ok');
  const top = finite.reduce<MetricPoint | undefined>(
    (found, point) => (!found || better(objective.goal, point.value, found.value) ? point : found),
    undefined,
  );
  return top ?? curve.at(-1);
}

function judged(objective: Objective, point: MetricPoint, value: number): ObjectiveValue {
  if (point.state === 'nan') return { state: 'nan', value: null };
  if (point.state !== 'ok') return { state: 'inf', value: null };
  const [low, high] = objective.valid ?? [-Infinity, Infinity];
  return { state: point.value < low || point.value > high ? 'invalid' : 'ok', value };
}

function timeToTarget(
  objective: Objective,
  summary: { readonly target: number; readonly axis: string },
  points: readonly MetricPoint[],
): ObjectiveValue {
  const reached = points.findIndex(
    (point) =>
      point.name === objective.metric && point.state === 'ok' && !better(objective.goal, summary.target, point.value),
  );
  const point = points[reached];
  if (!point) {
    const last = points.findLast((one) => one.name === objective.metric);
    return last?.state === 'nan' ? { state: 'nan', value: null } : { state: 'missing', value: null };
  }
  const value = summary.axis === 'step' ? point.step : axisAt(summary.axis, points, reached);
  return value === null ? { state: 'missing', value: null } : judged(objective, point, value);
}

/** The axis at a point: of the same step where both have one, else the last value before it, else the next. */
function axisAt(axis: string, points: readonly MetricPoint[], at: number): number | null {
  const here = points[at];
  const axes = points.flatMap((point, index) =>
    point.name === axis && point.state === 'ok' ? [{ point, index }] : [],
  );
  const same = axes.filter(({ point }) => here?.step != null && point.step === here.step);
  const nearest = same.toSorted((a, b) => Math.abs(a.index - at) - Math.abs(b.index - at))[0];
  const found = nearest ?? axes.findLast(({ index }) => index < at) ?? axes.find(({ index }) => index > at);
  return found?.point.value ?? null;
}
