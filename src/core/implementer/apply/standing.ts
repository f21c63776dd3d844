import type { EditOp, Op } from '../answer/ops.ts';
import type { Refusal, RefusalCode } from '../refusal.ts';

/** Refusals about one edit's own place: what the other edits say is no worse for them. */
const OF_ONE_PLACE: ReadonlySet<RefusalCode> = new Set([
  'no-match',
  'ambiguous',
  'elided-code',
  'empty-search',
  'already-applied',
  'file-not-found',
  'file-exists',
  'overlap',
]);

/**
 * The edits of a refused answer that need not be sent again. None where it was refused for more than single places;
 * and none of a file in which edits contradict each other, because they are to be joined.
 */
export function standingOps(ops: readonly Op[], refused: ReadonlySet<Op>, refusals: readonly Refusal[]): readonly Op[] {
  if (refused.size === 0 || refusals.some((one) => !OF_ONE_PLACE.has(one.code))) return [];
  const contradicted = new Set(refusals.filter((one) => one.code === 'overlap').map((one) => one.path));
  const paths = new Set(ops.filter((op) => refused.has(op) && contradicted.has(op.path)).map((op) => op.path));
  for (const path of contradicted) if (path !== undefined) paths.add(path);
  return ops.filter((op) => !refused.has(op) && !paths.has(op.path));
}

/**
 * The standing edits beside which a new answer is read: all but those that it says anew, by a whole text of the file or
 * by an edit that quotes all their lines and changes them. What contradicts one only in part is refused where both are applied: which of
 * them is meant is not ours to guess.
 */
export function restOf(standing: readonly Op[], fresh: readonly Op[]): readonly Op[] {
  return standing.filter((old) => !fresh.some((op) => saysAnew(op, old)));
}

function saysAnew(op: Op, old: Op): boolean {
  if (op.path !== old.path) return false;
  if (op.op === 'whole' || op.op === 'create') return old.op !== 'move' && old.op !== 'delete';
  if (op.op !== 'edit' || old.op !== 'edit' || !holds(op.search, old.search)) return false;
  // More new lines than it took away would be lost, and the model was told not to send them again: both are refused.
  if (lostLines(op, old) > old.search.filter((line) => !old.replace.includes(line)).length) return false;
  // One that only quotes the old lines around its own change does not take that change back.
  return holds(op.replace, old.replace) || !holds(op.replace, old.search);
}

/** How many lines of an older edit's own are in no line of the newer one. */
function lostLines(op: EditOp, old: EditOp): number {
  const known = new Set(['', ...op.replace, ...old.search].map((line) => line.trim()));
  return old.replace.filter((line) => !known.has(line.trim())).length;
}

function holds(lines: readonly string[], part: readonly string[]): boolean {
  const whole = lines.map((line) => line.trim());
  const wanted = part.map((line) => line.trim());
  return wanted.length > 0 && whole.some((_, at) => wanted.every((line, offset) => whole[at + offset] === line));
}
