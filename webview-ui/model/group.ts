import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import { candidateText, mainParents } from './columns.ts';
import type { Place } from './order.ts';
import { plain } from './plain.ts';
import { boxesOf } from './status.ts';

export const GROUPINGS = ['none', 'round', 'parent', 'box'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** The group a row stands in: sortable, stable, not for reading. */
export function groupOf(row: LeaderboardRow, by: Grouping): string {
  switch (by) {
    case 'none':
      return '';
    case 'round':
      return row.round === undefined ? '' : String(row.round);
    case 'parent':
      return mainParents(row)[0] ?? '';
    case 'box':
      return boxesOf(row)[0] ?? '';
  }
}

/** The words of a group's header. */
export function groupLabel(group: string, by: Grouping, rows: ReadonlyMap<string, LeaderboardRow>): string {
  switch (by) {
    case 'none':
      return '';
    case 'round':
      return group === '' ? 'No round' : `Round ${group}`;
    case 'parent': {
      if (group === '') return 'From the base';
      const parent = rows.get(group);
      return `From ${candidateText(group)}${parent ? `: ${plain(parent.title, 120)}` : ''}`;
    }
    case 'box':
      return group === '' ? 'No box yet' : plain(group);
  }
}

/** One line of the grid's body. */
export type Item =
  | { readonly kind: 'row'; readonly key: string }
  | {
      readonly kind: 'group';
      readonly key: string;
      readonly group: string;
      readonly size: number;
      readonly open: boolean;
    };

/** Newest round first; lineages and boxes by name, what has none first. */
function compareGroups(by: Grouping): (a: string, b: string) => number {
  if (by === 'round') return (a, b) => Number(b || -1) - Number(a || -1);
  return (a, b) => (a === '' ? -1 : b === '' ? 1 : a.localeCompare(b, 'en', { numeric: true }));
}

/** The lines of the body: the places as they stand, under a header for each group unless grouping is off. */
export function itemsOf(places: readonly Place[], by: Grouping, closed: ReadonlySet<string>): readonly Item[] {
  if (by === 'none') return places.map((place) => ({ kind: 'row', key: place.key }));
  const groups = new Map<string, string[]>();
  for (const place of places) {
    const keys = groups.get(place.group);
    if (keys) keys.push(place.key);
    else groups.set(place.group, [place.key]);
  }
  const order = compareGroups(by);
  return [...groups]
    .sort(([a], [b]) => order(a, b))
    .flatMap(([group, keys]): Item[] => {
      const open = !closed.has(`${by}/${group}`);
      const header: Item = { kind: 'group', key: `${by}/${group}`, group, size: keys.length, open };
      return open ? [header, ...keys.map((key): Item => ({ kind: 'row', key }))] : [header];
    });
}
