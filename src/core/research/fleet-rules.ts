import {
  type Base,
  type Box,
  type Environment,
  environmentFor,
  isEnd,
  type Millis,
  type Run,
} from '../domain/index.ts';
import type { BoxReport, RunReport } from '../workers/index.ts';

/** Between two tries of a box that does not answer: doubles from the first to the last, with full jitter. */
const FIRST_BACKOFF_MS = 1000;
const LAST_BACKOFF_MS = 60_000;
/** How far a box's clock may be off without a word about it: its runs are not moved before both clocks agree. */
const CLOCKS_MS = 5 * 60_000;
/** How long a box must have been silent to us before its runs are moved: after a night, the link may just come up. */
export const SILENT_MS = 10 * 60_000;

/** How long until the next try after so many that failed: doubles, up to a minute. */
export function backOffMs(failures: number): number {
  return Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(20, failures - 1));
}

/** An exit that came after the run was given up as lost. The `cancelled` that our own sweep leaves is none. */
export function isFoundLater(run: Run, report: RunReport): boolean {
  if (run.state !== 'lost' || report.state === 'absent' || report.state === 'lost' || !isEnd(report.state))
    return false;
  return report.state !== 'cancelled' || run.cancelAsked;
}

/** The box said no for good: trying again would say the same. A full disk is none: it passes. */
export const ENDS_RUN = new Set([
  'box-missing-tool',
  'missing-secret',
  'missing-input',
  'lfs-pointer',
  'link-missing',
  'bad-path',
  'bad-name',
  'not-yet',
  'bad-environment',
]);
/** Only a person can mend it, and asking in the background is forbidden. */
export const NEEDS_PERSON = new Set(['host-key', 'auth']);
/** Not this run's matter but the link's, or ours: nothing else can be asked of the box now. */
export const STOPS_BOX = new Set([...NEEDS_PERSON, 'unreachable', 'lease-lost', 'closing']);

/** What a box's name stands for: when this changes, the runs sent there are not asked for at the new place. */
export function addressOf(box: Box): string {
  return JSON.stringify([box.kind, box.kind === 'local' ? '' : box.host, box.root ?? '']);
}

/** Whether a box's own `python3` is what runs of this environment have: nothing sets up another one, or starts it. */
export function runsOwnPython({ setup, run }: Pick<Environment, 'setup' | 'run'>): boolean {
  return setup === undefined && /^\s*(?:[A-Za-z_]\w*=\S*\s+)*python3?\s/.test(run);
}

/** Whether runs of a box get the Python of an image, which nobody can ask before one is there. */
export function inImage(report: BoxReport | undefined): boolean {
  return report?.sandbox === 'docker' || report?.sandbox === 'apptainer';
}

/** The GPUs that a run asks for: of its base, unless it is a smoke run. */
export function gpusOf({ purpose }: Pick<Run, 'purpose'>, { environment }: Pick<Base, 'environment'>): number {
  return environmentFor(purpose, environment).resources.gpus;
}

/** Whether a run is (or may be) on the machine that its box's name stands for now. */
export function isAt(run: Run, box: string, address: string): boolean {
  return run.box === box && (run.address === undefined || run.address === address);
}

/** GPUs and CPU slots that runs may use on a box; a cluster gives out its own. */
export function slotsOf(
  box: Box,
  report: BoxReport | undefined,
): { readonly gpus: number; readonly cpuSlots: number; readonly maxJobs?: number } {
  if (box.kind === 'slurm') return { gpus: 0, cpuSlots: 0, maxJobs: box.max_jobs };
  const known = report?.gpus ?? [];
  const allowed = box.gpus;
  const usable = Array.isArray(allowed)
    ? known.filter((gpu) => allowed.includes(gpu.index))
    : allowed === 'all'
      ? known
      : [];
  return { gpus: usable.length, cpuSlots: box.kind === 'local' ? box.slots : box.cpu_slots };
}

/** Hours of measured run time that a box is sent ahead. */
export function awayHours(box: Box): number {
  return box.kind === 'slurm' ? 0 : box.away_hours;
}

/**
 * Until when a box may begin a run that is sent to it now, milliseconds since 1970: `away_hours` after the moment at
 * which it should begin. So a box that was sent away_hours of work ahead begins all of it while nobody is there, even
 * where everything takes up to twice as long as measured; and what a dead box was sent is free to go elsewhere within
 * twice that time. Undefined for a cluster: a place in its queue is not given up by a clock.
 * @param wait seconds until it should begin
 */
export function startBefore(box: Box, now: Millis, wait: number): Millis | undefined {
  return box.kind === 'slurm' ? undefined : now + wait * 1000 + box.away_hours * 3_600_000;
}

/**
 * Whether a run can no longer begin on its box: its time has passed by our clock, with room for a box's clock that is
 * off. Only then, or with the box's own word, or when a person gave the box up, does a waiting run go elsewhere.
 * @param skewMs how far the box's clock is off, as it was last seen
 */
export function isOverdue(run: Run, now: Millis, skewMs = 0): boolean {
  if (run.state !== 'waiting' && run.state !== 'shipping') return false;
  return run.startBefore !== undefined && now > run.startBefore + CLOCKS_MS + Math.abs(skewMs);
}

/** Less is the journey of an answer and the second that a box counts in. */
const LEAST_SKEW_MS = 5000;

/**
 * What a box says of a run, with its times by our clock: elapsed is counted from here.
 * @param skewMs how far the box's clock is ahead, as it was last seen
 */
export function inOurTime(report: RunReport, skewMs = 0): RunReport {
  if (Math.abs(skewMs) < LEAST_SKEW_MS) return report;
  // Whole seconds: the same moment must not be told as another one at each look.
  const ahead = Math.round(skewMs / 1000) * 1000;
  const { startedAt, endedAt } = report;
  return {
    ...report,
    ...(startedAt === undefined ? {} : { startedAt: startedAt - ahead }),
    ...(endedAt === undefined ? {} : { endedAt: endedAt - ahead }),
  };
}

/** The id of the next try of a run: `-a2`, `-a3`, … behind the first one's id. */
export function nextTryId(run: Pick<Run, 'id' | 'attempt'>): string {
  return `${run.id.replace(/-a\d+$/, '')}-a${run.attempt + 1}`;
}
