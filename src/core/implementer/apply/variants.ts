import { isPlaceholder } from '../answer/elision.ts';
import type { EditOp } from '../answer/ops.ts';
import { decodeEntities } from '../answer/unwrap.ts';

/** One way to read an edit. The first is the edit as it stands; the others undo a habit of models. */
export interface Variant {
  readonly search: readonly string[];
  readonly replace: readonly string[];
  /** What was undone; undefined for the first. */
  readonly repair?:
    | 'context-marker-missing'
    | 'plus-missing'
    | 'line-number-prefix'
    | 'html-entities'
    | 'escaped-newlines';
  /** 1-based line that the undone habit names. */
  readonly line?: number;
}

/**
 * The ways to read an edit, safest first. Each of them must be found in the file to count at all.
 * @param has whether a line of the file, blanks at both ends aside, is this
 */
export function variantsOf(edit: EditOp, has: (line: string) => boolean): readonly Variant[] {
  const plain: Variant = { search: edit.search, replace: edit.replace };
  const sandwiched = edit.hunk && plusBetween(edit.hunk);
  return [
    ...(sandwiched ? [sandwiched] : []),
    plain,
    ...(edit.hunk ? hunkVariants(edit.hunk, has) : []),
    ...[withoutNumbers(plain), decoded(plain), unescaped(plain)].filter((one) => one !== undefined),
  ];
}

function hunkVariants(hunk: readonly string[], has: (line: string) => boolean): Variant[] {
  const body = hunk.filter((line) => !line.startsWith('\\'));
  const unmarked = body.some((line) => line !== '' && !/^[ +-]/.test(line));
  const indented = body.some((line) => /^ /.test(line));
  const found: Variant[] = [];
  if (unmarked || indented) found.push({ ...sides(body, (line) => line), repair: 'context-marker-missing' });
  const plus = withPlus(body, has);
  if (plus) found.push({ ...sides(plus, (line) => line.replace(/^ /, '')), repair: 'plus-missing' });
  return found;
}

function sides(body: readonly string[], context: (line: string) => string): Pick<Variant, 'search' | 'replace'> {
  const search: string[] = [];
  const replace: string[] = [];
  for (const line of body) {
    const mark = line[0];
    if (mark === '+') replace.push(line.slice(1));
    else if (mark === '-') search.push(line.slice(1));
    else {
      search.push(context(line));
      replace.push(context(line));
    }
  }
  return { search, replace };
}

/**
 * Empty lines between added ones where nothing but added lines follows: they are new as well. Read as context they would
 * use up an empty line of the file, and what is added behind them would stand where that one separates others.
 */
function plusBetween(hunk: readonly string[]): Variant | undefined {
  const body = hunk.filter((line) => !line.startsWith('\\'));
  const last = body.findLastIndex((line) => line !== '' && !line.startsWith('+'));
  const from = body.findIndex((line, at) => at > last && line.startsWith('+'));
  const tail = from < 0 ? [] : body.slice(from);
  if (!tail.includes('') || !tail.at(-1)?.startsWith('+')) return undefined;
  const marked = [...body.slice(0, from), ...tail.map((line) => (line === '' ? '+' : line))];
  return { ...sides(marked, (line) => line.replace(/^ /, '')), repair: 'plus-missing' };
}

/** Lines between two added ones that the file has nowhere: their + was forgotten. */
function withPlus(body: readonly string[], has: (line: string) => boolean): readonly string[] | undefined {
  const marked = [...body];
  let changed = false;
  for (let at = 1; at < marked.length; at += 1) {
    const line = marked[at] ?? '';
    if (/^[+-]/.test(line) || !/^\+/.test(marked[at - 1] ?? '')) continue;
    let end = at;
    while (end < marked.length && !/^[+-]/.test(marked[end] ?? '')) end += 1;
    if (!/^\+/.test(marked[end] ?? '')) continue;
    const between = marked.slice(at, end);
    if (between.every((one) => one.trim() === '' || has(one.trim()))) {
      if (between.some((one) => one.trim() !== '')) continue;
    } else if (between.some((one) => one.trim() !== '' && has(one.trim()))) continue;
    for (const [offset, one] of between.entries())
      marked[at + offset] = `+${one.trim() === '' ? '' : indented(one, marked[at - 1] ?? '')}`;
    changed = true;
  }
  return changed ? marked : undefined;
}

/** The line without the blank that stands where its + should, if it has one: told by an even indentation. */
function indented(line: string, neighbour: string): string {
  const width = (text: string) => /^ */.exec(text)?.[0].length ?? 0;
  const odd = width(line) % 2 === 1 && width(neighbour.slice(1)) % 2 === 0;
  return odd ? line.slice(1) : line;
}

const NUMBERED = /^([ \t]*)(\d+)(?:: | ?\| |\t|→|[:|]$)/;

/** `12: code`, as a numbered listing shows it: on all lines that say anything, the numbers growing. */
function withoutNumbers({ search, replace }: Variant): Variant | undefined {
  const told = search.filter((line) => line.trim() !== '');
  const numbers = told.map((line) => Number(NUMBERED.exec(line)?.[2] ?? Number.NaN));
  if (told.length === 0 || numbers.some(Number.isNaN)) return undefined;
  if (numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] ?? 0))) return undefined;
  if (told.length === 1 && !replace.some((line) => NUMBERED.test(line))) return undefined;
  const bare = (line: string) => line.replace(NUMBERED, '');
  const numbered = replace.filter((line) => line.trim() !== '').every((line) => NUMBERED.test(line));
  const none = !replace.some((line) => NUMBERED.test(line));
  const before = new Set(search);
  if (
    !numbered &&
    !none &&
    !replace.every((line) => line.trim() === '' || before.has(line) || !/^\s*\d/.test(line) || NUMBERED.test(line))
  )
    return undefined;
  return {
    search: search.map(bare),
    replace: none ? replace : replace.map(bare),
    repair: 'line-number-prefix',
    ...(numbers[0] === undefined ? {} : { line: numbers[0] }),
  };
}

function decoded({ search, replace }: Variant): Variant | undefined {
  const decode = decodeEntities;
  if (!search.some((line) => decode(line) !== line)) return undefined;
  return { search: search.map(decode), replace: replace.map(decode), repair: 'html-entities' };
}

/** Both halves as the inside of one JSON string: `a\nb\tc`. */
function unescaped({ search, replace }: Variant): Variant | undefined {
  const tabs = (line: string) => line.replace(/^(?:\\t)+/, (found) => '\t'.repeat(found.length / 2));
  if (search.some((line) => tabs(line) !== line)) {
    return { search: search.map(tabs), replace: replace.map(tabs), repair: 'escaped-newlines' };
  }
  if (search.length !== 1 || replace.length > 1 || !/\\[nt"]/.test(search[0] ?? '')) return undefined;
  const read = (line: string): string[] | undefined => {
    try {
      const text: unknown = JSON.parse(`"${line}"`);
      return typeof text === 'string' ? text.replace(/\n$/, '').split('\n') : undefined;
    } catch {
      return undefined;
    }
  };
  const [old, now] = [read(search[0] ?? ''), read(replace[0] ?? '')];
  return old && now ? { search: old, replace: now, repair: 'escaped-newlines' } : undefined;
}

export interface Piece extends Variant {
  /** The `...` line before it, where there is one. */
  readonly dots?: string;
}

/** What stands between the `...` lines that both halves have alike; undefined where they do not pair. */
export function piecesOf({ search, replace }: Variant): readonly Piece[] | undefined {
  const [old, now] = [splitAt(search), splitAt(replace)];
  if (old.dots.length === 0 || old.dots.length !== now.dots.length) return undefined;
  if (old.dots.some((dots, index) => dots.trim() !== now.dots[index]?.trim())) return undefined;
  return old.pieces.map((piece, index) => {
    const dots = old.dots[index - 1];
    return { search: piece, replace: now.pieces[index] ?? [], ...(dots === undefined ? {} : { dots }) };
  });
}

function splitAt(lines: readonly string[]): { readonly pieces: string[][]; readonly dots: string[] } {
  const pieces: string[][] = [[]];
  const dots: string[] = [];
  for (const line of lines) {
    if (isPlaceholder(line)) {
      dots.push(line);
      pieces.push([]);
    } else pieces.at(-1)?.push(line);
  }
  return { pieces, dots };
}
