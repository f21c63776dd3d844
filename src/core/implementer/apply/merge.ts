import { diffArrays } from 'diff';
import type { Line } from './lines.ts';

export interface Merged {
  readonly lines: readonly Line[];
  /** Index in `lines` of the first line that is new, or of the line after a pure deletion. */
  readonly firstChange: number;
}

/**
 * The lines a SEARCH matched, turned into those of REPLACE: what both have keeps the file's own bytes (blanks at the
 * end, line ends), what is new takes its neighbour's line end.
 */
export function mergeLines(
  region: readonly Line[],
  search: readonly string[],
  replace: readonly string[],
  usual: string,
): Merged {
  const lines: Line[] = [];
  let at = 0;
  let firstChange: number | undefined;
  for (const part of diffArrays([...search], [...replace])) {
    if (part.added) {
      firstChange ??= lines.length;
      const end = (lines.at(-1)?.end || region[at]?.end) ?? '';
      lines.push(...part.value.map((text) => ({ text, end: end === '' ? usual : end })));
    } else if (part.removed) {
      firstChange ??= lines.length;
      at += part.value.length;
    } else {
      lines.push(...region.slice(at, at + part.value.length));
      at += part.value.length;
    }
  }
  return { lines, firstChange: firstChange ?? 0 };
}
