import {
  bounded,
  type Candidate,
  isEnd,
  isOfLauncher,
  namesError,
  type Run,
  startsTraceback,
  withoutRank,
} from '../domain/index.ts';

/** A run that ends later than this has trained: what stopped it is seldom a slip of the patch. */
const FIRST_MINUTES_MS = 5 * 60_000;
/** Ended from outside: out of memory, told to stop. */
const NOT_THE_PATCH: ReadonlySet<number> = new Set([137, 143]);

/** Whether a run's own command failed by itself: not its box, `setup`, `evaluate`, a person or the clock. */
export function commandFailed({ state, cause, exitCode = 0, startedAt }: Run): boolean {
  return state === 'failed' && cause === 'exited' && startedAt !== undefined && !NOT_THE_PATCH.has(exitCode);
}

/** Whether a trial's own command crashed within its first minutes. */
export function isEarlyCrash(run: Run): boolean {
  const { purpose, startedAt = 0, endedAt = startedAt } = run;
  return purpose === 'trial' && commandFailed(run) && endedAt - startedAt <= FIRST_MINUTES_MS;
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

const LONGEST_WORDS = 300;

/**
 * The line that names the error: the last one that a traceback ends with, else the last of all. Without what differs
 * each time: the rank that printed it, addresses, process numbers.
 */
export function errorLine(tail: string): string {
  return told(tail).line;
}

/** What a command that failed said last, as a person is told it: the error that it names, else its last line. */
export function lastWords(tail: string): string {
  const { line, isError } = told(tail);
  return line === ''
    ? 'It printed nothing.'
    : `${isError ? 'Its error' : 'Its last line'}: ${bounded(line, LONGEST_WORDS)}`;
}

function told(tail: string): { readonly line: string; readonly isError: boolean } {
  const lines = linesOf(tail);
  const error = namedError(lines);
  const line = error ?? lines.findLast((one) => one !== '')?.trim() ?? '';
  const same = line.replaceAll(/0x[0-9a-f]+/gi, '0x…').replaceAll(/\b(pid|process)([ =:]+)\d+/gi, '$1$2…');
  return { line: same, isError: error !== undefined };
}

function linesOf(tail: string): readonly string[] {
  return tail.split('\n').map((line) => withoutRank(line).trimEnd());
}

function namedError(lines: readonly string[]): string | undefined {
  const named = lines.map((line) => line.trim()).filter(namesError);
  return [...named, ...raised(lines)].findLast((line) => !isOfLauncher(line));
}

/** The lines that tracebacks end with: not every exception is called an error. */
function raised(lines: readonly string[]): readonly string[] {
  const found: string[] = [];
  let inside = false;
  for (const line of lines) {
    if (startsTraceback(line)) inside = true;
    else if (inside && /^\S/.test(line)) {
      inside = false;
      if (/^[A-Za-z_][\w.]{0,200}(?::|$)/.test(line)) found.push(line);
    }
  }
  return found;
}

/** Whether two crashes are of the same error: that one again is not mended by asking once more. */
export function sameError(one: string, other: string): boolean {
  return errorLine(one) === errorLine(other);
}

/** What torchrun and DeepSpeed say of a process that was killed or told to stop; they themselves end with 1. */
const CHILD_ENDED = /\bexitcode {0,4}: -(?:9|15)\b|exits with return code = -(?:9|15)\b/;

/** Whether the run's process was ended from outside under a launcher, and said nothing of an error of its own. */
export function isEndedFromOutside(tail: string): boolean {
  return CHILD_ENDED.test(tail) && !told(tail).isError;
}

const OUT_OF_MEMORY = /out of memory/i;
/** How PyTorch names the processes of a GPU that is full: its own too where it does not know itself, as in a container. */
const PROCESS = /Process \d+ has ([\d.]+) ([KMGT])iB memory in use/g;
const OWN = /\bthis process has [\d.]+ [KMGT]iB/i;
const ALLOCATED = /allocated memory ([\d.]+) ([KMGT])iB is allocated by PyTorch/;
const GIB: Readonly<Record<string, number>> = { K: 1 / 1024 ** 2, M: 1 / 1024, G: 1, T: 1024 };
/** A driver's own context on a GPU takes a few hundred MiB. */
const OTHERS_GIB = 1;
/** What a process takes beyond what PyTorch has allocated: what is reserved, the context, libraries. */
const BEYOND_GIB = 4;

/** Whether a run found a GPU full of what others have there: then no other patch is needed. */
export function isOutOfMemoryOfOthers(tail: string): boolean {
  if (!OUT_OF_MEMORY.test(tail)) return false;
  const sizes = [...tail.matchAll(PROCESS)].map(gib);
  const own = OWN.test(tail) ? undefined : gib(ALLOCATED.exec(tail) ?? []);
  const mine = sizes.findIndex((size) => own !== undefined && size >= own - 0.1 && size <= own + BEYOND_GIB);
  return sizes.some((size, index) => index !== mine && size >= OTHERS_GIB);
}

function gib([, size, unit]: readonly (string | undefined)[]): number {
  return Number(size) * (GIB[unit ?? ''] ?? 0);
}
