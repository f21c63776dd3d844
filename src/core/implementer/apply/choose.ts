import type { Hint } from '../answer/ops.ts';

/** A place lines were found at: first line and the one behind the last, 0-based. */
interface Place {
  readonly from: number;
  readonly to: number;
}

/** How much nearer than the next a place must be to the line an answer names. */
const NEARER = 3;
/** Lines; a number further off than this was not read off the file but made up. */
const NEAR = 20;

/**
 * Which of several equal places an answer means: by the lines it names above the place, the end of the file, or a line
 * number that is right or far nearer to one than to the others. Undefined where nothing tells, or two things differ.
 */
export function choose<P extends Place>(places: readonly P[], hint: Hint, lines: readonly string[]): P | undefined {
  if (places.length < 2) return places[0];
  let left = places;
  if (hint.anchors && hint.anchors.length > 0) {
    const inside = withinAnchors(places, hint.anchors, lines);
    if (inside.length === 1) return inside[0];
    if (inside.length > 1) left = inside;
  }
  if (hint.atEnd) {
    const last = left.find((place) => lines.slice(place.to).every((line) => line.trim() === ''));
    if (last) return last;
  }
  const { after } = hint;
  if (after !== undefined) {
    const behind = left.filter((place) => place.from >= after);
    if (behind.length === 1) return behind[0];
  }
  if (hint.line === undefined) return undefined;
  const { line, offsets = [] } = hint;
  const read = [0, ...offsets].map((offset) => byLine(left, line, offset)).filter((place) => place !== undefined);
  return new Set(read).size === 1 ? read[0] : undefined;
}

/** The place a line number means, when the numbers of the answer are this far off. */
function byLine<P extends Place>(places: readonly P[], line: number, offset: number): P | undefined {
  const away = (place: P) => Math.abs(place.from - (line - 1 + offset));
  const [first, second] = places.toSorted((a, b) => away(a) - away(b));
  if (!first || !second) return first;
  const near = away(first);
  if (near === 0) return first;
  // 0 and 1 are what a model writes that does not know the line: they are right, or say nothing.
  return line > 1 && near <= NEAR && near * NEARER <= away(second) ? first : undefined;
}

interface Scope extends Place {
  /** The anchor is no head of a block: only the first place behind it is meant. */
  readonly first: boolean;
}

function withinAnchors<P extends Place>(
  places: readonly P[],
  anchors: readonly string[],
  lines: readonly string[],
): P[] {
  let scopes: readonly Scope[] = [{ from: 0, to: lines.length, first: false }];
  for (const anchor of anchors) {
    const inner = scopes.flatMap((scope) => scopesOf(anchor, scope, lines));
    // An anchor that stands nowhere says nothing.
    if (inner.length > 0) scopes = inner;
    else if (anchors.length === 1) return [];
  }
  const found = scopes.flatMap((scope) => {
    const inside = places.filter((place) => place.from >= scope.from && place.from < scope.to);
    return scope.first ? inside.slice(0, 1) : inside;
  });
  return [...new Set(found)];
}

function scopesOf(anchor: string, within: Place, lines: readonly string[]): Scope[] {
  const wanted = anchor.trim();
  const stands = (test: (line: string) => boolean) => {
    const found: number[] = [];
    for (let at = within.from; at < within.to; at += 1) if (test((lines[at] ?? '').trim())) found.push(at);
    return found;
  };
  const whole = stands((line) => line === wanted);
  // Git cuts a section's line off at some width.
  const starts = whole.length > 0 ? whole : stands((line) => line !== '' && line.startsWith(wanted));
  return starts.map((from, index) => {
    const to = blockEnd(from, within.to, lines);
    return to > from + 1 ? { from, to, first: false } : { from, to: starts[index + 1] ?? within.to, first: true };
  });
}

/** The line behind the block that a line heads: the next one that is not further in. */
function blockEnd(from: number, to: number, lines: readonly string[]): number {
  const depth = (line: string) => /^\s*/.exec(line)?.[0].length ?? 0;
  const own = depth(lines[from] ?? '');
  let at = from + 1;
  while (at < to) {
    const line = lines[at] ?? '';
    if (line.trim() !== '' && depth(line) <= own && !/^\s*[)\]}]/.test(line)) break;
    at += 1;
  }
  // Blank lines behind a line are no block of it.
  while (at > from + 1 && (lines[at - 1] ?? '').trim() === '') at -= 1;
  return at;
}
