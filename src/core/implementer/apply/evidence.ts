import type { EditOp, Hint } from '../answer/ops.ts';
import type { Place, Placing } from './place.ts';

/**
 * Where each edit of a file belongs. First by itself; where equal places were to choose from, again by what the edits
 * show whose place is sure.
 */
export function placings(place: Place, edits: readonly EditOp[]): ReadonlyMap<EditOp, Placing | undefined> {
  const found = new Map(edits.map((edit) => [edit, place.find(edit)]));
  const offsets = offsetsOf(found);
  const inOrder = isInOrder(found);
  let after: number | undefined;
  for (const [edit, placing] of found) {
    const { hint } = edit;
    const chosen = placing && (placing.ok ? !placing.alone : placing.refusal.code === 'ambiguous');
    if (chosen && hint) {
      const behind = inOrder && hint.ordered && after !== undefined ? { after } : {};
      found.set(edit, place.find({ ...edit, hint: { ...hint, ...told(hint, offsets), ...behind } }));
    }
    // Only the edit right before one tells where it is behind.
    after = endOf(found.get(edit));
  }
  return found;
}

function endOf(placing: Placing | undefined): number | undefined {
  return placing?.ok ? placing.splices.at(-1)?.to : undefined;
}

/** Whether the edits whose place is sure stand behind those they ought to, as far as the place of these is sure. */
function isInOrder(found: ReadonlyMap<EditOp, Placing | undefined>): boolean {
  let after = 0;
  for (const [{ hint }, placing] of found) {
    if (!hint?.ordered) after = 0;
    const [splice] = placing?.ok && placing.alone ? placing.splices : [];
    if (splice && splice.from < after) return false;
    if (splice) after = splice.to;
  }
  return true;
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
