import type { Texts } from '../types.ts';
import { type AddedLine, lineChanges } from './added.ts';
import { maskPython } from './mask.ts';

/** How the lines of a file are read. */
export interface FileKind {
  readonly python: boolean;
  readonly shell: boolean;
}

/** One changed file, read once for all gates. */
export interface FileChange extends FileKind {
  readonly path: string;
  /** Where a moved file was. */
  readonly from: string | undefined;
  /** Undefined for a new file; the text at the old path for a moved one. */
  readonly before: string | undefined;
  /** Null for a deleted file. */
  readonly after: string | null;
  readonly added: readonly AddedLine[];
  readonly removed: readonly AddedLine[];
}

export function fileKind(path: string): FileKind {
  return {
    python: /\.pyw?$/.test(path),
    shell: /\.(?:ba|z)?sh$/.test(path) || /^(?:[^/]+\/)*(?:Makefile|justfile|Dockerfile)$/.test(path),
  };
}

export function readChanges(
  files: Texts,
  changes: ReadonlyMap<string, string | null>,
  renames: ReadonlyMap<string, string> = new Map(),
): readonly FileChange[] {
  const moved = new Set(renames.values());
  const read: FileChange[] = [];
  for (const [path, after] of changes) {
    if (after === null && moved.has(path)) continue;
    const before = files.get(renames.get(path) ?? path);
    read.push({
      path,
      from: renames.get(path),
      before,
      after,
      ...lineChanges(before ?? '', after ?? ''),
      ...fileKind(path),
    });
  }
  return read;
}

/** Of a line, the gates that read lines read this many characters; that there are more is told (`hidden.ts`). */
export const MOST_LINE = 2000;

/** Settings whose comments begin as those of Python and shells do. */
export const HASH_COMMENTS = /\.(?:ya?ml|toml|ini|cfg)$/;

/** How many blanks a line begins with. */
export function depthOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** The line behind the block, 1-based, that a line opens: what stands deeper than `depth`, blank lines in between. */
export function blockEnd(lines: readonly string[], line: number, depth: number): number {
  let end = line;
  while (end < lines.length && (lines[end]?.trim() === '' || depthOf(lines[end] ?? '') > depth)) end += 1;
  return end;
}

/** The texts as the patch leaves them. */
export function textsAfter(files: Texts, changed: readonly FileChange[]): Texts {
  const after = new Map(files);
  for (const { path, from, after: text } of changed) {
    if (from !== undefined) after.delete(from);
    if (text === null) after.delete(path);
    else after.set(path, text);
  }
  return after;
}

/** The lines of a file as code: of Python without what texts and comments hold, of shell without comments. */
export function codeLines(text: string, kind: FileKind): readonly string[] {
  const code = kind.python ? maskPython(text) : text;
  const lines = code.split('\n');
  return kind.shell ? lines.map((line) => line.replace(/(?:^|\s)#.*$/, '')) : lines;
}

/** How many lines above its own a call may begin that a line stands in. */
const CALL_LINES = 5;

/**
 * Whether a line of Python stands in the brackets of a call that matches and begins some lines above.
 * @param code lines without what texts and comments hold; @param line 1-based
 */
export function inCall(code: readonly string[], line: number, call: RegExp): boolean {
  for (let back = 1; back <= CALL_LINES; back += 1) {
    const above = code.slice(Math.max(0, line - 1 - back), line - 1).map((one) => one.slice(0, MOST_LINE));
    if (call.test(above[0] ?? '')) return count(above, '(') > count(above, ')');
  }
  return false;
}

function count(lines: readonly string[], bracket: string): number {
  return lines.reduce((sum, line) => sum + line.split(bracket).length - 1, 0);
}
