import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';

/** One place of the shown order: which row, and the group it stands in. */
export interface Place {
  readonly key: string;
  readonly group: string;
}

export interface Shown {
  readonly places: readonly Place[];
  /** How many rows have news that would change the order; 0 while what is shown is what is wanted. */
  readonly news: number;
  /** Each shown row's result when the order was last made. */
  readonly results: ReadonlyMap<string, string>;
}

export const NOTHING_SHOWN: Shown = { places: [], news: 0, results: new Map() };

function resultOf(row: LeaderboardRow): string {
  return `${row.objective?.mean}/${row.objective?.n}/${row.status}`;
}

/**
 * The order to show. While a person's pointer or focus is in the table (`held`), rows stay where they are: those
 * that went are taken out, those that came stand at the end, and the rest waits for a press on the pill.
 */
export function settle(
  shown: Shown,
  wanted: readonly Place[],
  rows: ReadonlyMap<string, LeaderboardRow>,
  held: boolean,
): Shown {
  if (!held || shown.places.length === 0) return made(wanted, rows);
  const present = new Set(shown.places.map((place) => place.key));
  const kept = shown.places.filter((place) => rows.has(place.key));
  const places = [...kept, ...wanted.filter((place) => !present.has(place.key))];
  const same =
    places.length === wanted.length &&
    places.every((place, index) => {
      const other = wanted[index];
      return other !== undefined && other.key === place.key && other.group === place.group;
    });
  if (same) return made(wanted, rows);
  let news = 0;
  for (const place of places) {
    const row = rows.get(place.key);
    if (row && shown.results.get(place.key) !== resultOf(row)) news += 1;
  }
  return { places, news: Math.max(1, news), results: shown.results };
}

function made(places: readonly Place[], rows: ReadonlyMap<string, LeaderboardRow>): Shown {
  const results = new Map<string, string>();
  for (const place of places) {
    const row = rows.get(place.key);
    if (row) results.set(place.key, resultOf(row));
  }
  return { places, news: 0, results };
}
