import type { Base, MetricPoint, Run } from '../domain/index.ts';
import { metricNames, summariseObjective } from '../metrics/index.ts';
import type { RunPatch } from '../store/index.ts';
import type { RunReport } from '../workers/index.ts';
import type { LogFollower } from './follow.ts';
import type { Parts } from './parts.ts';

/** What a run that succeeded came to: its number and who says it, and how long its own curve is. */
export async function objectiveOf(
  parts: Parts,
  run: Run,
  base: Base,
  report: RunReport,
  log: Pick<LogFollower, 'pointsFrom'>,
): Promise<RunPatch> {
  // A smoke run is asked whether it ends well, and for no number.
  if (report.state !== 'succeeded' || run.purpose === 'smoke') return {};
  const { evaluate, objective } = base.environment;
  const judged = evaluate !== undefined && (run.purpose === 'baseline' || run.purpose === 'trial');
  // Only what evaluate itself printed is its word: the run may have printed the same name before.
  const printed =
    judged && report.evaluatedAt !== undefined ? await log.pointsFrom(report.evaluatedAt) : ([] as MetricPoint[]);
  const all = await parts.store.metrics(run.id, { names: [objective.metric] });
  const own = withoutEnd(
    all,
    printed.filter((point) => point.name === objective.metric),
  );
  const curve = { points: own.length, end: own.at(-1)?.step ?? null };
  return { ...(await numberOf(parts, run, base, judged, printed)), curve };
}

async function numberOf(
  { store }: Parts,
  run: Run,
  { environment: { objective } }: Base,
  judged: boolean,
  printed: readonly MetricPoint[],
): Promise<RunPatch> {
  const word = summariseObjective(objective, printed);
  if (word.state !== 'missing') return { objective: word, verified: word.state === 'ok' };
  const axis = typeof objective.summary === 'object' ? [objective.summary.axis] : [];
  const value = summariseObjective(objective, await store.metrics(run.id, { names: [objective.metric, ...axis] }));
  if (value.state !== 'missing') {
    if (!judged) return { objective: value, verified: false };
    const reason = `evaluate printed no ${objective.metric}, so the number is what the run itself reported: not verified.`;
    return { objective: value, verified: false, reason };
  }
  const names = metricNames(await store.metrics(run.id));
  const seen = names.length === 0 ? 'No metric at all was found in its log' : `Found instead: ${names.join(', ')}`;
  const reason =
    `The run never printed ${objective.metric} (objective.metric in research.yaml). ${seen}. ` +
    'Name one of these, or add a pattern under metrics.';
  return { objective: value, verified: false, reason };
}

/**
 * The points without those that evaluate printed at their end: they are no part of the run's curve. Where files tell of
 * the metric, the log's points are not among them.
 */
export function withoutEnd(points: readonly MetricPoint[], end: readonly MetricPoint[]): readonly MetricPoint[] {
  const cut = points.length - end.length;
  const same = (one: MetricPoint | undefined, other: MetricPoint) =>
    one !== undefined && one.step === other.step && Object.is(one.value, other.value);
  return cut >= 0 && end.every((point, index) => same(points[cut + index], point)) ? points.slice(0, cut) : points;
}
