/** How the lines of an answer were found in a file. */
export type Rung =
  | 'exact'
  | 'line-endings'
  | 'trailing-whitespace'
  | 'tabs-spaces'
  | 'indent-shift'
  | 'first-line-shift'
  | 'unicode-punctuation';

/** Every place where lines stand, and how lines that come new are to be written there. */
export interface Match {
  readonly rung: Rung;
  /** 0-based index of the first line. */
  readonly at: number;
  /** Gives an inserted line the form the file has; undefined where that cannot be told. */
  readonly write: (line: string) => string | undefined;
  /** Lines of the search, by index, that may be found so only if they stay: the answer writes them otherwise. */
  readonly only?: readonly number[];
  /** What the file has before each of the lines and the search has not. */
  readonly pad?: string;
  /** What the search has before each of the lines and the file has not. */
  readonly surplus?: string;
}

const asIs = (line: string) => line;

/** The lines of a file and what the rungs compare of them, made once for each file. */
export class Haystack {
  readonly lines: readonly string[];
  /** The typographic signs that the file itself uses. */
  readonly signs: ReadonlySet<string>;
  readonly #keys = new Map<(line: string) => string, readonly string[]>();

  constructor(lines: readonly string[]) {
    this.lines = lines;
    this.signs = new Set(lines.flatMap((line) => SIGNS.flatMap(([, signs]) => line.match(signs) ?? [])));
  }

  /** Where all lines of `search` stand one after the other, compared by `key`. */
  places(search: readonly string[], key: (line: string) => string): number[] {
    let keys = this.#keys.get(key);
    if (!keys) {
      keys = this.lines.map(key);
      this.#keys.set(key, keys);
    }
    const wanted = search.map(key);
    const found: number[] = [];
    // The rarest line first would be faster still; blank first lines are what makes a naive search slow.
    const probe = Math.max(
      0,
      wanted.findIndex((line) => line !== ''),
    );
    for (let at = 0; at + wanted.length <= keys.length; at += 1) {
      if (keys[at + probe] !== wanted[probe]) continue;
      if (wanted.every((line, index) => line === keys[at + index])) found.push(at);
    }
    return found;
  }
}

type Search = (file: Haystack, search: readonly string[]) => Match[];

/**
 * From the strictest on. There is no rung that tolerates another literal or name, and none that picks among several
 * places: both would be edits nobody asked for.
 */
export const RUNGS: readonly Search[] = [exact, trailing, tabsAndSpaces, shifted, firstShifted, punctuation];

function exact(file: Haystack, search: readonly string[]): Match[] {
  return file.places(search, asIs).map((at) => ({ rung: 'exact', at, write: asIs }));
}

const trimmedEnd = (line: string) => line.trimEnd();
const trimmed = (line: string) => line.trim();

function trailing(file: Haystack, search: readonly string[]): Match[] {
  return file.places(search, trimmedEnd).map((at) => ({ rung: 'trailing-whitespace', at, write: asIs }));
}

function indentOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** The file is indented with tabs and the answer with spaces, or the other way round. */
function tabsAndSpaces(file: Haystack, search: readonly string[]): Match[] {
  return file.places(search, trimmed).flatMap((at) => {
    for (const unit of [4, 2, 8, 3]) {
      const write = conversion(file.lines.slice(at, at + search.length), search, unit);
      if (write) return [{ rung: 'tabs-spaces' as const, at, write }];
    }
    return [];
  });
}

function conversion(
  region: readonly string[],
  search: readonly string[],
  unit: number,
): ((line: string) => string | undefined) | undefined {
  const rows = search.flatMap((line, index) =>
    line.trim() === '' ? [] : [{ want: indentOf(line), have: indentOf(region[index] ?? '') }],
  );
  const toTabs = rows.every(
    ({ want, have }) => !want.includes('\t') && expand(have, unit) === want.length && !have.includes(' '),
  );
  const toSpaces = rows.every(
    ({ want, have }) => !have.includes('\t') && expand(want, unit) === have.length && !want.includes(' '),
  );
  if (!rows.some(({ want }) => want !== '') || toTabs === toSpaces) return undefined;
  return (line) => {
    const indent = indentOf(line);
    const rest = line.slice(indent.length);
    if (rest === '') return line;
    const width = expand(indent, unit);
    return (toTabs ? '\t'.repeat(Math.floor(width / unit)) + ' '.repeat(width % unit) : ' '.repeat(width)) + rest;
  };
}

function expand(indent: string, unit: number): number {
  return [...indent].reduce((width, char) => width + (char === '\t' ? unit : 1), 0);
}

/** Every line stands the same columns further right, or left, than it was quoted. */
function shifted(file: Haystack, search: readonly string[]): Match[] {
  return file.places(search, trimmed).flatMap((at) => {
    const found = shift(file.lines.slice(at, at + search.length), search);
    return found ? [{ rung: 'indent-shift' as const, at, ...found }] : [];
  });
}

/** Quoted from the first sign of a line on, or cut off there: the first line alone has lost its indentation. */
function firstShifted(file: Haystack, search: readonly string[]): Match[] {
  const first = search.findIndex((line) => line.trim() !== '');
  const line = search[first] ?? '';
  if (indentOf(line) !== '' || !search.slice(first + 1).some((one) => one.trim() !== '')) return [];
  return file.places(search, trimmed).flatMap((at) => {
    const pad = indentOf(file.lines[at + first] ?? '');
    const others = search.slice(first + 1).every((one, index) => {
      return one.trimEnd() === file.lines[at + first + 1 + index]?.trimEnd();
    });
    return pad !== '' && others ? [{ rung: 'first-line-shift' as const, at, pad, write: asIs }] : [];
  });
}

function shift(
  region: readonly string[],
  search: readonly string[],
): Pick<Match, 'write' | 'pad' | 'surplus'> | undefined {
  let pad: string | undefined;
  let right = true;
  for (const [index, line] of search.entries()) {
    if (line.trim() === '') continue;
    const [want, have] = [indentOf(line), indentOf(region[index] ?? '')];
    const moves = have.length >= want.length;
    const [long, short] = moves ? [have, want] : [want, have];
    const own = long.slice(0, long.length - short.length);
    if (!long.endsWith(short) || !long.startsWith(short)) return undefined;
    if (pad === undefined) [pad, right] = [own, moves];
    else if (own !== pad || (own !== '' && moves !== right)) return undefined;
  }
  const by = pad;
  if (by === undefined || by === '') return undefined;
  if (right) return { pad: by, write: (line) => (line.trim() === '' ? line : by + line) };
  return {
    surplus: by,
    write: (line) => {
      if (line.trim() === '') return line;
      return line.startsWith(by) ? line.slice(by.length) : undefined;
    },
  };
}

/** Typographic signs that models write for the plain ones of code, by what they stand for. */
const SIGNS: readonly (readonly [plain: string, signs: RegExp])[] = [
  ['"', /[\u201c\u201d\u201e\u201f]/g],
  ["'", /[\u2018\u2019\u201a\u201b]/g],
  ['-', /[\u2010-\u2015\u2212]/g],
  [' ', /[\u00a0\u2002-\u200a\u202f\u205f\u3000]/g],
  ['...', /\u2026/g],
];
const plainSigns = (line: string) => SIGNS.reduce((text, [plain, signs]) => text.replace(signs, plain), line).trimEnd();

function punctuation(file: Haystack, search: readonly string[]): Match[] {
  return file.places(search, plainSigns).map((at) => {
    const region = file.lines.slice(at, at + search.length);
    const only = search.flatMap((line, index) =>
      SIGNS.some(([, signs]) => count(line, signs) < count(region[index] ?? '', signs)) ? [index] : [],
    );
    return { rung: 'unicode-punctuation', at, write: (line) => plainly(line, file.signs), only };
  });
}

/** A new line without the signs that its writer's keyboard or renderer made; those that the file uses may be meant. */
function plainly(line: string, used: ReadonlySet<string>): string {
  return SIGNS.reduce((text, [plain, signs]) => text.replace(signs, (sign) => (used.has(sign) ? sign : plain)), line);
}

function count(line: string, signs: RegExp): number {
  return line.match(signs)?.length ?? 0;
}
