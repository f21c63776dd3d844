/**
 * `implementing → ready → approved | rejected`, or `failed(code)`.
 * Failed is ours, never "the idea is bad": the implementer could not make the patch.
 */
export const CANDIDATE_STATES = ['implementing', 'ready', 'approved', 'rejected', 'failed'] as const;
export type CandidateState = (typeof CANDIDATE_STATES)[number];

export const RUN_STATES = [
  'queued',
  'shipping',
  'waiting',
  'preparing',
  'running',
  'finishing',
  'succeeded',
  'failed',
  'timed-out',
  'cancelled',
  'lost',
] as const;
export type RunState = (typeof RUN_STATES)[number];

const END: ReadonlySet<RunState> = new Set(['succeeded', 'failed', 'timed-out', 'cancelled', 'lost']);
const ORDER: readonly RunState[] = ['queued', 'shipping', 'waiting', 'preparing', 'running', 'finishing'];

/** True once a run has ended. Only `lost` may still be replaced, by an exit found later. */
export function isEnd(state: RunState): boolean {
  return END.has(state);
}

/**
 * Whether a run may go from one state to another. Live states only move forward (a poll may skip some);
 * any live state may end; an end stays, except `lost`, which the box's own exit file replaces.
 * `shipping → queued` is a step back: the ship failed before the box had the run. So is anything that had begun `→
 * waiting`: a cluster took its node away, and will start it again.
 */
export function runMayMove(from: RunState, to: RunState): boolean {
  if (from === to) return false;
  if (from === 'lost') return to !== 'lost' && END.has(to);
  if (END.has(from)) return false;
  if (END.has(to)) return true;
  if (from === 'shipping' && to === 'queued') return true;
  if (to === 'waiting' && (from === 'preparing' || from === 'running' || from === 'finishing')) return true;
  return ORDER.indexOf(to) > ORDER.indexOf(from);
}

export function candidateMayMove(from: CandidateState, to: CandidateState): boolean {
  switch (from) {
    case 'implementing':
      return to === 'ready' || to === 'failed';
    case 'ready':
      return to === 'approved' || to === 'rejected';
    case 'approved':
    case 'rejected':
      // Undo: a decision may be taken back while nothing of it has run; the caller checks that.
      return to === 'ready';
    case 'failed':
      return false;
  }
}
