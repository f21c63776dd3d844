import { closes, type Fence, fenceOf } from './fence.ts';

/** Where edits begin, in any of the formats: fences, blocks, diffs, `apply_patch` headers. */
const MARK =
  /^(?:`{3,}|~{3,}|<{5,9} ?(?:SEARCH|ORIGINAL)\b|\*\*\* (?:Begin Patch|\w{3,6} File:)|diff --git |--- \S|\+\+\+ \S|@@ )/;
/** What a whole answer is indented or quoted by: as an item of a list, as a mail. */
const PREFIX = /^(?: {1,8}|\t{1,2}|> ?)/;
const EDITS = /^[ \t]*(?:`{3,}|~{3,}|<{5,9} ?(?:SEARCH|ORIGINAL)\b|\*\*\* Begin Patch|diff --git |--- \S|@@ )/;
const IS_TEXT = new Set(['', 'markdown', 'md', 'text', 'txt', 'plaintext']);
const NAMES_FILE = /[\w/-]\.[A-Za-z]\w{0,5}\b/;
const FEWEST_LINES = 5;

/**
 * An answer's lines without what is put around all of it: two blanks behind every line (a line break in Markdown), the
 * indentation of a list's item, the signs of a quotation, a fence around the whole. Only what stands on every line goes:
 * where one line of an edit lacks it, it may be the file's own.
 */
export function withoutWrapping(lines: readonly string[]): readonly string[] {
  return insideFence(withoutPrefix(withoutLineBreaks(lines)));
}

function withoutLineBreaks(lines: readonly string[]): readonly string[] {
  const full = lines.filter((line) => line.trim() !== '');
  if (full.length < FEWEST_LINES || !full.every((line) => /\S {2,}$/.test(line))) return lines;
  return lines.map((line) => line.replace(/ {2,}$/, ''));
}

function withoutPrefix(lines: readonly string[]): readonly string[] {
  const [first, last] = [lines.findIndex(isWrapped), lines.findLastIndex(isWrapped)];
  const prefix = PREFIX.exec(lines[first] ?? '')?.[0];
  if (prefix === undefined || lines.some((line) => MARK.test(line))) return lines;
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
  return prefix !== undefined && MARK.test(line.slice(prefix.length));
}

/** The inside of a fence that holds the whole answer: nothing but words that name no file stand around it. */
function insideFence(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => EDITS.test(line));
  const open = fenceOf(lines[first] ?? '');
  if (!open || !IS_TEXT.has(open.info.toLowerCase()) || lines.slice(0, first).some((line) => NAMES_FILE.test(line))) {
    return lines;
  }
  const last = lines.findLastIndex((line) => EDITS.test(line));
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
