import { type Candidate, isEnd, type Run } from '../domain/index.ts';

/** A run that ends later than this has trained: what stopped it is seldom a slip of the patch. */
const FIRST_MINUTES_MS = 5 * 60_000;
/** Ended from outside (out of memory, told to stop), or never begun: 126 and 127 are the shell's. */
const NOT_THE_PATCH: ReadonlySet<number> = new Set([126, 127, 137, 143]);

/** What every kind of box says of a run command that failed by itself: not of `setup`, `evaluate` or protected files. */
const COMMAND_ENDED = /^The (?:run )?command ended with exit code \d/;

/** Whether a run's own command crashed within its first minutes: not its box, its setup, a person or the clock. */
export function isEarlyCrash(run: Run): boolean {
  if (run.purpose !== 'trial' || run.state !== 'failed' || run.startedAt === undefined) return false;
  if (run.exitCode === undefined || run.exitCode === 0 || NOT_THE_PATCH.has(run.exitCode)) return false;
  return COMMAND_ENDED.test(run.reason ?? '') && (run.endedAt ?? run.startedAt) - run.startedAt <= FIRST_MINUTES_MS;
}

/**
 * The crash that goes back to the implementer, of a candidate whose runs have all ended: none once it came to a value,
 * was revised already, or its idea had all the fixes that are allowed.
 * @param own all candidates of its idea; @param runs all of their runs
 */
export function crashToMend(
  candidate: Candidate,
  own: readonly Candidate[],
  runs: readonly Run[],
  allowed: number,
): Run | undefined {
  const trials = runs.filter((run) => run.candidate === candidate.id && run.purpose === 'trial' && run.counts);
  if (trials.length === 0 || !trials.every((run) => isEnd(run.state))) return undefined;
  if (trials.some((run) => run.state === 'succeeded') || own.some((one) => one.revises === candidate.id))
    return undefined;
  if (crashesBefore(candidate, own, runs).length >= allowed) return undefined;
  return trials.findLast(isEarlyCrash);
}

/** The crashed runs that this candidate and those it goes back to were made for, the newest first. */
export function crashesBefore(candidate: Candidate, own: readonly Candidate[], runs: readonly Run[]): readonly Run[] {
  const crashes: Run[] = [];
  const seen = new Set([candidate.id]);
  for (let id = candidate.revises; id !== undefined && !seen.has(id); ) {
    seen.add(id);
    const crash = runs.findLast((run) => run.candidate === id && isEarlyCrash(run));
    if (crash) crashes.push(crash);
    id = own.find((one) => one.id === id)?.revises;
  }
  return crashes;
}

/** The line that names the error: the same one again is not mended by asking once more. */
export function errorLine(tail: string): string {
  return tail.trimEnd().split('\n').at(-1)?.trim() ?? '';
}
