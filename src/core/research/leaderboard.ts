import type { Round } from '../domain/index.ts';
import {
  type Base,
  type Candidate,
  type Goal,
  goalOf,
  type Idea,
  ideaOf,
  isEnd,
  type Run,
  type Summary,
} from '../domain/index.ts';
import {
  type CandidateResult,
  flagsFor,
  foldBase,
  type Judged,
  numberOf,
  type Results,
  reportedValue,
} from '../search/index.ts';
import type { Leaderboard, LeaderboardRow, RowStatus, RunCell } from './types.ts';

/** The rows a leaderboard is folded from, all of one base. */
export interface BoardInput {
  readonly base: Base;
  readonly behind: boolean;
  readonly rounds: readonly Round[];
  readonly ideas: readonly Idea[];
  readonly candidates: readonly Candidate[];
  readonly runs: readonly Run[];
  /** Thinned objective curves by run. */
  readonly sparks: ReadonlyMap<string, readonly number[]>;
}

/** Folds the rows of one base into the leaderboard: baselines first, then ranked candidates, then the rest. Pure. */
export function foldLeaderboard(input: BoardInput): Leaderboard {
  const { objective } = input.base.environment;
  const { metric } = objective;
  const goal = goalOf(objective);
  const results = foldBase(input.base.environment, input.candidates, input.runs);
  const ideas = new Map(input.ideas.map((idea) => [idea.id, idea]));
  const runs = Map.groupBy(input.runs, (run) => run.candidate ?? '');
  const places = new Map(results.candidates.map((result, index) => [result.candidate, index]));
  const candidateRows = input.candidates.flatMap((candidate) => {
    const idea = ideas.get(candidate.idea);
    const trials = (runs.get(candidate.id) ?? []).filter((run) => run.purpose === 'trial');
    const place = places.get(candidate.id);
    return idea ? [candidateRow(candidate, idea, trials, input, place, results)] : [];
  });
  const rows = [...baselineRows(input, results), ...candidateRows.sort(byRank)];
  return {
    goal,
    metric,
    baseId: input.base.id,
    baseCommit: input.base.commit,
    behind: input.behind,
    rows,
    rounds: input.rounds.map((round) => ({ ...round, ...roundSummary(round, input, results, goal) })),
  };
}

function byRank(a: LeaderboardRow, b: LeaderboardRow): number {
  return (
    (a.rank ?? Number.POSITIVE_INFINITY) - (b.rank ?? Number.POSITIVE_INFINITY) || (a.idea ?? 0) - (b.idea ?? 0) || 0
  );
}

function baselineRows(input: BoardInput, results: Results): LeaderboardRow[] {
  const baseline = input.runs.filter((run) => run.purpose === 'baseline');
  return [...Map.groupBy(baseline, (run) => run.comparisonClass ?? '')].map(([comparisonClass, runs]) => ({
    key: `baseline/${comparisonClass}`,
    title: 'Baseline',
    hypothesis: 'The base, unchanged, with several seeds: what ideas are compared to.',
    parents: [],
    status: statusOfRuns(runs) ?? 'queued',
    ...(comparisonClass === '' ? {} : { comparisonClass }),
    ...cells(runs, input.sparks, results),
    objective: results.baselines.get(comparisonClass)?.summary,
  }));
}

function candidateRow(
  candidate: Candidate,
  idea: Idea,
  runs: readonly Run[],
  input: BoardInput,
  place: number | undefined,
  results: Results,
): LeaderboardRow {
  return {
    key: candidate.id,
    candidate: candidate.id,
    idea: idea.id,
    round: idea.round,
    title: idea.title,
    hypothesis: idea.hypothesis,
    lane: idea.lane,
    move: idea.move,
    kind: candidate.kind,
    ...(candidate.byHand ? { byHand: true } : {}),
    parents: idea.parents,
    ...statusWithFlags(candidate, runs, results),
    ...cells(runs, input.sparks, results),
    ...resultFields(place === undefined ? results.flagged.get(candidate.id) : results.candidates[place]),
    rank: place === undefined ? undefined : place + 1,
  };
}

function resultFields(result: CandidateResult | undefined) {
  if (!result) return {};
  const { comparisonClass, summary, delta, sigmas, improved } = result;
  return { comparisonClass, objective: summary, delta, sigmas, improved };
}

/** A result that nobody has confirmed says what it is flagged for, once nothing of it is going on. */
export function statusWithFlags(
  candidate: Candidate,
  runs: readonly Run[],
  results: Results,
): { readonly status: RowStatus; readonly reason?: string } {
  const plain = statusOf(candidate, runs);
  if (!results.flagged.has(candidate.id) || !runs.every((run) => isEnd(run.state))) return plain;
  return { status: 'flagged', reason: flagsFor(candidate.id, runs, results).join(' ') };
}

/** What a candidate's row says: its runs once there are any, else its own state. */
export function statusOf(
  candidate: Candidate,
  runs: readonly Run[],
): { readonly status: RowStatus; readonly reason?: string } {
  const fromRuns = statusOfRuns(runs);
  if (fromRuns) {
    const reason = runs.findLast((run) => run.state === fromRuns && run.reason !== undefined)?.reason;
    return reason === undefined ? { status: fromRuns } : { status: fromRuns, reason };
  }
  if (candidate.duplicateOf !== undefined) {
    return { status: 'duplicate', reason: `The same patch as #${candidate.duplicateOf}.` };
  }
  switch (candidate.state) {
    case 'failed':
      return { status: 'failed-to-implement', reason: candidate.failure?.message };
    case 'rejected':
      return { status: 'rejected', reason: candidate.failure?.message };
    default:
      return { status: candidate.state };
  }
}

/** One state for several runs: the one furthest along that is live, else a success, else the newest end. */
function statusOfRuns(runs: readonly Run[]): RowStatus | undefined {
  const counting = runs.filter((run) => run.counts);
  const live = counting.filter((run) => !isEnd(run.state));
  const order = ['finishing', 'running', 'preparing', 'waiting', 'shipping', 'queued'] as const;
  const furthest = order.find((state) => live.some((run) => run.state === state));
  if (furthest) return furthest;
  if (counting.some((run) => reportedValue(run) !== undefined)) return 'succeeded';
  return counting.at(-1)?.state ?? runs.at(-1)?.state;
}

function cells(runs: readonly Run[], sparks: BoardInput['sparks'], { judged }: Results) {
  const started = runs.flatMap((run) => (run.startedAt === undefined ? [] : [run.startedAt]));
  const elapsed = runs.reduce(
    (sum, run) => sum + (run.startedAt !== undefined && run.endedAt !== undefined ? run.endedAt - run.startedAt : 0),
    0,
  );
  const spark = runs.map((run) => sparks.get(run.id)).findLast((values) => values !== undefined && values.length > 1);
  return {
    runs: runs.map((run) => cell(run, judged.get(run.id))),
    spark: spark ?? [],
    startedAt: started.length > 0 ? Math.min(...started) : undefined,
    elapsedMs: elapsed > 0 ? elapsed : undefined,
  };
}

function cell(run: Run, judged: Judged | undefined): RunCell {
  const { id, seed, state, box, exitCode, reason, purpose, verified, attempt, counts } = run;
  const { startedAt, endedAt, unreachableSince, lastMetric, logBytes } = run;
  const value = numberOf(run);
  return {
    ...{ id, seed, state, box, value, exitCode, reason, purpose, verified, attempt, counts },
    ...{ startedAt, endedAt, unreachableSince, lastMetric, logBytes },
    ...judged,
  };
}

function roundSummary(
  round: Round,
  input: BoardInput,
  results: Results,
  goal: Goal,
): { readonly completion: number; readonly byHand: number; readonly best?: number } {
  const ideas = new Set(input.ideas.filter((idea) => idea.round === round.number).map((idea) => idea.id));
  const kept = input.ideas.filter((idea) => ideas.has(idea.id) && idea.dropped === undefined);
  const done = results.candidates.filter((result) => ideas.has(ideaOf(result.candidate)));
  const hand = new Set(input.candidates.filter((one) => one.byHand).map((one) => one.id));
  const ideasDone = new Set(done.filter((one) => !hand.has(one.candidate)).map((one) => ideaOf(one.candidate)));
  const byHand = new Set(done.map((one) => ideaOf(one.candidate))).size - ideasDone.size;
  const means = done.map((result) => result.summary.mean).sort((a, b) => (goal === 'minimize' ? a - b : b - a));
  return { completion: kept.length === 0 ? 0 : ideasDone.size / kept.length, byHand, best: means[0] };
}

/** The baseline of the class with most seeds: what one number in a terminal is compared to. */
export function mainBaseline(
  results: Results,
): { readonly comparisonClass: string; readonly summary: Summary } | undefined {
  return [...results.baselines.values()].sort((a, b) => b.summary.n - a.summary.n)[0];
}
