/** What of the new lines stands as it is written, where the quoted ones were found further right by `pad`. */
export type Outdent = 'all-shifted' | 'first-shifted' | 'unclear';

/** How new lines stand in an answer that quotes others with another indentation than the file has. */
export type Written = 'moved' | 'as-it-is' | 'unclear';

/**
 * Some quote from the first sign of a line on: its own indentation is lost, that of the lines behind it is there already.
 * So where SEARCH does not show by a second line what was lost, and all further new lines are as far in as `pad`, they
 * may be meant either way; the one that makes them a sibling or the body of the first line is taken.
 * @param pad what the file has before the quoted lines
 * @param step columns of one level in the file
 */
export function outdentOf(search: readonly string[], replace: readonly string[], pad: string, step: number): Outdent {
  const quoted = told(search);
  const [first, second, ...more] = told(replace);
  if (first === undefined || second === undefined) return 'all-shifted';
  if (quoted.length > 1 && !quoted.every((line) => indentOf(line) === '')) return 'all-shifted';
  if (indentOf(first).startsWith(pad)) return 'all-shifted';
  if (![second, ...more].every((line) => indentOf(line).startsWith(pad))) return 'all-shifted';
  const own = indentOf(first).length;
  const kept = indentOf(second).length - pad.length - own;
  const moved = indentOf(second).length - own;
  const depth = childDepth(first, step);
  if (depth === 0) return kept === 0 ? 'first-shifted' : 'unclear';
  if (kept === depth) return moved === depth ? 'unclear' : 'first-shifted';
  if (moved === depth) return 'all-shifted';
  // Inside brackets the columns mean nothing: as it is written, if that is further in.
  if (isOpen(first)) return kept > 0 ? 'first-shifted' : 'all-shifted';
  return 'unclear';
}

/**
 * How new lines are written where all the quoted ones stand further right by `pad`: some quote without indentation and
 * write what is new as the file has it. So where the first new line is further in than the first quoted one, which no
 * line is that takes its place, they are as the file has them, if all of them can be; else it is not told.
 */
export function padded(search: readonly string[], replace: readonly string[], pad: string): Written {
  const [quoted, fresh] = [told(search), told(replace)];
  const [first, own] = [indentOf(fresh[0] ?? ''), indentOf(quoted[0] ?? '')];
  if (first.length <= own.length) return 'moved';
  if (first !== pad + own || !fresh.every((line) => indentOf(line).startsWith(pad))) return 'unclear';
  const known = new Set(quoted.map((line) => line.trim()));
  return fresh.every((line) => known.has(line.trim())) ? 'unclear' : 'as-it-is';
}

/** The same where the quoted lines stand further left by `surplus`: a line may also be meant to leave its block. */
export function stripped(search: readonly string[], replace: readonly string[], surplus: string): Written {
  const [quoted, fresh] = [told(search), told(replace)];
  if (indentOf(fresh[0] ?? '').length >= indentOf(quoted[0] ?? '').length) return 'moved';
  const places = new Map(quoted.map((line) => [line.trim(), indentOf(line)]));
  const both = fresh.filter((line) => places.has(line.trim()));
  const inPlace = both.every((line) => indentOf(line) + surplus === places.get(line.trim()));
  return both.length > 0 && both.length < fresh.length && inPlace ? 'as-it-is' : 'unclear';
}

/**
 * Whether new lines lost the indentation that the quoted ones have: they begin at the left edge, and no line that both have
 * is as far in as it was. Lines that leave a block and nothing else may do so.
 */
export function losesIndent(search: readonly string[], replace: readonly string[]): boolean {
  const [quoted, fresh] = [told(search), told(replace)];
  const least = Math.min(...quoted.map((line) => indentOf(line).length));
  if (!(least > 0 && least < Number.POSITIVE_INFINITY) || !fresh.some((line) => indentOf(line) === '')) return false;
  const places = new Map(quoted.map((line) => [line.trim(), indentOf(line).length]));
  const both = fresh.filter((line) => places.has(line.trim()));
  if (both.length === fresh.length && fresh.length === quoted.length) return false;
  const moved = both.map((line) => (places.get(line.trim()) ?? 0) - indentOf(line).length);
  return moved.includes(least) && moved.every((columns) => columns > 0);
}

/** Columns of one level: the step to the right that the lines take most often. */
export function stepOf(lines: readonly string[]): number {
  const counts = new Map<number, number>();
  let last = 0;
  for (const line of told(lines)) {
    const width = indentOf(line).length;
    if (width > last) counts.set(width - last, (counts.get(width - last) ?? 0) + 1);
    last = width;
  }
  const [most] = [...counts].toSorted(([a, many], [b, more]) => more - many || a - b);
  return most?.[0] ?? 4;
}

function told(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.trim() !== '');
}

function indentOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** How much further in than a line the next one stands that belongs to it; 0 where none can. */
function childDepth(line: string, step: number): number {
  const code = line.replace(/\s(?:#|\/\/).*$/, '').trim();
  // `- key: value` of YAML: the item's other keys stand under the first.
  const item = /^(-\s+)[\w."'-]+:(?:\s|$)/.exec(code)?.[1];
  if (item !== undefined) return item.length;
  return /(?:[:\\|>]|[|>][-+]|&&|\b(?:then|do|else|begin|try|finally))$/.test(code) || isOpen(code) ? step : 0;
}

/** Whether more brackets open in a line than close. */
function isOpen(line: string): boolean {
  const count = (signs: RegExp) => line.match(signs)?.length ?? 0;
  return count(/[([{]/g) > count(/[)\]}]/g);
}
