import { hunksOf } from '../patch/hunks.ts';

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

/** The lines that a change wrote and took away. */
export function lineChanges(before: string, after: string): LineChanges {
  const added: AddedLine[] = [];
  const removed: AddedLine[] = [];
  for (const hunk of hunksOf(before, after, 0)) {
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
