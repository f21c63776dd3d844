import type { Line } from './lines.ts';

/** A way to read two texts as equal while lines of one kind are passed over in both. */
export interface Sparse {
  readonly rung: 'blank-lines' | 'comments';
  /** What a line is compared by; undefined for a line that is passed over. */
  readonly key: (line: string) => string | undefined;
  readonly leastLines: number;
}

export const BLANK_LINES: Sparse = {
  rung: 'blank-lines',
  key: (line) => (line.trim() === '' ? undefined : line.trimEnd()),
  leastLines: 1,
};

/** For languages whose comments begin with #. */
export const COMMENTS: Sparse = {
  rung: 'comments',
  key: (line) => {
    const code = withoutComment(line);
    return code.trim() === '' ? undefined : code.trimEnd();
  },
  leastLines: 2,
};

/** A line without its comment; a # inside a string on the line is code. */
export function withoutComment(line: string): string {
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (quote !== '') {
      if (char === '\\') at += 1;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '#') return line.slice(0, at);
  }
  return line;
}

export interface SparseMatch {
  readonly from: number;
  readonly to: number;
  /** Index in the file of each line of SEARCH that is compared, by its index in SEARCH. */
  readonly lines: ReadonlyMap<number, number>;
}

/** Every stretch of the file that reads as `search` once the lines of that kind are left out of both. */
export function findSparse(file: readonly Line[], search: readonly string[], sparse: Sparse): SparseMatch[] {
  const have = keyed(
    file.map((line) => line.text),
    sparse,
  );
  const want = keyed(search, sparse);
  if (want.length < sparse.leastLines) return [];
  // In a string of several lines a # is no comment, and nothing of it is passed over.
  const inside = sparse.rung === 'comments' ? insideStrings(file) : new Set<number>();
  const found: SparseMatch[] = [];
  for (let at = 0; at + want.length <= have.length; at += 1) {
    if (!want.every((one, index) => one.key === have[at + index]?.key)) continue;
    const off = want.some((one, index) => {
      const line = have[at + index]?.index ?? 0;
      return inside.has(line) && file[line]?.text.trimEnd() !== search[one.index]?.trimEnd();
    });
    if (off) continue;
    const lines = new Map(want.map((one, index) => [one.index, have[at + index]?.index ?? 0]));
    found.push({ from: have[at]?.index ?? 0, to: (have[at + want.length - 1]?.index ?? 0) + 1, lines });
  }
  return found;
}

/** Lines that begin inside a triple-quoted string. */
function insideStrings(file: readonly Line[]): ReadonlySet<number> {
  const found = new Set<number>();
  let open = '';
  for (const [index, { text }] of file.entries()) {
    if (open !== '') found.add(index);
    for (const [mark] of text.matchAll(/"{3}|'{3}|#/g)) {
      if (open === '' && mark === '#') break;
      if (open === '') open = mark;
      else if (mark === open) open = '';
    }
  }
  return found;
}

function keyed(lines: readonly string[], { key }: Sparse): { readonly key: string; readonly index: number }[] {
  return lines.flatMap((line, index) => {
    const value = key(line);
    return value === undefined ? [] : [{ key: value, index }];
  });
}
