import { lineChanges } from '../gate/added.ts';
import type { Texts } from '../types.ts';

/** A new file is a moved one where at least this share of the lines of both is the same: git's own measure. */
const ALIKE = 0.5;
/** More than this many files that go, or come, are no moves that a person would follow. */
const MOST = 30;

/**
 * Which of the new files are files that went elsewhere: new path to old path, the most alike first. Whoever made the patch
 * may say so; git does not keep it, and a gate must not take a moved line for a written one.
 */
export function movesIn(files: Texts, changes: ReadonlyMap<string, string | null>): ReadonlyMap<string, string> {
  const gone = [...changes].flatMap(([path, text]) => (text === null && files.has(path) ? [path] : []));
  const come = [...changes].flatMap(([path, text]) =>
    text !== null && !files.has(path) ? [[path, text] as const] : [],
  );
  if (gone.length > MOST || come.length > MOST) return new Map();
  const pairs = come.flatMap(([path, text]) =>
    gone.map((old) => ({ path, old, alike: alike(files.get(old) ?? '', text) })),
  );
  const moves = new Map<string, string>();
  const taken = new Set<string>();
  for (const { path, old, alike: share } of pairs.toSorted((a, b) => b.alike - a.alike)) {
    if (share < ALIKE || moves.has(path) || taken.has(old)) continue;
    moves.set(path, old);
    taken.add(old);
  }
  return moves;
}

function alike(before: string, after: string): number {
  if (before === after) return before === '' ? 0 : 1;
  const { added, removed } = lineChanges(before, after);
  const [old, now] = [before.split('\n').length, after.split('\n').length];
  return (old - removed.length + (now - added.length)) / (old + now);
}
