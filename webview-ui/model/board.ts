import type { Leaderboard, LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import type { Notice, ToPage } from '../../src/protocol/messages.ts';

export type Header = Omit<Leaderboard, 'rows'>;
export type BoardMessage = Extract<ToPage, { readonly type: 'snapshot' | 'delta' }>;

/** What the page knows of the host's leaderboard, as of one `seq` of one `gen`. */
export interface Board {
  readonly gen: number;
  readonly seq: number;
  /** The host's clock when it sent this, in milliseconds since 1970; 0 before the first snapshot. */
  readonly at: number;
  readonly header: Header | null;
  readonly rows: ReadonlyMap<string, LeaderboardRow>;
  readonly notice: Notice | undefined;
  /** A gap was seen: deltas are worthless until the next snapshot. */
  readonly waiting: boolean;
}

export const EMPTY_BOARD: Board = {
  gen: -1,
  seq: -1,
  at: 0,
  header: null,
  rows: new Map(),
  notice: undefined,
  waiting: false,
};

/** `applied`: show it. `stale`: already known or unusable. `gap`: something was missed, ask for a resync. */
export type Outcome = 'applied' | 'stale' | 'gap';

/**
 * Takes one message of the host. A snapshot replaces everything; a delta applies only as the very next of its
 * generation. After a gap every delta is dropped, and only the first asks for a resync.
 */
export function receive(board: Board, message: BoardMessage): { readonly board: Board; readonly outcome: Outcome } {
  if (message.type === 'snapshot') {
    if (message.gen === board.gen && message.seq < board.seq) return { board, outcome: 'stale' };
    const { rows = [], ...header } = message.board ?? {};
    return {
      outcome: 'applied',
      board: {
        gen: message.gen,
        seq: message.seq,
        at: message.at,
        header: message.board ? (header as Header) : null,
        rows: new Map(rows.map((row) => [row.key, row])),
        notice: message.notice,
        waiting: false,
      },
    };
  }
  if (board.waiting) return { board, outcome: 'stale' };
  if (message.gen === board.gen && message.seq <= board.seq) return { board, outcome: 'stale' };
  if (message.gen !== board.gen || message.seq !== board.seq + 1) {
    return { board: { ...board, waiting: true }, outcome: 'gap' };
  }
  const rows = new Map(board.rows);
  for (const key of message.removed) rows.delete(key);
  for (const row of message.rows) rows.set(row.key, row);
  return {
    outcome: 'applied',
    board: {
      ...board,
      seq: message.seq,
      at: message.at,
      header: message.header,
      rows,
      notice: message.notice,
    },
  };
}
