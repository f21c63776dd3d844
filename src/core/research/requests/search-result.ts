import { type Base, better, goalOf, type Idea, ideaOf, type Search, summarise } from '../../domain/index.ts';
import { foldBase } from '../../search/index.ts';
import { mainBaseline, statusWithFlags } from '../leaderboard.ts';
import type { Parts } from '../parts.ts';
import type { SearchResult } from '../types.ts';

/** The search in one object: what `--json` prints. */
export async function resultOf(parts: Parts, base: Base, search: Search): Promise<SearchResult> {
  const goal = goalOf(base.environment.objective);
  const [ideas, candidates, runs] = [
    await parts.store.ideas(base.id),
    await parts.store.candidates({ base: base.id }),
    await parts.store.runs({ base: base.id }),
  ];
  const results = foldBase(base.environment, candidates, runs);
  const byIdea = (id: number) =>
    results.candidates.find((result) => candidates.some((one) => one.id === result.candidate && one.idea === id));
  const hand = new Set(candidates.filter((one) => one.byHand).map((one) => one.id));
  // What a person wrote themselves counts as a result, and not as what was made for the idea.
  const madeForIt = ({ id }: Idea) =>
    results.candidates.some(({ candidate }) => ideaOf(candidate) === id && !hand.has(candidate));
  const rounds = (await parts.store.rounds(base.id)).filter((round) => round.createdAt >= search.startedAt);
  const baseline = mainBaseline(results)?.summary ?? summarise([Number.NaN]);
  const best = results.candidates[0];
  const bestCandidate = candidates.find((one) => one.id === best?.candidate);
  return {
    goal,
    baseline: baseline ?? { mean: Number.NaN, std: 0, n: 0 },
    rounds: rounds.map((round) => {
      const own = ideas.filter((idea) => idea.round === round.number && idea.dropped === undefined);
      const values = own.flatMap((idea) => byIdea(idea.id)?.summary.mean ?? []);
      return {
        number: round.number,
        ideas: own.map((idea) => {
          const result = byIdea(idea.id);
          const newest = candidates.findLast((one) => one.idea === idea.id);
          const trials = runs.filter((run) => run.candidate === newest?.id && run.purpose === 'trial');
          return {
            id: idea.id,
            title: idea.title,
            status: newest ? statusWithFlags(newest, trials, results).status : 'proposed',
            value: result?.summary.mean ?? null,
            delta: result?.delta ?? null,
            parents: idea.parents.map((parent) => parent.candidate),
          };
        }),
        completion: own.length === 0 ? 0 : own.filter(madeForIt).length / own.length,
        best: values.reduce<number | null>(
          (top, value) => (top === null || better(goal, value, top) ? value : top),
          null,
        ),
      };
    }),
    best:
      best && bestCandidate
        ? {
            idea: bestCandidate.idea,
            candidate: best.candidate,
            value: best.summary.mean,
            delta: best.delta ?? 0,
            improved: best.improved ?? false,
          }
        : null,
  };
}
