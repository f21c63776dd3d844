import type { Candidate, Idea, Run } from '../domain/index.ts';
import { isEnd } from '../domain/index.ts';
import type { Outcome } from '../ideator/index.ts';
import type { Results } from './results.ts';

/** What an idea's newest candidate and its runs came to, beyond the rows: read from logs and curves by the caller. */
export interface Evidence {
  readonly curve?: string;
  readonly tail?: string;
}

/**
 * Tells each idea's outcome in the words the ideator reads. "Failed to implement" is ours and "worse" is the idea's:
 * they are never mixed.
 */
export function outcomesOf(
  ideas: readonly Idea[],
  candidates: readonly Candidate[],
  runs: readonly Run[],
  results: Results,
  evidence: ReadonlyMap<string, Evidence> = new Map(),
): Outcome[] {
  const byIdea = Map.groupBy(candidates, (candidate) => candidate.idea);
  const byCandidate = new Map(results.candidates.map((result) => [result.candidate, result]));
  return ideas.map((idea) => {
    if (idea.rejection !== undefined) return { idea, verdict: 'rejected', reason: idea.rejection };
    if (idea.dropped !== undefined) return { idea, verdict: 'dropped', reason: idea.dropped };
    const own = (byIdea.get(idea.id) ?? []).toSorted((a, b) => b.number - a.number);
    const candidate = own.find((one) => byCandidate.has(one.id)) ?? own[0];
    if (!candidate) return { idea, verdict: 'not run' };
    const result = byCandidate.get(candidate.id);
    if (result) {
      const verdict = result.improved
        ? 'better'
        : (result.delta ?? 0) === 0 || isNoise(result)
          ? 'no different'
          : 'worse';
      const told = { idea, candidate, objective: result.summary, ...evidence.get(candidate.id) };
      return result.delta === undefined ? { ...told, verdict: 'not run' } : { ...told, verdict, delta: result.delta };
    }
    const doubted = own.find((one) => results.flagged.has(one.id));
    if (doubted) {
      const { summary, delta } = results.flagged.get(doubted.id) ?? {};
      const reason = flagsFor(doubted.id, runs, results).join(' ');
      return {
        idea,
        candidate: doubted,
        verdict: 'flagged',
        objective: summary,
        delta,
        reason,
        ...evidence.get(doubted.id),
      };
    }
    return { idea, candidate, ...verdictWithoutResult(candidate, runs), ...evidence.get(candidate.id) };
  });
}

/** What the runs of a candidate are flagged for, each reason once. */
export function flagsFor(candidate: string, runs: readonly Run[], { judged }: Pick<Results, 'judged'>): string[] {
  const own = runs.filter((run) => run.candidate === candidate);
  return [...new Set(own.flatMap((run) => judged.get(run.id)?.flags.map(({ message }) => message) ?? []))];
}

function isNoise(result: Results['candidates'][number]): boolean {
  return result.sigmas !== undefined && Math.abs(result.sigmas) < 2;
}

function verdictWithoutResult(candidate: Candidate, runs: readonly Run[]): Pick<Outcome, 'verdict' | 'reason'> {
  if (candidate.state === 'failed') {
    return { verdict: 'failed to implement', reason: candidate.failure?.message };
  }
  if (candidate.state === 'rejected') return { verdict: 'rejected', reason: candidate.failure?.message };
  const ended = runs.filter((run) => run.candidate === candidate.id && isEnd(run.state));
  const last = ended.at(-1);
  return last && last.state !== 'cancelled' && last.state !== 'lost'
    ? { verdict: 'failed to run', reason: last.reason ?? last.state }
    : { verdict: 'not run' };
}
