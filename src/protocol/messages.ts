import type { Leaderboard, LeaderboardRow } from '../core/research/leaderboard-types.ts';

/**
 * What the host and the leaderboard page say to each other. The host is the only truth: it sends a snapshot, then
 * deltas with rising `seq` in one `gen`; the page asks for a resync when it sees a gap. The host checks every message
 * of the page against `fromPageSchema` (schemas.ts): the page shows remote text and is not trusted.
 */
export type ToPage =
  /** Everything, after `ready`, `resync` or a change too large for a delta. */
  | {
      readonly type: 'snapshot';
      readonly gen: number;
      readonly seq: number;
      readonly at: number;
      readonly board: Leaderboard | null;
      readonly notice?: Notice;
    }
  /** Rows that changed or came, keys that went; header fields as they are now. */
  | {
      readonly type: 'delta';
      readonly gen: number;
      readonly seq: number;
      readonly at: number;
      readonly rows: readonly LeaderboardRow[];
      readonly removed: readonly string[];
      readonly header: Omit<Leaderboard, 'rows'>;
      readonly notice?: Notice;
    }
  /** One metric of one run: x (step or index) and y, as many as the run has; NaN marks a gap. */
  | {
      readonly type: 'curve';
      readonly request: number;
      readonly run: string;
      readonly metric: string;
      readonly x: Float64Array;
      readonly y: Float64Array;
      readonly live: boolean;
    }
  | { readonly type: 'metrics'; readonly request: number; readonly run: string; readonly names: readonly string[] }
  /** The lines asked for; `total` counts all lines so far, `\r` folded. `sgr` text is shown as text only. */
  | {
      readonly type: 'log';
      readonly request: number;
      readonly run: string;
      readonly first: number;
      readonly lines: readonly string[];
      readonly total: number;
      readonly bytes: number;
      readonly live: boolean;
    }
  | {
      readonly type: 'logMatches';
      readonly request: number;
      readonly run: string;
      readonly lines: readonly number[];
      readonly truncated: boolean;
    }
  /** A run on screen grew: ask again for what you show. Sent at most ten times a second. */
  | { readonly type: 'grew'; readonly run: string; readonly logLines: number; readonly metrics: boolean }
  | { readonly type: 'failed'; readonly request: number; readonly message: string };

/** Why there is nothing to show, or why what is shown is old. */
export interface Notice {
  readonly kind: 'no-environment' | 'no-base' | 'no-runs' | 'error' | 'stale';
  readonly message: string;
  /** One of the page's buttons, by command. */
  readonly action?: PageCommand;
}

/** Commands a button of the page may run: the same ones the palette and the trees run. */
export const PAGE_COMMANDS = [
  'setUp',
  'generateIdeas',
  'reviewIdea',
  'runOnGpu',
  'runBaseline',
  'replicateRun',
  'confirmResult',
  'cancelRun',
  'openLog',
  'nextRound',
  'applyToBranch',
  'exportResults',
  'newBase',
] as const;
export type PageCommand = (typeof PAGE_COMMANDS)[number];

export type FromPage =
  | { readonly type: 'ready' }
  | { readonly type: 'resync'; readonly gen: number; readonly seq: number }
  | {
      readonly type: 'command';
      readonly command: PageCommand;
      readonly idea?: number;
      readonly candidate?: string;
      readonly run?: string;
    }
  | { readonly type: 'curve'; readonly request: number; readonly run: string; readonly metric: string }
  | { readonly type: 'metrics'; readonly request: number; readonly run: string }
  /** Lines [first, first + count) of a run's log. A negative `first` counts from the end. */
  | {
      readonly type: 'log';
      readonly request: number;
      readonly run: string;
      readonly first: number;
      readonly count: number;
    }
  | { readonly type: 'searchLog'; readonly request: number; readonly run: string; readonly text: string }
  /** Which runs are on screen: the host follows only these. */
  | { readonly type: 'watch'; readonly runs: readonly string[] };
