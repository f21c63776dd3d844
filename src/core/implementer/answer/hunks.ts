import type { Hint } from './ops.ts';

/** The body of one hunk as it was written, and where it ends. */
export interface RawHunk {
  readonly lines: readonly string[];
  readonly hint: Hint;
  /** Index of the first line behind it. */
  readonly next: number;
  /** True where the header promises more lines than there are and nothing says that they end here. */
  readonly short: boolean;
}

const NUMBERS = /^@@+\s*-(\d+)(?:,(\d+))?\s+\+(\d+)(?:,(\d+))?\s*@@+[ \t]?(.*)$/;
const BARE = /^@@+(?:\s*\.{2,}\s*|\s+)?(?:@@+)?[ \t]?(.*)$/;

/** What a `@@` line says: numbers, a section or an anchor; undefined for any other line. */
export function readHunkHeader(
  line: string,
): { readonly hint: Hint; readonly counts?: readonly [number, number] } | undefined {
  const numbers = NUMBERS.exec(line);
  if (numbers) {
    const [, start = '', count = '1', , added = '1', section = ''] = numbers;
    const anchors = section.trim() === '' ? {} : { anchors: [section.trim()] };
    return { hint: { line: Number(start), ...anchors }, counts: [Number(count), Number(added)] };
  }
  if (!line.startsWith('@@')) return undefined;
  const anchor = (BARE.exec(line)?.[1] ?? '').replace(/\s*@@+\s*$/, '').trim();
  return { hint: anchor === '' || /^[-+.\d,\s]+$/.test(anchor) ? {} : { anchors: [anchor] } };
}

/** A pair of file headers: only both together are one, since `--- x` may be a deleted line `-- x`. */
export function isFileHeader(lines: readonly string[], at: number): boolean {
  return /^--- \S/.test(lines[at] ?? '') && /^\+\+\+ \S/.test(lines[at + 1] ?? '');
}

/** `+++ b/path` without its other half, right before a hunk with numbers. */
export function isNewName(lines: readonly string[], at: number): boolean {
  return /^\+\+\+ b\/\S/.test(lines[at] ?? '') && /^@@ -\d/.test(lines[at + 1] ?? '');
}

const V4A = /^\s*\*\*\* (?:Begin Patch|End Patch|Update File:|Add File:|Delete File:|Move to:)/;

/**
 * Reads hunk lines from `at` up to what cannot belong to them: another header, the end of the diff, a mail's signature.
 * @param end index where the fence or the answer ends
 * @param fenced nothing but the diff stands there; else prose may follow
 */
export function readHunk(
  lines: readonly string[],
  at: number,
  end: number,
  fenced: boolean,
  header: { readonly hint: Hint; readonly counts?: readonly [number, number] },
): RawHunk {
  const body: string[] = [];
  let atEnd = false;
  let next = at;
  for (; next < end; next += 1) {
    const line = lines[next] ?? '';
    if (line.startsWith('@@') || line.startsWith('diff --git ') || V4A.test(line) || isFileHeader(lines, next)) break;
    if (isNewName(lines, next)) break;
    if (/^\s*\*\*\* End of File/.test(line)) {
      atEnd = true;
      next += 1;
      break;
    }
    if (/^-- ?$/.test(line) && (next + 1 >= end || /^\d+\.\d+/.test(lines[next + 1] ?? ''))) break;
    if (!fenced && line !== '' && !/^[ +\-\\]/.test(line) && (lines[next - 1] ?? '') === '' && body.length > 0) break;
    body.push(line);
  }
  const ended = next < end || fenced;
  while (body.length > 0 && body.at(-1) === '') body.pop();
  return {
    lines: body,
    hint: atEnd ? { ...header.hint, atEnd } : header.hint,
    next,
    short: !ended && header.counts !== undefined && falls(body, header.counts),
  };
}

function falls(body: readonly string[], [old, now]: readonly [number, number]): boolean {
  const count = (mark: RegExp) => body.filter((line) => mark.test(line)).length;
  const kept = count(/^(?![+\-\\])/);
  return kept + count(/^-/) < old && kept + count(/^\+/) < now;
}

/** Both sides of a hunk by its markers; a line without one is context. */
export function sidesOf(hunk: readonly string[]): {
  readonly search: string[];
  readonly replace: string[];
  readonly end?: 'gains-newline' | 'loses-newline';
} {
  const search: string[] = [];
  const replace: string[] = [];
  let open: { readonly old: boolean; readonly now: boolean } = { old: false, now: false };
  let last = '';
  for (const line of hunk) {
    const mark = line[0] ?? ' ';
    if (mark === '\\') {
      open = { old: open.old || last !== '+', now: open.now || last !== '-' };
      continue;
    }
    const text = mark === ' ' || mark === '+' || mark === '-' ? line.slice(1) : line;
    if (mark !== '+') search.push(text);
    if (mark !== '-') replace.push(text);
    last = mark;
  }
  if (open.old === open.now) return { search, replace };
  return { search, replace, end: open.old ? 'gains-newline' : 'loses-newline' };
}
