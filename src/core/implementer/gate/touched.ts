import type { AddedLine } from './added.ts';
import type { FileChange } from './changed.ts';

export interface Touched extends AddedLine {
  /** Taken away: `line` is one of the old text. */
  readonly gone: boolean;
  /** The line of the new text that stands for it. */
  readonly at: number;
}

/** Lines written or taken away, without those that only moved or changed their indentation. */
export function touched(change: FileChange): readonly Touched[] {
  const added = new Set(change.added.map((one) => one.text.trim()));
  const removed = new Set(change.removed.map((one) => one.text.trim()));
  // What a new file prints was never the baseline's; only what stood there can be bent.
  const own = change.added.filter((one) => !removed.has(one.text.trim()) && !isComment(one.text));
  const gone = change.removed.filter((one) => !added.has(one.text.trim()) && !isComment(one.text));
  const lines = change.after?.split('\n').length ?? 1;
  const near = (line: number) => change.added.find((one) => one.line >= line)?.line ?? Math.min(line, lines);
  return [
    ...own.map((one) => ({ ...one, at: one.line, gone: false })),
    ...gone.map((one) => ({ ...one, at: near(one.line), gone: true })),
  ];
}

function isComment(text: string): boolean {
  return /^\s*#/.test(text);
}
