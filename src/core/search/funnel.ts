import { type Candidate, type Idea, type IdeaId, isEnd, type Run } from '../domain/index.ts';
import { flagsFor } from './outcomes.ts';
import type { Results } from './results.ts';

/** How far an idea comes, in order. */
export const FUNNEL_STAGES = ['proposed', 'distinct', 'applied', 'passed', 'ran', 'succeeded', 'ranked'] as const;
export type FunnelStage = (typeof FUNNEL_STAGES)[number];

/** Where one idea stands: the last stage it came to, and why it came no further. */
export interface FunnelPlace {
  readonly idea: IdeaId;
  readonly stage: FunnelStage;
  /** A code or word for what was lost: `too-close`, `duplicate`, a refusal's code, `failed`, a flag's code. */
  readonly lost?: string;
  /** The same in a sentence. */
  readonly reason?: string;
}

export interface Funnel {
  /** How many ideas came at least so far. */
  readonly counts: Readonly<Record<FunnelStage, number>>;
  readonly places: readonly FunnelPlace[];
}

/** Refusals of what could not be put into the files; every other refusal is a gate's. */
const NOT_APPLIED: ReadonlySet<string> = new Set([
  'no-edits',
  'malformed',
  'truncated',
  'elided-code',
  'empty-search',
  'file-not-found',
  'file-exists',
  'no-match',
  'ambiguous',
  'already-applied',
  'overlap',
  'stale-edit',
  'bad-literal',
]);

/** Counts how far ideas came and names each loss. Pure; by the rows of one base, of one round or of all. */
export function foldFunnel(
  ideas: readonly Idea[],
  candidates: readonly Candidate[],
  runs: readonly Run[],
  results: Results,
): Funnel {
  // What a person wrote themselves is no merit of the implementer.
  const made = candidates.filter((candidate) => !candidate.byHand);
  const byIdea = Map.groupBy(made, (candidate) => candidate.idea);
  const places = ideas.map((idea) => placeOf(idea, byIdea.get(idea.id) ?? [], runs, results));
  const counts = Object.fromEntries(
    FUNNEL_STAGES.map((stage, index) => [
      stage,
      places.filter((place) => FUNNEL_STAGES.indexOf(place.stage) >= index).length,
    ]),
  ) as Record<FunnelStage, number>;
  return { counts, places };
}

/** By the candidate of the idea that came furthest: a crash that was mended is no loss. */
function placeOf(idea: Idea, own: readonly Candidate[], runs: readonly Run[], results: Results): FunnelPlace {
  const { id } = idea;
  if (idea.dropped !== undefined && own.length === 0) {
    const twin = idea.dropped.startsWith('too close to');
    return { idea: id, stage: 'proposed', lost: twin ? 'too-close' : 'dropped', reason: idea.dropped };
  }
  if (own.length === 0) return { idea: id, stage: 'distinct' };
  const all = own.map((candidate) => furthest(candidate, runs, results));
  const best = all.reduce((top, one) => (rank(one) >= rank(top) ? one : top));
  return { idea: id, ...best };
}

function rank({ stage }: Pick<FunnelPlace, 'stage'>): number {
  return FUNNEL_STAGES.indexOf(stage);
}

function furthest(candidate: Candidate, runs: readonly Run[], results: Results): Omit<FunnelPlace, 'idea'> {
  const { id, state, failure, duplicateOf } = candidate;
  if (duplicateOf !== undefined) {
    return { stage: 'proposed', lost: 'duplicate', reason: `the same patch as #${duplicateOf}` };
  }
  if (state === 'failed') {
    const lost = failure?.code ?? 'failed';
    const reason = failure?.message ?? 'no reason was given';
    return { stage: NOT_APPLIED.has(lost) ? 'distinct' : 'applied', lost, reason };
  }
  if (state === 'implementing') return { stage: 'distinct' };
  if (state === 'rejected') {
    return { stage: 'passed', lost: 'rejected', reason: failure?.message ?? 'a person rejected it' };
  }
  const trials = runs.filter((run) => run.candidate === id && run.purpose === 'trial' && run.counts);
  const began = trials.filter((run) => run.startedAt !== undefined);
  if (began.length === 0) return { stage: 'passed' };
  if (results.candidates.some((one) => one.candidate === id)) return { stage: 'ranked' };
  if (results.flagged.has(id)) {
    const codes = began.flatMap((run) => results.judged.get(run.id)?.flags.map(({ code }) => code) ?? []);
    return { stage: 'succeeded', lost: [...new Set(codes)].join(', '), reason: flagsFor(id, runs, results).join(' ') };
  }
  const ended = began.findLast((run) => isEnd(run.state));
  if (!ended) return { stage: 'ran' };
  const without = ended.state === 'succeeded' ? `no value (${ended.objective?.state ?? 'missing'})` : ended.state;
  return { stage: 'ran', lost: without, reason: ended.reason ?? without };
}
