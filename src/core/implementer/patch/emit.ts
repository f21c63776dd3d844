import { createHash } from 'node:crypto';
import type { Texts } from '../types.ts';
import { type Hunk, hunksOf } from './hunks.ts';

type Changes = ReadonlyMap<string, string | null>;

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

function emitHunk({ oldStart, oldLines, newStart, newLines, lines }: Hunk): string {
  return `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@\n${lines.join('\n')}\n`;
}

function emitFile(path: string, before: string | undefined, after: string | null): string {
  if (before === (after ?? undefined)) return '';
  const names = `diff --git ${quote(`a/${path}`)} ${quote(`b/${path}`)}\n`;
  const mode = before === undefined ? 'new file mode 100644\n' : after === null ? 'deleted file mode 100644\n' : '';
  const hunks = hunksOf(before ?? '', after ?? '', 3);
  if (hunks.length === 0) return `${names}${mode}`;
  const from = header('---', before === undefined ? null : `a/${path}`);
  const to = header('+++', after === null ? null : `b/${path}`);
  return names + mode + from + to + hunks.map(emitHunk).join('');
}

function emitMove(from: string, to: string, before: string, after: string): string {
  const names = `diff --git ${quote(`a/${from}`)} ${quote(`b/${to}`)}\nrename from ${quote(from)}\nrename to ${quote(to)}\n`;
  const hunks = hunksOf(before, after, 3);
  if (hunks.length === 0) return names;
  return names + header('---', `a/${from}`) + header('+++', `b/${to}`) + hunks.map(emitHunk).join('');
}

/**
 * Our own patch of texts, as `git apply` takes it: line ends, missing last newlines and odd paths included.
 * @param renames the old path by the new one; a file that is there under both names is written as two changes
 */
export function emitPatch(before: Texts, changes: Changes, renames: ReadonlyMap<string, string> = new Map()): string {
  const moved = new Map(
    [...renames].filter(
      ([to, from]) => before.has(from) && !before.has(to) && changes.get(from) === null && changes.get(to) != null,
    ),
  );
  const left = new Set(moved.values());
  return [...changes]
    .filter(([path]) => !left.has(path))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, after]) => {
      const from = moved.get(path);
      return from === undefined
        ? emitFile(path, before.get(path), after)
        : emitMove(from, path, before.get(from) ?? '', after ?? '');
    })
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
