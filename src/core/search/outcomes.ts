import type { Candidate, Idea, Run } from '../domain/index.ts';
import { isEnd } from '../domain/index.ts';
import type { Outcome } from '../ideator/index.ts';
import type { CandidateResult, Results } from './results.ts';

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
  return ideas.map((idea) => {
    if (idea.rejection !== undefined) return { idea, verdict: 'rejected', reason: idea.rejection };
    if (idea.dropped !== undefined) return { idea, verdict: 'dropped', reason: idea.dropped };
    const own = (byIdea.get(idea.id) ?? []).toSorted((a, b) => b.number - a.number);
    const result = results.candidates.find(({ candidate }) => own.some((one) => one.id === candidate));
    const candidate = own.find((one) => one.id === result?.candidate);
    if (result && candidate) return { idea, candidate, ...compared(result), ...evidence.get(candidate.id) };
    const doubted = own.find((one) => results.flagged.has(one.id));
    if (!doubted) return withoutNumber(idea, own, runs, evidence);
    const { summary, delta } = results.flagged.get(doubted.id) ?? {};
    const reason = flagsFor(doubted.id, runs, results).join(' ');
    const told = { idea, candidate: doubted, objective: summary, delta, reason };
    return { ...told, verdict: 'flagged', ...evidence.get(doubted.id) };
  });
}

function compared({ summary, delta, improved, worsened }: CandidateResult): Omit<Outcome, 'idea'> {
  if (delta === undefined) return { verdict: 'no baseline', objective: summary };
  return { verdict: improved ? 'better' : worsened ? 'worse' : 'no different', objective: summary, delta };
}

/** What the runs of a candidate are flagged for, each reason once. */
export function flagsFor(candidate: string, runs: readonly Run[], { judged }: Pick<Results, 'judged'>): string[] {
  const own = runs.filter((run) => run.candidate === candidate);
  return [...new Set(own.flatMap((run) => judged.get(run.id)?.flags.map(({ message }) => message) ?? []))];
}

/**
 * An idea none of whose candidates came to a number. One that crashed has said something of the idea, also where no
 * later patch mended it; one that waits or runs has not.
 * @param own its candidates, the newest first
 */
function withoutNumber(
  idea: Idea,
  own: readonly Candidate[],
  runs: readonly Run[],
  evidence: ReadonlyMap<string, Evidence>,
): Outcome {
  const [newest] = own;
  if (!newest) return { idea, verdict: 'not run' };
  const trials = (one: Candidate) =>
    runs.filter((run) => run.candidate === one.id && run.purpose === 'trial' && run.counts && isEnd(run.state));
  const over = own.filter((one) => one.id !== newest.id || isOver(one) || trials(one).length > 0);
  if (over.length < own.length) return { idea, candidate: newest, verdict: 'not run' };
  for (const candidate of over) {
    const ended = trials(candidate);
    const crash = ended.findLast(({ state }) => state === 'failed' || state === 'timed-out');
    const empty = ended.findLast(({ state }) => state === 'succeeded');
    const told = { idea, candidate, ...evidence.get(candidate.id) };
    if (crash) return { ...told, verdict: 'failed to run', reason: crash.reason ?? crash.state };
    if (empty) return { ...told, verdict: 'no number', reason: EMPTY[empty.objective?.state ?? 'missing'] };
  }
  const reason = newest.failure?.message;
  if (newest.state === 'failed') return { idea, candidate: newest, verdict: 'failed to implement', reason };
  if (newest.state === 'rejected') return { idea, candidate: newest, verdict: 'rejected', reason };
  if (newest.duplicateOf === undefined) return { idea, candidate: newest, verdict: 'not run' };
  return { idea, candidate: newest, verdict: 'dropped', reason: `its patch is that of ${newest.duplicateOf}` };
}

/** Whether nothing more will come of a candidate that has not run. */
function isOver({ state, duplicateOf }: Candidate): boolean {
  return state === 'failed' || state === 'rejected' || duplicateOf !== undefined;
}

const EMPTY: Readonly<Record<string, string>> = {
  nan: 'it became NaN',
  inf: 'it became infinite',
  missing: 'it was never reported',
};
