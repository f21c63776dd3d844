import {
  better,
  type Candidate,
  type CandidateId,
  type Environment,
  type Goal,
  goalOf,
  type Run,
  type RunId,
  type Summary,
  summarise,
} from '../domain/index.ts';

import {
  DEFAULT_GUARDRAILS,
  flagsOf,
  type Guardrails,
  guardrailsOf,
  type Judged,
  judge,
  reportedValue,
  type Yardstick,
} from './guardrails.ts';

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
  /** As sure to be worse as `improved` is to be better; neither where it is within the noise. */
  readonly worsened?: boolean;
}

export interface Results {
  readonly baselines: ReadonlyMap<string, ClassResult>;
  /** One per candidate: the class with most counted runs, best first under the goal. */
  readonly candidates: readonly CandidateResult[];
  /** Runs whose number is not believed at once, by id; with who confirmed it all the same. */
  readonly judged: ReadonlyMap<RunId, Judged>;
  /** What candidates came to that nobody has confirmed: shown, never ranked, never a parent, never the best. */
  readonly flagged: ReadonlyMap<CandidateId, CandidateResult>;
}

/** The runs whose objective may be compared: ended well, counting, with a real value. */
export function countedValue(run: Run): number | undefined {
  if (!run.counts || run.state !== 'succeeded') return undefined;
  return run.objective?.state === 'ok' ? run.objective.value : undefined;
}

function byClass(runs: readonly Run[], reported: (run: Run) => number | undefined): ClassResult[] {
  const groups = Map.groupBy(runs, (run) => run.comparisonClass ?? '');
  return [...groups].flatMap(([comparisonClass, members]) => {
    const values = members.map(reported).filter((value) => value !== undefined);
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
export function foldResults(
  goal: Goal,
  candidates: readonly Candidate[],
  runs: readonly Run[],
  guardrails: Guardrails = DEFAULT_GUARDRAILS,
): Results {
  const unchanged = runs.filter((run) => run.purpose === 'baseline');
  const baselines = new Map(byClass(unchanged, countedValue).map((result) => [result.comparisonClass, result]));
  const yardsticks = Map.groupBy(
    unchanged.filter((run) => countedValue(run) !== undefined),
    (run) => run.comparisonClass ?? '',
  );
  const trials = Map.groupBy(
    runs.filter((run) => run.purpose === 'trial' && run.candidate !== undefined),
    (run) => run.candidate ?? '',
  );
  const judged = new Map<RunId, Judged>();
  for (const candidate of candidates) {
    const own = trials.get(candidate.id) ?? [];
    const flagged = own.map((run) => {
      const measure = yardstick(run.comparisonClass ?? '', baselines, yardsticks, guardrails);
      return { run, measure, flags: flagsOf(run, candidate, goal, measure, guardrails) };
    });
    for (const { run, measure, flags } of flagged) {
      const fellows = flagged.filter((one) => (one.run.comparisonClass ?? '') === (run.comparisonClass ?? ''));
      if (flags.length > 0) judged.set(run.id, judge(run, flags, fellows, measure.summary, guardrails));
    }
  }
  const stands = (run: Run) => !judged.has(run.id) || judged.get(run.id)?.confirmed !== undefined;
  const results: CandidateResult[] = [];
  const flagged = new Map<CandidateId, CandidateResult>();
  for (const { id } of candidates) {
    const own = trials.get(id) ?? [];
    const believed = mostRuns(byClass(own, (run) => (stands(run) ? reportedValue(run) : undefined)));
    const shown = believed ?? mostRuns(byClass(own, reportedValue));
    const result = shown && compare(goal, id, shown, baselines.get(shown.comparisonClass));
    if (result && believed) results.push(result);
    else if (result) flagged.set(id, { ...result, improved: false, worsened: false });
  }
  results.sort((a, b) => rankOrder(goal, a, b));
  return { baselines, candidates: results, judged, flagged };
}

/** What a class is measured by: its own baseline; where it has none, a number of another kind of hardware, if that compares. */
function yardstick(
  comparisonClass: string,
  baselines: ReadonlyMap<string, ClassResult>,
  runs: ReadonlyMap<string, readonly Run[]>,
  { portable = false }: Guardrails,
): Yardstick {
  const own = baselines.get(comparisonClass) ?? (portable ? mostRuns([...baselines.values()]) : undefined);
  return { ...(own ? { summary: own.summary } : {}), runs: runs.get(comparisonClass) ?? [] };
}

/** The rows of one base by its own objective and guardrails. */
export function foldBase(environment: Environment, candidates: readonly Candidate[], runs: readonly Run[]): Results {
  return foldResults(goalOf(environment.objective), candidates, runs, guardrailsOf(environment));
}

function mostRuns(classes: readonly ClassResult[]): ClassResult | undefined {
  return classes.toSorted((a, b) => b.values.length - a.values.length)[0];
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
  const other: Goal = goal === 'minimize' ? 'maximize' : 'minimize';
  const improved = isImprovement(goal, own.summary, baseline.summary);
  const worsened = isImprovement(other, own.summary, baseline.summary);
  return { candidate, ...own, delta, sigmas, improved, worsened };
}
