/** What models name the two sides of an edit by, in pairs. */
const PAIRS: readonly (readonly [from: string, to: string])[] = [
  ['search', 'replace'],
  ['find', 'replace'],
  ['old', 'new'],
  ['old_str', 'new_str'],
  ['old_string', 'new_string'],
  ['old_code', 'new_code'],
  ['original', 'updated'],
];
const PATH_TAGS = 'path|file|file_path|filepath|filename|file_name';
/** A path as an attribute, or as an element of its own. */
const PATH = new RegExp(
  `<\\w{1,40}\\s[^<>\\n]{0,300}?\\b(?:path|file|file_path|name|filename)\\s?=\\s?["']([^"'<>\\n]{1,400})["'][^<>\\n]{0,300}>|<(${PATH_TAGS})>\\s{0,20}([^<>\\n]{1,400}?)\\s{0,20}</\\2>`,
  'g',
);
const FILE =
  /^[ \t]{0,40}<file\s[^<>\n]{0,300}?\b(?:path|name)\s?=\s?["']([^"'<>\n]{1,400})["'][^<>\n]{0,300}>[ \t]*$/gm;
const MOST = 500;

/**
 * An answer whose edits stand in tags (`<search>` and `<replace>` under a path, or `<file path="…">` around a whole file)
 * as search/replace blocks or fenced files. Undefined where the tags do not pair up: never a part of what was meant.
 */
export function fromXml(text: string): string | undefined {
  for (const [from, to] of PAIRS) {
    if (text.includes(`<${from}>`)) return edits(text, from, to);
  }
  return wholeFiles(text);
}

function edits(text: string, from: string, to: string): string | undefined {
  const count = text.split(`<${from}>`).length - 1;
  const marks = [`</${from}>`, `<${to}>`, `</${to}>`];
  if (count > MOST || marks.some((mark) => text.split(mark).length - 1 !== count)) return undefined;
  let path: string | undefined;
  const blocks: string[] = [];
  for (let at = 0; blocks.length < count; ) {
    const search = between(text, `<${from}>`, `</${from}>`, at);
    const replace = search && between(text, `<${to}>`, `</${to}>`, search.end);
    if (!search || !replace || text.slice(search.end, replace.start).trim() !== '') return undefined;
    // Only what stands between two edits names a file: inside of one it is code.
    const named = [...text.slice(at, search.start).matchAll(PATH)].at(-1);
    path = named?.[1] ?? named?.[3] ?? path;
    if (path === undefined) return undefined;
    blocks.push(`${path}\n<<<<<<< SEARCH\n${rows(search.text)}=======\n${rows(replace.text)}>>>>>>> REPLACE\n`);
    at = replace.end;
  }
  return blocks.join('\n');
}

interface Between {
  readonly text: string;
  /** Where the opening tag begins, and where the closing one ends. */
  readonly start: number;
  readonly end: number;
}

function between(text: string, open: string, close: string, from: number): Between | undefined {
  const start = text.indexOf(open, from);
  const end = start < 0 ? -1 : text.indexOf(close, start);
  if (end < 0) return undefined;
  return { text: text.slice(start + open.length, end), start, end: end + close.length };
}

function wholeFiles(text: string): string | undefined {
  const found = [...text.matchAll(FILE)];
  if (found.length === 0 || found.length > MOST || found.length !== text.split('</file>').length - 1) return undefined;
  const files = found.map(({ 0: head, 1: path = '', index }) => {
    const start = index + head.length + 1;
    const end = text.indexOf('</file>', start);
    return end < 0 ? undefined : fenced(path, text.slice(start, end).replace(/[ \t]*$/, ''));
  });
  return files.every((one) => one !== undefined) ? files.join('\n') : undefined;
}

function fenced(path: string, body: string): string {
  const plain = /^\s*<!\[CDATA\[\n?([\s\S]*)\]\]>\s*$/.exec(body)?.[1] ?? body;
  // A fence of its own inside is the usual way, and is read as it stands.
  if (/^\s*(?:```|~~~)/.test(plain)) return `${path}\n${plain}`;
  const longest = Math.max(2, ...[...plain.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${path}\n${fence}\n${plain.endsWith('\n') ? plain : `${plain}\n`}${fence}\n`;
}

/** The lines between two tags: those of the tags themselves are none. */
function rows(text: string): string {
  const inner = text.replace(/^[ \t]*\n/, '').replace(/\n[ \t]*$/, '\n');
  return asRows(inner);
}

/** Lines of code as they stand in a block: what reads like one of its marks is escaped. */
export function asRows(text: string): string {
  if (text === '') return '';
  const escaped = text.replace(/^(?=[<=>]{5,9})/gm, '\\');
  return escaped.endsWith('\n') ? escaped : `${escaped}\n`;
}
