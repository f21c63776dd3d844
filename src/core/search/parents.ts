import { better, type CandidateId, type Goal, type Idea, type IdeaId, ideaOf } from '../domain/index.ts';
import type { Random } from '../system/index.ts';
import type { CandidateResult, Results } from './results.ts';

/**
 * The candidates a round builds on: drawn from those better than the baseline, from the single best so far where
 * none is (design §5 search, after the paper). Best first; at most `count`. What a person pinned and has a result comes
 * before all others, however it did.
 */
export function chooseParents(
  goal: Goal,
  results: Results,
  count: number,
  random: Random,
  pinned: ReadonlySet<IdeaId> = new Set(),
): readonly CandidateId[] {
  const beats = (result: CandidateResult): boolean => {
    const baseline = results.baselines.get(result.comparisonClass);
    return baseline !== undefined && better(goal, result.summary.mean, baseline.summary.mean);
  };
  const wished = results.candidates.filter((result) => pinned.has(ideaOf(result.candidate))).slice(0, count);
  const others = results.candidates.filter((result) => !wished.includes(result));
  const winners = others.filter(beats);
  const pool = winners.length > 0 ? winners : wished.length > 0 ? [] : others.slice(0, 1);
  const drawn = new Set(draw(pool, count - wished.length, random));
  return [...wished, ...pool.filter((result) => drawn.has(result))].map((result) => result.candidate);
}

/** The results that a round may build on: none of an idea that a person rejected, and the best of each other idea. */
export function buildable(results: Results, ideas: readonly Idea[]): Results {
  const off = new Set(
    ideas.filter((idea) => idea.rejection !== undefined || idea.dropped !== undefined).map(({ id }) => id),
  );
  const seen = new Set<IdeaId>();
  const candidates = results.candidates.filter(({ candidate }) => {
    const idea = ideaOf(candidate);
    return !off.has(idea) && !seen.has(idea) && seen.add(idea);
  });
  return { ...results, candidates };
}

/** `count` different members of a list by chance; all of it when it is no longer than that. */
export function draw<T>(from: readonly T[], count: number, random: Random): readonly T[] {
  const rest = [...from];
  const taken: T[] = [];
  while (taken.length < count && rest.length > 0) {
    const [one] = rest.splice(Math.floor(random.unit() * rest.length), 1);
    if (one !== undefined) taken.push(one);
  }
  return taken;
}
