import type { LeaderboardRow, RowStatus, RunCell } from '../../src/core/research/leaderboard-types.ts';

export const LIVE_STATUSES: ReadonlySet<RowStatus> = new Set([
  'queued',
  'shipping',
  'waiting',
  'preparing',
  'running',
  'finishing',
]);
export const FAILED_STATUSES: ReadonlySet<RowStatus> = new Set(['failed', 'timed-out', 'lost', 'failed-to-implement']);

export type Tone = 'plain' | 'live' | 'good' | 'bad' | 'muted' | 'attention';

export interface StatusLook {
  readonly words: string;
  /** A codicon's name. */
  readonly icon: string;
  readonly tone: Tone;
  readonly spins?: boolean;
}

const LOOKS: Readonly<Record<RowStatus, StatusLook>> = {
  implementing: { words: 'Implementing', icon: 'loading', tone: 'live', spins: true },
  'failed-to-implement': { words: 'Not implemented', icon: 'tools', tone: 'bad' },
  ready: { words: 'Ready for review', icon: 'git-pull-request', tone: 'attention' },
  rejected: { words: 'Rejected', icon: 'circle-slash', tone: 'muted' },
  approved: { words: 'Approved', icon: 'verified', tone: 'attention' },
  duplicate: { words: 'Duplicate', icon: 'copy', tone: 'muted' },
  queued: { words: 'Queued', icon: 'clock', tone: 'muted' },
  shipping: { words: 'Shipping', icon: 'cloud-upload', tone: 'live' },
  waiting: { words: 'Waiting for a slot', icon: 'watch', tone: 'live' },
  preparing: { words: 'Preparing', icon: 'gear', tone: 'live' },
  running: { words: 'Running', icon: 'loading', tone: 'live', spins: true },
  finishing: { words: 'Finishing', icon: 'loading', tone: 'live', spins: true },
  flagged: { words: 'Not confirmed', icon: 'warning', tone: 'attention' },
  succeeded: { words: 'Succeeded', icon: 'pass', tone: 'good' },
  failed: { words: 'Failed', icon: 'error', tone: 'bad' },
  'timed-out': { words: 'Timed out', icon: 'watch', tone: 'bad' },
  cancelled: { words: 'Cancelled', icon: 'circle-slash', tone: 'muted' },
  lost: { words: 'Lost', icon: 'debug-disconnect', tone: 'bad' },
};

const UNKNOWN: StatusLook = { words: 'Unknown', icon: 'question', tone: 'muted' };

/** How a status is shown: always words beside the icon, never colour alone. */
export function lookOf(status: RowStatus): StatusLook {
  return LOOKS[status] ?? UNKNOWN;
}

export function isLive(status: RowStatus): boolean {
  return LIVE_STATUSES.has(status);
}

/** Where rows without a number stand: what may still get one first, what never will last. */
export function statusWeight(status: RowStatus): number {
  if (status === 'succeeded') return 0;
  if (status === 'flagged') return 0;
  if (status === 'running' || status === 'finishing') return 1;
  if (isLive(status)) return 2;
  if (status === 'approved') return 3;
  if (status === 'ready') return 4;
  if (status === 'implementing') return 5;
  if (FAILED_STATUSES.has(status)) return 7;
  return 6;
}

export function isBaseline(row: LeaderboardRow): boolean {
  return row.key.startsWith('baseline/');
}

/** The runs whose values count towards the row's number. */
export function countedRuns(row: LeaderboardRow): readonly RunCell[] {
  return row.runs.filter((run) => run.counts);
}

/** Seeds that came to a value, and seeds asked for. */
export function seedsOf(row: LeaderboardRow): { readonly done: number; readonly total: number } {
  const counted = countedRuns(row);
  return { done: counted.filter((run) => run.state === 'succeeded').length, total: counted.length };
}

/** The boxes of the row's counted runs, each once. */
export function boxesOf(row: LeaderboardRow): readonly string[] {
  return [...new Set(countedRuns(row).flatMap((run) => (run.box === undefined ? [] : [run.box])))];
}

/** Since when no box of a live run answered; undefined while all do. */
export function unreachableSince(row: LeaderboardRow): number | undefined {
  const times = row.runs.flatMap((run) =>
    isLive(run.state) && run.unreachableSince !== undefined ? [run.unreachableSince] : [],
  );
  return times.length === 0 ? undefined : Math.min(...times);
}
