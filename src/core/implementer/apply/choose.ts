import type { Hint } from '../answer/ops.ts';

/** A place lines were found at: first line and the one behind the last, 0-based. */
interface Place {
  readonly from: number;
  readonly to: number;
}

/** How much nearer than the next a place must be to the line an answer names. */
const NEARER = 3;

/**
 * Which of several equal places an answer means: by the lines it names above the place, the end of the file, or a line
 * number that is right or far nearer to one than to the others. Undefined where nothing tells.
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
  if (hint.line === undefined) return undefined;
  const wanted = hint.line - 1;
  const [first, second] = left.toSorted((a, b) => Math.abs(a.from - wanted) - Math.abs(b.from - wanted));
  if (!first || !second) return first;
  const [near, far] = [Math.abs(first.from - wanted), Math.abs(second.from - wanted)];
  return near === 0 || near * NEARER <= far ? first : undefined;
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
  return at;
}
