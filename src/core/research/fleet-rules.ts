import { type Box, isEnd, type Run } from '../domain/index.ts';
import type { BoxReport, RunReport } from '../workers/index.ts';

/** Between two tries of a box that does not answer: doubles from the first to the last, with full jitter. */
const FIRST_BACKOFF_MS = 1000;
const LAST_BACKOFF_MS = 60_000;

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

/** The box said no for good: trying again would say the same. */
export const ENDS_RUN = new Set([
  'box-disk-full',
  'box-missing-tool',
  'missing-secret',
  'missing-input',
  'not-yet',
  'bad-environment',
]);
/** Only a person can mend it, and asking in the background is forbidden. */
export const NEEDS_PERSON = new Set(['host-key', 'auth']);
/** Not this run's matter but the link's, or ours: nothing else can be asked of the box now. */
export const STOPS_BOX = new Set([...NEEDS_PERSON, 'unreachable', 'lease-lost', 'closing']);

/** How many runs with so many GPUs a box can run at the same time. */
export function slotsOf(box: Box, report: BoxReport | undefined, gpus: number): number {
  if (box.kind === 'slurm') return box.max_jobs;
  if (gpus === 0) return box.kind === 'local' ? box.slots : box.cpu_slots;
  const known = report?.gpus ?? [];
  const allowed = box.gpus;
  const usable = Array.isArray(allowed)
    ? known.filter((gpu) => allowed.includes(gpu.index))
    : allowed === 'all'
      ? known
      : [];
  return Math.floor(usable.length / gpus);
}
