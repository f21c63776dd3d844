import type { Texts } from '../types.ts';
import { type AddedLine, lineChanges } from './added.ts';
import { maskPython } from './mask.ts';

/** One changed file, read once for all gates. */
export interface FileChange {
  readonly path: string;
  /** Undefined for a new file; the text at the old path for a moved one. */
  readonly before: string | undefined;
  /** Null for a deleted file. */
  readonly after: string | null;
  readonly added: readonly AddedLine[];
  readonly removed: readonly AddedLine[];
  readonly python: boolean;
  readonly shell: boolean;
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
    const python = /\.pyw?$/.test(path);
    const shell = /\.(?:ba|z)?sh$/.test(path) || /^(?:[^/]+\/)*(?:Makefile|justfile|Dockerfile)$/.test(path);
    read.push({ path, before, after, ...lineChanges(before ?? '', after ?? ''), python, shell });
  }
  return read;
}

/** The lines of a file as code: of Python without what texts and comments hold, of shell without comments. */
export function codeLines(text: string, kind: Pick<FileChange, 'python' | 'shell'>): readonly string[] {
  const code = kind.python ? maskPython(text) : text;
  const lines = code.split('\n');
  return kind.shell ? lines.map((line) => line.replace(/(?:^|\s)#.*$/, '')) : lines;
}
