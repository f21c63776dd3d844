import type { EditOp, Hint } from '../answer/ops.ts';
import type { Place, Placing } from './place.ts';

/**
 * Where each edit of a file belongs. First by itself; where equal places were to choose from, again by what the edits
 * show whose place is sure.
 */
export function placings(place: Place, edits: readonly EditOp[]): ReadonlyMap<EditOp, Placing | undefined> {
  const found = new Map(edits.map((edit) => [edit, place.find(edit)]));
  const offsets = offsetsOf(found);
  for (const [edit, placing] of found) {
    const chosen = placing && (placing.ok ? !placing.alone : placing.refusal.code === 'ambiguous');
    if (chosen && edit.hint)
      found.set(edit, place.find({ ...edit, hint: { ...edit.hint, ...told(edit.hint, offsets) } }));
  }
  return found;
}

function told(hint: Hint, offsets: readonly number[]): Partial<Hint> {
  return hint.line === undefined || offsets.length === 0 ? {} : { offsets };
}

/** How far the line numbers of the edits are off that can stand at one place only. */
function offsetsOf(found: ReadonlyMap<EditOp, Placing | undefined>): readonly number[] {
  const all = [...found].flatMap(([{ hint }, placing]) => {
    const [splice] = placing?.ok && placing.alone ? placing.splices : [];
    // 0 and 1 are no numbers that were read off a file.
    return splice && hint?.line !== undefined && hint.line > 1 ? [splice.from + 1 - hint.line] : [];
  });
  return [...new Set(all)];
}
