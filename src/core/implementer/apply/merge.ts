import { diffArrays } from 'diff';
import type { Line } from './lines.ts';
import type { Sparse, SparseMatch } from './sparse.ts';

export interface Merged {
  readonly lines: readonly Line[];
  /** Index in `lines` of the first line that is new, or of the line after a pure deletion. */
  readonly firstChange: number;
}

interface Part {
  readonly kind: 'kept' | 'added' | 'removed';
  readonly value: readonly string[];
}

/** More differences than this, and the lines are taken as replaced altogether: the search for the least is quadratic. */
const MOST_EDITS = 2000;

/** The least change of lines that turns one text into the other. */
export function partsOf(search: readonly string[], replace: readonly string[]): readonly Part[] {
  const parts = diffArrays([...search], [...replace], { maxEditLength: MOST_EDITS });
  if (!parts) {
    return [
      { kind: 'removed', value: search },
      { kind: 'added', value: replace },
    ];
  }
  return parts.map(({ added, removed, value }) => ({ kind: added ? 'added' : removed ? 'removed' : 'kept', value }));
}

/**
 * The lines a SEARCH matched, turned into those of REPLACE: what both have keeps the file's own bytes (blanks at the
 * end, line ends), what is new takes its neighbour's line end.
 * @param write gives a new line the form the file has
 */
export function mergeLines(
  region: readonly Line[],
  search: readonly string[],
  replace: readonly string[],
  usual: string,
  write: (line: string) => string | undefined = (line) => line,
): Merged | undefined {
  const lines: Line[] = [];
  let at = 0;
  let firstChange: number | undefined;
  for (const { kind, value } of partsOf(search, replace)) {
    if (kind === 'kept') {
      lines.push(...region.slice(at, at + value.length));
      at += value.length;
      continue;
    }
    firstChange ??= lines.length;
    if (kind === 'removed') {
      at += value.length;
      continue;
    }
    const written = value.map(write);
    if (written.some((text) => text === undefined)) return undefined;
    const end = endFor(lines, region[at], usual);
    lines.push(...written.map((text) => ({ text: text ?? '', end })));
  }
  return { lines, firstChange: firstChange ?? 0 };
}

function endFor(before: readonly Line[], after: Line | undefined, usual: string): string {
  const end = (before.at(-1)?.end || after?.end) ?? '';
  return end === '' ? usual : end;
}

/**
 * The same where lines of one kind (blank ones, comments) were passed over: those of the file stay where they are.
 * Undefined where it cannot be told on which side of them a new line belongs, or whether they shall go.
 */
export function mergeSparse(
  file: readonly Line[],
  match: SparseMatch,
  search: readonly string[],
  replace: readonly string[],
  usual: string,
  sparse: Sparse,
): Merged | undefined {
  const lines: Line[] = [];
  let firstChange: number | undefined;
  let filed = match.from;
  let index = 0;
  /** Copies what was passed over in front of the file's next line that counts. */
  const copyUpTo = (next: number) => {
    lines.push(...file.slice(filed, next));
    filed = next;
  };
  for (const { kind, value } of partsOf(search, replace)) {
    if (kind === 'added') {
      const next = search.findIndex((_, at) => at >= index && match.lines.has(at));
      const until = next < 0 ? match.to : (match.lines.get(next) ?? match.to);
      if (until > filed) {
        const shown = shownSides(match, search, index);
        // With some on both sides, which of the file's are which is not told.
        if (shown.length > 1) return undefined;
        const side = shown[0] ?? sideOf(value, lines.at(-1)?.text, file[until]?.text);
        if (side === undefined) return undefined;
        if (side === 'after') copyUpTo(until);
      }
      firstChange ??= lines.length;
      const end = endFor(lines, file[filed], usual);
      // A blank line that the answer puts where the file has one that was passed over is that one.
      const twice = sparse.rung === 'blank-lines' && lines.length > 0 && lines.at(-1)?.text.trim() === '';
      const told = value.findIndex((text) => text.trim() !== '');
      const fresh = twice ? value.slice(told < 0 ? value.length : told) : value;
      lines.push(...fresh.map((text) => ({ text, end })));
      continue;
    }
    for (const [offset] of value.entries()) {
      const own = match.lines.get(index + offset);
      if (own === undefined) {
        // A line passed over that the answer takes away: which of the file's it means is not told.
        if (
          kind === 'removed' &&
          sparse.key(value[offset] ?? '') === undefined &&
          mayBeThere(file, match, search, index + offset, filed, sparse)
        ) {
          return undefined;
        }
        continue;
      }
      copyUpTo(own);
      if (kind === 'removed') firstChange ??= lines.length;
      else lines.push(file[own] ?? { text: '', end: usual });
      filed = own + 1;
    }
    index += value.length;
  }
  copyUpTo(match.to);
  return { lines, firstChange: firstChange ?? 0 };
}

/** Whether the file has lines that are passed over where SEARCH has this one, which is not compared. */
function mayBeThere(
  file: readonly Line[],
  match: SparseMatch,
  search: readonly string[],
  index: number,
  filed: number,
  { key }: Sparse,
): boolean {
  const passedOver = (line: Line | undefined) => line !== undefined && key(line.text) === undefined;
  const compared = [...match.lines.keys()];
  if (compared.every((one) => one > index)) return passedOver(file[match.from - 1]);
  if (compared.every((one) => one < index)) return passedOver(file[match.to]);
  return filed < nextOf(match, search, index);
}

function nextOf(match: SparseMatch, search: readonly string[], index: number): number {
  const next = search.findIndex((_, at) => at >= index && match.lines.has(at));
  return next < 0 ? match.to : (match.lines.get(next) ?? match.to);
}

/** On which side of lines passed over the answer itself shows new ones: SEARCH has some of those on the other. */
function shownSides(match: SparseMatch, search: readonly string[], index: number): ('before' | 'after')[] {
  const below = index < search.length && !match.lines.has(index);
  const above = index > 0 && !match.lines.has(index - 1);
  return [...(below ? (['before'] as const) : []), ...(above ? (['after'] as const) : [])];
}

/** New lines belong to the neighbour whose indentation they share. */
function sideOf(
  added: readonly string[],
  before: string | undefined,
  after: string | undefined,
): 'before' | 'after' | undefined {
  const indent = (line: string | undefined) =>
    line === undefined || line.trim() === '' ? undefined : /^\s*/.exec(line)?.[0].length;
  const own = indent(added.find((line) => line.trim() !== ''));
  if (own === undefined) return undefined;
  if (own === indent(before)) return 'before';
  return own === indent(after) ? 'after' : undefined;
}
