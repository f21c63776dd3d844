import { isHead } from './blocks.ts';
import { closes, type Fence, fenceOf } from './fence.ts';
import { dropReasoning } from './reasoning.ts';
import { decodeEntities } from './unwrap.ts';
import { startsV4a } from './v4a.ts';

/** A block's head in HTML: beside parts that can be read as they stand, its block would be lost without a word. */
const ESCAPED_HEAD = /^[ \t]{0,40}(?:&lt;){5,9} ?(?:SEARCH|ORIGINAL)\b/im;
const UNSEEN = /^[\u200b-\u200d\u2060\ufeff]{1,20}/;
/** Blanks that do not break a line, as pages and documents indent with. */
const INDENT = /^([+-]?)([ \t]{0,200}[\u00a0\u2007\u202f][ \t\u00a0\u2007\u202f]{0,200})/;
const DIFF = /^[ \t]*(?:diff --git |--- \S|\+\+\+ \S|@@ )/;
/** What a whole answer is indented or quoted by: as an item of a list, as a mail. */
const PREFIX = /^(?: {1,8}|\t{1,2}|> ?)/;
const IS_TEXT = new Set(['', 'markdown', 'md', 'text', 'txt', 'plaintext']);
const NAMES_FILE = /[\w/-]\.[A-Za-z]\w{0,5}\b/;
const FEWEST_LINES = 5;

/** The lines of an answer as they are read: without its reasoning, and what is put around all of it. */
export function linesOf(answer: string): readonly string[] {
  const text = ESCAPED_HEAD.test(answer) ? decodeEntities(answer) : answer;
  const lines = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .map((line) =>
      line
        .replace(/\r$/, '')
        .replace(UNSEEN, '')
        .replace(INDENT, (_, sign, indent) => sign + ' '.repeat(indent.length)),
    );
  return withoutWrapping(dropReasoning(lines));
}

/**
 * An answer's lines without what is put around all of it: two blanks behind every line (a line break in Markdown), the
 * indentation of a list's item, the signs of a quotation, a fence around the whole. Only what stands on every line goes:
 * where one line of an edit lacks it, it may be the file's own.
 */
function withoutWrapping(lines: readonly string[]): readonly string[] {
  return insideFence(withoutPrefix(withoutLineBreaks(lines)));
}

/** Whether edits begin at a line, however far in, in any of the formats: a fence, a block, a diff, `apply_patch`. */
function beginsEdits(line: string): boolean {
  return fenceOf(line) !== undefined || isHead(line) || startsV4a(line) || DIFF.test(line);
}

/** The same at the left edge. */
function beginsLeft(line: string): boolean {
  return /^\S/.test(line) && beginsEdits(line);
}

function withoutLineBreaks(lines: readonly string[]): readonly string[] {
  const full = lines.filter((line) => line.trim() !== '');
  if (full.length < FEWEST_LINES || !full.every((line) => /\S {2,}$/.test(line))) return lines;
  return lines.map((line) => line.replace(/ {2,}$/, ''));
}

function withoutPrefix(lines: readonly string[]): readonly string[] {
  const [first, last] = [lines.findIndex(isWrapped), lines.findLastIndex(isWrapped)];
  const prefix = PREFIX.exec(lines[first] ?? '')?.[0];
  if (prefix === undefined || lines.some(beginsLeft)) return lines;
  const isEmpty = (line: string) => line.trim() === prefix.trim() || line.trim() === '';
  const isInside = (line: string) => line.startsWith(prefix) || isEmpty(line);
  if (!lines.slice(first, last + 1).every(isInside)) return lines;
  // With the path above and the end below.
  const from = lines.slice(0, first).findLastIndex((line) => !isInside(line)) + 1;
  const behind = lines.slice(last + 1).findIndex((line) => !isInside(line));
  const to = behind < 0 ? lines.length : last + 1 + behind;
  return lines.map((line, at) => {
    if (at < from || at >= to) return line;
    return line.startsWith(prefix) ? line.slice(prefix.length) : '';
  });
}

function isWrapped(line: string): boolean {
  const prefix = PREFIX.exec(line)?.[0];
  return prefix !== undefined && beginsLeft(line.slice(prefix.length));
}

/** The inside of a fence that holds the whole answer: nothing but words that name no file stand around it. */
function insideFence(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex(beginsEdits);
  const open = fenceOf(lines[first] ?? '');
  if (!open || !IS_TEXT.has(open.info.toLowerCase()) || lines.slice(0, first).some((line) => NAMES_FILE.test(line))) {
    return lines;
  }
  const last = lines.findLastIndex(beginsEdits);
  if (last <= first || !closes(lines[last] ?? '', open)) return lines;
  const inside = lines.slice(first + 1, last);
  return holdsAnswer(inside, open) ? [...lines.slice(0, first), ...inside, ...lines.slice(last + 1)] : lines;
}

/** Whether the text in a fence is an answer of its own and not code, a diff or blocks, which are read as they stand. */
function holdsAnswer(inside: readonly string[], around: Fence): boolean {
  const fences = inside.flatMap((line) => fenceOf(line) ?? []);
  // A fence inside of another of the same length would have closed it, but for one that names its language.
  return fences.length > 1 && fences.length % 2 === 0 && (around.mark.length > 3 || (fences[0]?.info ?? '') !== '');
}
