import type { Line } from './lines.ts';

/** How a SEARCH text was found. */
export type Rung = 'exact' | 'line-endings' | 'trailing-whitespace';

export interface Found {
  readonly rung: Rung;
  /** 0-based index of the first line of each match. */
  readonly places: readonly number[];
}

const RUNGS: readonly (readonly [rung: Rung, same: (file: string, search: string) => boolean])[] = [
  ['exact', (file, search) => file === search],
  ['trailing-whitespace', (file, search) => file.trimEnd() === search.trimEnd()],
];

/**
 * Every place where the lines stand, by the first rung that finds any. There is no rung that tolerates another
 * literal or name, and none that picks among several places: both would be edits nobody asked for.
 */
export function find(file: readonly Line[], search: readonly string[]): Found | undefined {
  for (const [rung, same] of RUNGS) {
    const places: number[] = [];
    for (let at = 0; at + search.length <= file.length; at += 1) {
      if (search.every((line, index) => same(file[at + index]?.text ?? '', line))) places.push(at);
    }
    if (places.length === 0) continue;
    const windows = rung === 'exact' && places.some((at) => file[at]?.end === '\r\n');
    return { rung: windows ? 'line-endings' : rung, places };
  }
  return undefined;
}
