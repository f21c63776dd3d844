import type { AddedLine } from './added.ts';
import { codeLines, type FileChange, HASH_COMMENTS, MOST_LINE } from './changed.ts';
import { maskPython, withoutComments } from './mask.ts';

/** One side of a changed file, line for line. */
export interface Side {
  /** What the file says to the program: no comments, and of Python no docstrings. */
  readonly said: readonly string[];
  /** Of Python, that without what its texts hold. */
  readonly code: readonly string[];
}

/** Two words in a row: a text for people. */
const PROSE = /[A-Za-z_]{2}[,.;:!?]{0,2} {1,4}[A-Za-z_]{2}/;
const FLAG = /(?:^|[\s"'])--\w/;
/** What runs the text that it is given, or hands it to other programs. */
export const RUNS_TEXT =
  /(?<!\.)\b(?:exec|eval|compile|__import__)\s{0,4}\(|\b(?:system|popen|Popen|subprocess|check_call|check_output|run_module|run_path|import_module|environ|putenv|getenv|setdefault|shell)\b|_target_/;

export function sidesOf(change: FileChange): { readonly old: Side; readonly now: Side } {
  return { old: sideOf(change.before ?? '', change), now: sideOf(change.after ?? '', change) };
}

function sideOf(text: string, change: FileChange): Side {
  if (change.python) {
    const code = maskPython(text);
    return { said: withoutDocstrings(withoutComments(text), code).split('\n'), code: code.split('\n') };
  }
  const lines = codeLines(text, change);
  const said = HASH_COMMENTS.test(change.path) ? lines.map((line) => line.replace(/(?:^|\s)#.*$/, '')) : lines;
  return { said, code: said };
}

/** A text that is a statement of its own says nothing to the program. */
function withoutDocstrings(plain: string, code: string): string {
  let said = '';
  let from = 0;
  let depth = 0;
  let read = 0;
  for (const { index, 0: blanks } of code.matchAll(/\s+/g)) {
    depth += net(code.slice(read, index));
    read = index + blanks.length;
    let start = index;
    while (start < read && plain[start] === code[start]) start += 1;
    if (start === read || depth > 0 || code[index - 1] === '\\') continue;
    let end = read;
    while (plain[end - 1] === code[end - 1]) end -= 1;
    const lineEnd = plain.indexOf('\n', end);
    const before = plain.slice(plain.lastIndexOf('\n', start - 1) + 1, start);
    const behind = plain.slice(end, lineEnd < 0 ? undefined : lineEnd);
    if (before.trim() !== '' || behind.trim() !== '') continue;
    said += plain.slice(from, start) + plain.slice(start, end).replaceAll(/[^\n]/g, ' ');
    from = end;
  }
  return said + plain.slice(from);
}

/** How many brackets more are opened than closed. */
export function net(code: string): number {
  let sum = 0;
  for (const sign of code) {
    if (sign === '(' || sign === '[' || sign === '{') sum += 1;
    else if (sign === ')' || sign === ']' || sign === '}') sum -= 1;
  }
  return sum;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the texts of a line of Python stand, with their quotes; neighbours that nothing but blanks parts are one. */
export function textSpans(said: string, code: string): readonly Span[] {
  const spans: Span[] = [];
  let start = -1;
  let end = -1;
  const most = Math.min(said.length, MOST_LINE);
  for (let at = 0; at < most; at += 1) {
    if (said[at] !== code[at]) {
      if (start < 0) start = at;
      end = at + 1;
    } else if (start >= 0 && /\S/.test(code[at] ?? '')) {
      spans.push({ start, end });
      start = -1;
    }
  }
  return start < 0 ? spans : [...spans, { start, end }];
}

export function textsOf(said: string, code: string): readonly string[] {
  return textSpans(said, code).map(({ start, end }) => said.slice(start, end));
}

/** Whether a text is written for people, and is no command and no name of anything. */
export function isProse(text: string): boolean {
  return PROSE.test(text) && !FLAG.test(text);
}

export interface Hunk {
  readonly old: readonly AddedLine[];
  readonly now: readonly AddedLine[];
}

/** Where lines stand for others: what was taken away, and what was written in its place. */
export function replacedIn({ removed, added }: Pick<FileChange, 'removed' | 'added'>): readonly Hunk[] {
  const hunks: Hunk[] = [];
  let [gone, written] = [0, 0];
  while (gone < removed.length && written < added.length) {
    const place = (removed[gone]?.line ?? 0) - gone + written;
    const at = added[written]?.line ?? 0;
    const old = run(removed, gone);
    const now = run(added, written);
    if (at === place) hunks.push({ old, now });
    if (at >= place) gone += old.length;
    if (at <= place) written += now.length;
  }
  return hunks;
}

/** The lines from here on that follow each other. */
function run(lines: readonly AddedLine[], from: number): readonly AddedLine[] {
  let end = from + 1;
  while (end < lines.length && lines[end]?.line === (lines[end - 1]?.line ?? 0) + 1) end += 1;
  return lines.slice(from, end);
}
