import { structuredPatch } from 'diff';

/** A line that a patch wrote: 1-based in the new text. */
export interface AddedLine {
  readonly line: number;
  readonly text: string;
}

export interface LineChanges {
  readonly added: readonly AddedLine[];
  /** 1-based in the old text. */
  readonly removed: readonly AddedLine[];
}

/** Beyond this many differing lines the exact difference costs more than it tells. */
const MOST_EDITS = 8000;

/** The lines that a change wrote and took away. Always ends: two long texts with nothing in common differ in all lines. */
export function lineChanges(before: string, after: string): LineChanges {
  const patch = structuredPatch('a', 'b', before, after, '', '', { context: 0, maxEditLength: MOST_EDITS });
  if (!patch) return { added: numbered(after), removed: numbered(before) };
  const added: AddedLine[] = [];
  const removed: AddedLine[] = [];
  for (const hunk of patch.hunks) {
    let old = hunk.oldStart;
    let now = hunk.newStart;
    for (const row of hunk.lines) {
      const text = row.slice(1);
      if (row.startsWith('+')) added.push({ line: now, text });
      else if (row.startsWith('-')) removed.push({ line: old, text });
      if (row.startsWith('+') || row.startsWith(' ')) now += 1;
      if (row.startsWith('-') || row.startsWith(' ')) old += 1;
    }
  }
  return { added, removed };
}

function numbered(text: string): AddedLine[] {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line, index) => ({ line: index + 1, text: line }));
}
