import {
  better,
  type Candidate,
  type CandidateId,
  type Goal,
  type Run,
  type Summary,
  summarise,
} from '../domain/index.ts';

/** What one candidate's (or the baseline's) counted runs came to within one comparison class. */
export interface ClassResult {
  readonly comparisonClass: string;
  readonly values: readonly number[];
  readonly summary: Summary;
}

export interface CandidateResult extends ClassResult {
  readonly candidate: CandidateId;
  /** Against the baseline's mean of the same class; undefined while that has no baseline. */
  readonly delta?: number;
  readonly sigmas?: number;
  readonly improved?: boolean;
}

export interface Results {
  readonly baselines: ReadonlyMap<string, ClassResult>;
  /** One per candidate: the class with most counted runs, best first under the goal. */
  readonly candidates: readonly CandidateResult[];
}

/** The runs whose objective may be compared: ended well, counting, with a real value. */
export function countedValue(run: Run): number | undefined {
  if (!run.counts || run.state !== 'succeeded') return undefined;
  return run.objective?.state === 'ok' ? run.objective.value : undefined;
}

function byClass(runs: readonly Run[]): ClassResult[] {
  const groups = Map.groupBy(runs, (run) => run.comparisonClass ?? '');
  return [...groups].flatMap(([comparisonClass, members]) => {
    const values = members.map(countedValue).filter((value) => value !== undefined);
    const summary = summarise(values);
    return summary ? [{ comparisonClass, values, summary }] : [];
  });
}

/**
 * A candidate improved when its mean beats the baseline's by more than the spread explains: two standard errors of
 * the difference where both sides have a spread, plainly better where neither has.
 */
export function isImprovement(goal: Goal, own: Summary, baseline: Summary): boolean {
  if (!better(goal, own.mean, baseline.mean)) return false;
  const spread = own.n > 1 ? Math.max(own.std, baseline.std) : baseline.std;
  const standardError = spread * Math.sqrt(1 / own.n + 1 / baseline.n);
  return Math.abs(own.mean - baseline.mean) > 2 * standardError;
}

/** Folds the rows of one base into comparable results. Pure: the same rows give the same results. */
export function foldResults(goal: Goal, candidates: readonly Candidate[], runs: readonly Run[]): Results {
  const baselines = new Map(
    byClass(runs.filter((run) => run.purpose === 'baseline')).map((result) => [result.comparisonClass, result]),
  );
  const trials = Map.groupBy(
    runs.filter((run) => run.purpose === 'trial' && run.candidate !== undefined),
    (run) => run.candidate ?? '',
  );
  const results = candidates.flatMap((candidate) => {
    const own = byClass(trials.get(candidate.id) ?? []).sort((a, b) => b.values.length - a.values.length)[0];
    return own ? [compare(goal, candidate.id, own, baselines.get(own.comparisonClass))] : [];
  });
  results.sort((a, b) => rankOrder(goal, a, b));
  return { baselines, candidates: results };
}

/** Best first. Within one class by mean; across classes by the gain over each one's own baseline. */
function rankOrder(goal: Goal, a: CandidateResult, b: CandidateResult): number {
  const sign = goal === 'minimize' ? 1 : -1;
  if (a.comparisonClass === b.comparisonClass) return sign * (a.summary.mean - b.summary.mean);
  if (a.delta !== undefined && b.delta !== undefined) return sign * (a.delta - b.delta);
  return Number(a.delta === undefined) - Number(b.delta === undefined);
}

function compare(
  goal: Goal,
  candidate: CandidateId,
  own: ClassResult,
  baseline: ClassResult | undefined,
): CandidateResult {
  if (!baseline) return { candidate, ...own };
  const delta = own.summary.mean - baseline.summary.mean;
  const sigmas = baseline.summary.std > 0 ? delta / baseline.summary.std : undefined;
  return { candidate, ...own, delta, sigmas, improved: isImprovement(goal, own.summary, baseline.summary) };
}
