import type { Goal } from '../../src/core/domain/index.ts';
import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import { type ColumnId, columnOf, elapsedOf, mainParents } from './columns.ts';
import { boxesOf, countedRuns, seedsOf, statusWeight } from './status.ts';

export interface SortKey {
  readonly column: ColumnId;
  /** Values: worst first. Everything else: largest or last first. */
  readonly reversed: boolean;
}

export const DEFAULT_SORT: readonly SortKey[] = [{ column: 'rank', reversed: false }];
const MOST_KEYS = 3;

/**
 * The sort after a press on a header: alone it sorts by that column (again: reversed, a third time: the default);
 * with `add` it becomes one more key, or turns the key it already is.
 */
export function pressHeader(keys: readonly SortKey[], column: ColumnId, add: boolean): readonly SortKey[] {
  if (!columnOf(column).sortable) return keys;
  const at = keys.findIndex((key) => key.column === column);
  if (add) {
    if (at < 0) return [...keys, { column, reversed: false }].slice(-MOST_KEYS);
    return keys.map((key, index) => (index === at ? { column, reversed: !key.reversed } : key));
  }
  const only = keys.length === 1 && at === 0 ? keys[0] : undefined;
  if (!only) return [{ column, reversed: false }];
  return only.reversed ? DEFAULT_SORT : [{ column, reversed: true }];
}

type Value = number | string | undefined;

function measure(column: ColumnId, row: LeaderboardRow, sign: 1 | -1, now: number): Value {
  switch (column) {
    case 'rank':
      return row.rank;
    case 'idea':
      return row.idea;
    case 'title':
      return row.title;
    case 'status':
      return statusWeight(row.status);
    case 'value':
      return finite(row.objective?.mean, sign);
    case 'delta':
      return finite(row.delta, sign);
    case 'spark':
      return undefined;
    case 'round':
      return row.round;
    case 'parents':
      return mainParents(row)[0];
    case 'seeds':
      return countedRuns(row).length === 0 ? undefined : seedsOf(row).done;
    case 'elapsed':
      return elapsedOf(row, now);
    case 'box':
      return boxesOf(row)[0];
    case 'kind':
      return row.kind;
    case 'lane':
      return row.lane;
    case 'move':
      return row.move;
    case 'class':
      return row.comparisonClass;
  }
}

function finite(value: number | undefined, sign: 1 | -1): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : value * sign;
}

const words = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return words.compare(String(a), String(b));
}

/**
 * The rows in order. Best first where the column is a measure, by the goal; what has no value, or a value that does
 * not rank, stands last whichever way the column is turned: a failed run is never a zero. Ties fall to the status,
 * then to the idea's number, so that the order does not depend on what came first.
 */
export function sortRows(
  rows: readonly LeaderboardRow[],
  keys: readonly SortKey[],
  goal: Goal,
  now: number,
): readonly LeaderboardRow[] {
  const sign = goal === 'minimize' ? 1 : -1;
  const entries = rows.map((row) => ({
    row,
    values: keys.map((key) => measure(key.column, row, sign, now)),
    tiers: keys.map((key) => tierOf(key.column, row)),
  }));
  entries.sort((a, b) => {
    for (let index = 0; index < keys.length; index++) {
      const tier = (a.tiers[index] ?? 0) - (b.tiers[index] ?? 0);
      if (tier !== 0) return tier;
      const left = a.values[index];
      const right = b.values[index];
      if (left === undefined || right === undefined) {
        if (left === right) continue;
        return left === undefined ? 1 : -1;
      }
      const order = compare(left, right);
      if (order !== 0) return keys[index]?.reversed ? -order : order;
    }
    return tieBreak(a.row, b.row);
  });
  return entries.map((entry) => entry.row);
}

/** Measures of rows that do not rank (out of the valid range, not all seeds in) stand below those that do. */
function tierOf(column: ColumnId, row: LeaderboardRow): number {
  return (column === 'value' || column === 'delta') && row.rank === undefined ? 1 : 0;
}

function tieBreak(a: LeaderboardRow, b: LeaderboardRow): number {
  return (
    statusWeight(a.status) - statusWeight(b.status) ||
    (a.idea ?? 0) - (b.idea ?? 0) ||
    words.compare(a.key, b.key) ||
    (a.key < b.key ? -1 : 1)
  );
}
