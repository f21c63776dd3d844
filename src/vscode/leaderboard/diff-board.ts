import type { Leaderboard, LeaderboardRow } from '../../core/research/index.ts';

export interface BoardDelta {
  /** Rows that came or changed, whole. */
  readonly rows: readonly LeaderboardRow[];
  /** Keys of rows that went. */
  readonly removed: readonly string[];
  readonly header: Omit<Leaderboard, 'rows'>;
}

/** What makes `next` of `previous`; undefined when nothing changed. Rows are told apart by their key. */
export function diffBoard(previous: Leaderboard, next: Leaderboard): BoardDelta | undefined {
  const before = new Map(previous.rows.map((row) => [row.key, JSON.stringify(row)]));
  const rows = next.rows.filter((row) => before.get(row.key) !== JSON.stringify(row));
  const keys = new Set(next.rows.map((row) => row.key));
  const removed = [...before.keys()].filter((key) => !keys.has(key));
  const header = headerOf(next);
  if (rows.length === 0 && removed.length === 0 && JSON.stringify(headerOf(previous)) === JSON.stringify(header)) {
    return undefined;
  }
  return { rows, removed, header };
}

function headerOf({ rows: _rows, ...header }: Leaderboard): Omit<Leaderboard, 'rows'> {
  return header;
}
