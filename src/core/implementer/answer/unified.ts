import type { RefusalCode } from '../refusal.ts';
import { isFileHeader, isNewName, readHunk, readHunkHeader, sidesOf } from './hunks.ts';
import { type EditOp, isBlank, type Op } from './ops.ts';
import { startsV4a } from './v4a.ts';

export type Section =
  | { readonly ok: true; readonly ops: readonly Op[]; readonly next: number; readonly lastPath?: string }
  | { readonly ok: false; readonly code: RefusalCode; readonly message: string };

/** Whether a diff starts at a line. */
export function startsDiff(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? '';
  return line.startsWith('diff --git ') || isFileHeader(lines, at) || isNewName(lines, at) || /^@@+(?:\s|$)/.test(line);
}

/** The names of a file's headers, as they come. */
interface Names {
  old?: string | null;
  now?: string | null;
  from?: string;
  to?: string;
  created: boolean;
  deleted: boolean;
}

interface Reading {
  readonly lines: readonly string[];
  readonly end: number;
  readonly fenced: boolean;
  readonly known: ReadonlySet<string>;
  readonly prose: string;
}

/**
 * Reads a unified diff, with or without git's headers, from `at` to where it ends. Counts are not believed, line
 * numbers are hints.
 * @param path the file that hunks without a header belong to
 */
export function readUnified(
  lines: readonly string[],
  at: number,
  end: number,
  options: {
    readonly fenced: boolean;
    readonly known: ReadonlySet<string>;
    readonly path: string | undefined;
    readonly prose: string;
  },
): Section {
  const reading: Reading = { lines, end, ...options };
  const ops: Op[] = [];
  let path = options.path;
  let named = false;
  let next = at;
  while (next < end) {
    const line = lines[next] ?? '';
    if (line.startsWith('diff --git ') || isFileHeader(lines, next) || isNewName(lines, next)) {
      // Below the names of a file, others that are none are its changed lines.
      const file = readFile(reading, next, named ? undefined : path);
      if (!file.ok) return file;
      ops.push(...file.ops);
      path = file.lastPath ?? path;
      named = true;
      next = file.next;
    } else if (/^@@+(?:\s|$)/.test(line)) {
      if (path === undefined) {
        return {
          ok: false,
          code: 'malformed',
          message: `The hunk at line ${next + 1} of the answer belongs to no file.`,
        };
      }
      const hunks = readHunks(reading, next, path);
      if (!hunks.ok) return hunks;
      ops.push(...hunks.ops);
      next = hunks.next;
    } else if (line.trim() === '' || options.fenced) next += 1;
    else break;
  }
  return { ok: true, ops, next, ...(path === undefined ? {} : { lastPath: path }) };
}

function readFile(reading: Reading, at: number, path: string | undefined): Section {
  const { lines, end, known } = reading;
  const names: Names = { created: false, deleted: false };
  let next = at;
  if (lines[next]?.startsWith('diff --git ')) {
    [names.old, names.now] = splitGit(lines[next] ?? '', known);
    for (next += 1; next < end; next += 1) {
      const line = lines[next] ?? '';
      const [, key = '', value = ''] =
        /^(new file mode|deleted file mode|rename from|rename to|copy from|copy to|old mode|new mode|similarity index|dissimilarity index|index)\b ?(.*)$/.exec(
          line,
        ) ?? [];
      if (/^(?:GIT binary patch|Binary files )/.test(line)) {
        return { ok: false, code: 'malformed', message: `Line ${next + 1} of the answer is a binary patch.` };
      }
      if (key === '') break;
      if (key.startsWith('copy')) {
        return {
          ok: false,
          code: 'malformed',
          message: `Line ${next + 1} of the answer copies a file; write it as a new one.`,
        };
      }
      if (key === 'new file mode') names.created = true;
      if (key === 'deleted file mode') names.deleted = true;
      if (key === 'rename from') names.from = unquote(value);
      if (key === 'rename to') names.to = unquote(value);
    }
  }
  if (isFileHeader(lines, next)) {
    names.old = headerPath(lines[next] ?? '', 'a/', known);
    names.now = headerPath(lines[next + 1] ?? '', 'b/', known);
    next += 2;
  } else if (isNewName(lines, next)) {
    names.now = headerPath(lines[next] ?? '', 'b/', known);
    names.old = names.now;
    next += 1;
  }
  plainNames(names, /^@@/.test(lines[next] ?? '') ? path : undefined, known);
  return fileOps(reading, names, at, next);
}

/** What some write before both names (`old/x` and `new/x`), and instead of them below a line that names the file. */
const SIDES: readonly (readonly [old: string, now: string])[] = [
  ['old/', 'new/'],
  ['i/', 'w/'],
  ['c/', 'i/'],
  ['original/', 'modified/'],
  ['before/', 'after/'],
];
const WORDS = /^(?:(?:original|old|before)\|(?:modified|new|updated|after))$/i;

function plainNames(names: Names, path: string | undefined, known: ReadonlySet<string>): void {
  const { old, now } = names;
  if (!old || !now || old === now || known.has(old) || known.has(now)) return;
  if (path !== undefined && WORDS.test(`${old}|${now}`)) {
    names.old = path;
    names.now = path;
  }
  for (const [from, to] of SIDES) {
    const name = old.slice(from.length);
    if (!old.startsWith(from) || now !== to + name) continue;
    names.old = name;
    names.now = name;
  }
}

function fileOps(reading: Reading, names: Names, at: number, from: number): Section {
  const old = names.from ?? names.old;
  const now = names.to ?? names.now;
  const base = { prose: reading.prose, line: at + 1 };
  const path = now ?? old;
  if (path === undefined || path === null) {
    return { ok: false, code: 'malformed', message: `Line ${at + 1} of the answer names no file.` };
  }
  if (names.deleted || now === null) {
    const gone = old ?? path;
    const skipped = readHunks(reading, from, gone);
    return skipped.ok ? { ...skipped, ops: [{ op: 'delete', path: gone, ...base }], lastPath: gone } : skipped;
  }
  if (names.created || old === null || (old === now && isNewText(reading, path, from))) {
    return newFile(reading, path, at, from);
  }
  const moves = names.from !== undefined && names.to !== undefined && names.from !== names.to;
  const target = moves ? (names.from ?? path) : same(old ?? path, path, reading.known);
  if (target === undefined) {
    const message = `Line ${at + 1} of the answer names two files, ${old} and ${now}, without saying that one becomes the other.`;
    return { ok: false, code: 'malformed', message };
  }
  const hunks = readHunks(reading, from, target);
  if (!hunks.ok) return hunks;
  const move: Op[] = moves ? [{ op: 'move', path: target, to: names.to ?? path, ...base }] : [];
  return { ok: true, ops: [...move, ...hunks.ops], next: hunks.next, lastPath: target };
}

/** A new file by its hunks. Never less than they show: lines without a + are its text where nothing else stands there. */
function newFile(reading: Reading, path: string, at: number, from: number): Section {
  const hunks = readHunks(reading, from, path, true);
  if (!hunks.ok) return hunks;
  const edits = hunks.ops.flatMap((op) => (op.op === 'edit' ? [op] : []));
  const texts = edits.map((op) => addedLines(op, reading.fenced));
  const lines = texts.flatMap((text) => text ?? []);
  if ((edits.length === 0 && holdsText(reading, hunks.next)) || texts.some((text) => text === undefined)) {
    const message = `${path} is new in line ${at + 1} of the answer, and has lines without a +. Write + before each of its lines.`;
    return { ok: false, code: 'malformed', message };
  }
  const newline = !edits.some((op) => op.hunk?.some((line) => line.startsWith('\\')));
  const base = { prose: reading.prose, line: at + 1 };
  const create: Op = { op: 'create', path, lines, how: 'diff', newline, ...base };
  return { ok: true, ops: [create], next: hunks.next, lastPath: path };
}

/** Whether the one hunk of a file that is not there says that it had no line before. */
function isNewText({ lines, end, known }: Reading, path: string, from: number): boolean {
  const there = [...known].some((file) => file === path || file.endsWith(`/${path}`) || path.endsWith(`/${file}`));
  if (there || !/^@@ -0,0 \+1\b/.test(lines[from] ?? '')) return false;
  for (let next = from + 1; next < end && !isFileHeader(lines, next) && !isNewName(lines, next); next += 1) {
    const line = lines[next] ?? '';
    if (line.startsWith('diff --git ')) break;
    if (/^(?:@@|-)/.test(line)) return false;
  }
  return true;
}

/** The lines that a hunk of a new file gives it; undefined where that cannot be told. */
function addedLines({ hunk = [], search, replace, hint }: EditOp, fenced: boolean): readonly string[] | undefined {
  if (isBlank(search)) return replace;
  const lines = hunk.filter((line) => !line.startsWith('\\'));
  // Behind -0,0 all is new. A blank before each line may be a mark, and without a fence prose may follow.
  const plain = fenced && hint?.line === 0 && lines.every((line) => !/^[+-]/.test(line));
  return plain && lines.some((line) => /^\S/.test(line)) ? lines : undefined;
}

/** Whether lines that may be a file's stand behind its names: right there, or anywhere in the fence. */
function holdsText({ lines, end, fenced }: Reading, at: number): boolean {
  let next = at;
  while (fenced && next < end && (lines[next] ?? '').trim() === '') next += 1;
  const line = lines[next] ?? '';
  return next < end && line.trim() !== '' && !/^-- ?$/.test(line) && !startsDiff(lines, next) && !startsV4a(line);
}

/** The file that two names of one header mean: `--- train.py.orig`, `+++ train.py`. */
function same(old: string, now: string, known: ReadonlySet<string>): string | undefined {
  if (old === now || (known.has(now) && !known.has(old))) return now;
  if (known.has(old) && !known.has(now) && (old.endsWith(`/${now}`) || now.endsWith(`/${old}`))) return old;
  if (!known.has(old) && /\.(?:orig|old|bak)$/.test(old)) return now;
  if (old.endsWith(`/${now}`) || now.endsWith(`/${old}`)) return now;
  return undefined;
}

/** @param unmarked hunks in which no line has a mark are read as well */
function readHunks(reading: Reading, at: number, path: string, unmarked = false): Section {
  const { lines, end, fenced, prose } = reading;
  const ops: Op[] = [];
  let next = at;
  while (next < end) {
    const line = lines[next] ?? '';
    const found = readHunkHeader(line);
    if (!found) {
      // Some leave the header out: the lines behind the names are the hunk then.
      const bare = ops.length === 0 && next === at && /^[ +-]/.test(line) && !isFileHeader(lines, next);
      if (!bare) {
        if (line.trim() !== '' || !startsDiffSoon(lines, next, end)) break;
        next += 1;
        continue;
      }
    }
    const hunk = readHunk(lines, found ? next + 1 : next, end, fenced, found ?? { hint: {} });
    if (hunk.short) {
      return { ok: false, code: 'truncated', message: `The hunk at line ${next + 1} of the answer is cut off.` };
    }
    if (hunk.lines.some((one) => /^[+-]/.test(one) || (unmarked && one.trim() !== ''))) {
      ops.push({ op: 'edit', path, ...sidesOf(hunk.lines), hunk: hunk.lines, hint: hunk.hint, prose, line: next + 1 });
    }
    next = hunk.next;
  }
  return { ok: true, ops, next };
}

const MOST_BLANKS = 100;

function startsDiffSoon(lines: readonly string[], at: number, end: number): boolean {
  let next = at;
  while (next < Math.min(end, at + MOST_BLANKS) && (lines[next] ?? '').trim() === '') next += 1;
  return next < end && startsDiff(lines, next);
}

/** `--- a/path<tab>time`: the path without prefix and time; null for /dev/null. */
function headerPath(line: string, prefix: string, known: ReadonlySet<string>): string | null {
  const text = line.slice(4, 2000);
  const raw = text.startsWith('"') ? unquote(text) : (text.split('\t')[0] ?? '').trimEnd();
  const name =
    /^(.*?)\s+\d{4}-\d\d-\d\d[ T][\d:.]+.*$/.exec(raw)?.[1] ??
    raw.replace(/\s+\((?:revision|working copy|original|modified|old|new|updated|before|after)\b[^)]*\)$/i, '');
  if (name === '/dev/null') return null;
  return strip(name.replace(/^`|`$/g, ''), prefix, known);
}

/** A folder of the repository may be called `a` or `b`: then the name stands as it is. */
function strip(name: string, prefix: string, known: ReadonlySet<string>): string {
  const other = prefix === 'a/' ? 'b/' : 'a/';
  const used = name.startsWith(prefix) ? prefix : name.startsWith(other) ? other : '';
  const bare = name.slice(used.length);
  return used !== '' && known.has(name) && !known.has(bare) ? name : bare;
}

function splitGit(line: string, known: ReadonlySet<string>): [string | undefined, string | undefined] {
  const text = line.slice('diff --git '.length).trimEnd();
  const quoted = /^("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)$/.exec(text);
  if (quoted?.[1] && quoted[2]) return [strip(unquote(quoted[1]), 'a/', known), strip(unquote(quoted[2]), 'b/', known)];
  // A name with blanks: both halves are the same name.
  const half = text.slice(0, (text.length - 1) / 2);
  const rest = text.slice((text.length + 1) / 2);
  if (half.replace(/^a\//, '') === rest.replace(/^b\//, ''))
    return [strip(half, 'a/', known), strip(rest, 'b/', known)];
  return [undefined, undefined];
}

/** Undoes git's quoting of names: `"caf\303\251.py"`. */
function unquote(name: string): string {
  const text = name.trim();
  if (!/^".*"$/.test(text)) return text;
  const bytes: number[] = [];
  const plain: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, a: 7, b: 8, f: 12, v: 11 };
  for (const [part] of text.slice(1, -1).matchAll(/\\[0-7]{3}|\\.|[^\\]+/g)) {
    if (/^\\[0-7]{3}$/.test(part)) bytes.push(Number.parseInt(part.slice(1), 8) & 255);
    else if (part.startsWith('\\')) bytes.push(plain[part[1] ?? ''] ?? part.charCodeAt(1));
    else bytes.push(...Buffer.from(part, 'utf8'));
  }
  return Buffer.from(bytes).toString('utf8');
}
