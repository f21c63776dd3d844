import { createHash } from 'node:crypto';
import { structuredPatch } from 'diff';
import type { Texts } from '../types.ts';

type Changes = ReadonlyMap<string, string | null>;

interface PatchHunk {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  readonly lines: readonly string[];
}

function hunksOf(before: string, after: string, context: number): readonly PatchHunk[] {
  return structuredPatch('a', 'b', before, after, '', '', { context }).hunks;
}

/** A path in a header, as git reads it: quoted where it holds what would end it. */
function quote(path: string): string {
  const special = /["\\]/.test(path) || [...path].some((char) => char < ' ' || char === '\u007f');
  if (!special) return path;
  const escapes: Record<string, string> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };
  const inner = [...path].map((char) => {
    const code = char.charCodeAt(0);
    return escapes[char] ?? (code < 32 || code === 127 ? `\\${code.toString(8).padStart(3, '0')}` : char);
  });
  return `"${inner.join('')}"`;
}

function header(mark: string, path: string | null): string {
  if (path === null) return `${mark} /dev/null\n`;
  const quoted = quote(path);
  // A blank would end an unquoted name; the tab says where it really ends.
  return `${mark} ${quoted}${path.includes(' ') && !quoted.startsWith('"') ? '\t' : ''}\n`;
}

function range(start: number, count: number): string {
  // A range of no lines is named by the line before it.
  const first = count === 0 ? start - 1 : start;
  return count === 1 ? `${first}` : `${first},${count}`;
}

function emitFile(path: string, before: string | undefined, after: string | null): string {
  if (before === (after ?? undefined)) return '';
  const names = `diff --git ${quote(`a/${path}`)} ${quote(`b/${path}`)}\n`;
  const mode = before === undefined ? 'new file mode 100644\n' : after === null ? 'deleted file mode 100644\n' : '';
  const hunks = hunksOf(before ?? '', after ?? '', 3);
  if (hunks.length === 0) return `${names}${mode}`;
  const from = header('---', before === undefined ? null : `a/${path}`);
  const to = header('+++', after === null ? null : `b/${path}`);
  const body = hunks.map(
    (hunk) =>
      `@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@\n${hunk.lines.join('\n')}\n`,
  );
  return names + mode + from + to + body.join('');
}

/** Our own patch of texts, as `git apply` takes it: line ends, missing last newlines and odd paths included. */
export function emitPatch(before: Texts, changes: Changes): string {
  return [...changes]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, after]) => emitFile(path, before.get(path), after))
    .join('');
}

/**
 * sha256 of what a patch does: paths and the lines it removes and adds, in order. Line numbers, context, line ends and
 * blanks at the end of lines do not count, so the same change at another place of a moved file is the same patch.
 */
export function hashPatch(before: Texts, changes: Changes): string {
  const hash = createHash('sha256');
  for (const [path, after] of [...changes].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`\0${path}\0${after === null ? 'deleted' : ''}\n`);
    for (const hunk of hunksOf(before.get(path) ?? '', after ?? '', 0)) {
      for (const line of hunk.lines) if (!line.startsWith('\\')) hash.update(`${line.trimEnd()}\n`);
    }
  }
  return hash.digest('hex');
}
