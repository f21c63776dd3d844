import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import { mainParents } from './columns.ts';
import { isBaseline, statusWeight } from './status.ts';

export interface LineageNode {
  readonly key: string;
  readonly round: number;
  /** Place from the top within its round, from 0. */
  readonly place: number;
  readonly onWinnersPath: boolean;
}

export interface LineageEdge {
  readonly from: string;
  readonly to: string;
  readonly onWinnersPath: boolean;
}

export interface Lineage {
  readonly rounds: readonly { readonly round: number; readonly nodes: readonly LineageNode[]; readonly more: number }[];
  readonly edges: readonly LineageEdge[];
  readonly winner: string | undefined;
}

/**
 * Ideas by round with their parents' edges. Within a round a node stands near its parents, better ones above; the
 * best row and all it builds on are the winner's path and are always drawn.
 * @param most nodes drawn in one round; the worst of the rest are only counted
 */
export function lineageOf(rows: Iterable<LeaderboardRow>, most = 40): Lineage {
  const ideas = [...rows].filter((row) => !isBaseline(row) && row.round !== undefined);
  const byKey = new Map(ideas.map((row) => [row.key, row]));
  const winner = ideas
    .filter((row) => row.rank === 1)
    .sort((a, b) => Number(b.improved ?? false) - Number(a.improved ?? false) || (a.idea ?? 0) - (b.idea ?? 0))[0];
  const path = pathTo(winner, byKey);

  const rounds = new Map<number, LeaderboardRow[]>();
  for (const row of ideas) {
    const number = row.round ?? 0;
    const list = rounds.get(number);
    if (list) list.push(row);
    else rounds.set(number, [row]);
  }
  const places = new Map<string, number>();
  const columns = [...rounds]
    .sort(([a], [b]) => a - b)
    .map(([round, all]) => {
      const kept = all.sort((a, b) => Number(path.has(b.key)) - Number(path.has(a.key)) || worth(a, b)).slice(0, most);
      const centre = new Map(kept.map((row) => [row.key, centreOf(row, places)]));
      kept.sort((a, b) => (centre.get(a.key) ?? 0) - (centre.get(b.key) ?? 0) || worth(a, b));
      const nodes = kept.map((row, place) => {
        places.set(row.key, place);
        return { key: row.key, round, place, onWinnersPath: path.has(row.key) };
      });
      return { round, nodes, more: all.length - kept.length };
    });
  const edges = ideas.flatMap((row) =>
    places.has(row.key)
      ? mainParents(row)
          .filter((parent) => places.has(parent))
          .map((parent) => ({
            from: parent,
            to: row.key,
            onWinnersPath: path.has(parent) && path.has(row.key),
          }))
      : [],
  );
  return { rounds: columns, edges, winner: winner?.key };
}

function pathTo(winner: LeaderboardRow | undefined, byKey: ReadonlyMap<string, LeaderboardRow>): ReadonlySet<string> {
  const path = new Set<string>();
  const open = winner ? [winner.key] : [];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    const row = byKey.get(key);
    if (!row || path.has(key)) continue;
    path.add(key);
    open.push(...mainParents(row));
  }
  return path;
}

function centreOf(row: LeaderboardRow, places: ReadonlyMap<string, number>): number {
  const known = mainParents(row).flatMap((parent) => places.get(parent) ?? []);
  return known.length === 0 ? Number.MAX_SAFE_INTEGER : known.reduce((sum, place) => sum + place, 0) / known.length;
}

function worth(a: LeaderboardRow, b: LeaderboardRow): number {
  return (
    (a.rank ?? Number.MAX_SAFE_INTEGER) - (b.rank ?? Number.MAX_SAFE_INTEGER) ||
    statusWeight(a.status) - statusWeight(b.status) ||
    (a.idea ?? 0) - (b.idea ?? 0)
  );
}
