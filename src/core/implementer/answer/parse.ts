import type { Refusal } from '../refusal.ts';
import { pathBefore, pathInFence } from './path-line.ts';
import { dropReasoning } from './reasoning.ts';

/** One search/replace block. Lines are without line ends. */
export interface Block {
  /** As the answer spells it; not yet resolved against the repository. */
  readonly path: string;
  readonly search: readonly string[];
  readonly replace: readonly string[];
  /** What the answer says right before the block. */
  readonly prose: string;
  /** 1-based line of the block's head in the answer. */
  readonly line: number;
}

export type ParsedAnswer =
  | { readonly ok: true; readonly blocks: readonly Block[] }
  | { readonly ok: false; readonly refusal: Refusal };

const HEAD = /^([ \t]*)(<{5,9}) ?SEARCH>?[ \t]*$/;
const MIDDLE = /^={5,9}[ \t]*$/;
const TAIL = /^>{5,9} ?REPLACE[ \t]*$/;
const ESCAPED = /^\\([<=>]{5,9}.*)$/;
export const FENCE = /^[ \t]*(`{3,}|~{3,})(.*)$/;
const OTHER_FORMAT =
  /^(?:diff --git |@@ |\*\*\* (?:Begin Patch|Update File:|Add File:|Delete File:)|--- (?:a\/|\/dev\/null))/;

const refuse = (code: Refusal['code'], message: string): ParsedAnswer => ({ ok: false, refusal: { code, message } });

/**
 * Reads the search/replace blocks of an answer. All or nothing: an edit that cannot be read, in this or another
 * format, refuses the answer, so that never a part of what was meant is applied.
 * @param known paths of the repository: they may hold blanks
 */
export function parseAnswer(answer: string, known: ReadonlySet<string>): ParsedAnswer {
  const lines = dropReasoning(answer.split('\n').map((line) => line.replace(/\r$/, '')));
  const blocks: Block[] = [];
  let from = 0;
  let lastPath: string | undefined;
  for (let at = 0; at < lines.length; at += 1) {
    const head = HEAD.exec(lines[at] ?? '');
    if (!head) {
      if (/^[ \t]*(?:>{5,9} ?REPLACE|<{5,9} ?SEARCH\b)/.test(lines[at] ?? '')) {
        return refuse(
          'malformed',
          `Line ${at + 1} of the answer is a marker out of place: ${JSON.stringify(lines[at])}.`,
        );
      }
      continue;
    }
    const [, indent = '', marker = ''] = head;
    const body = readBody(lines, at, indent, marker.length);
    if (!body.ok) return body;
    const before = lines.slice(from, at);
    const near = pathBefore(before, known) ?? pathInFence(before);
    const path = near ?? lastPath;
    if (path === undefined || (near === undefined && isBlank(body.search))) {
      return refuse('malformed', `The block at line ${at + 1} of the answer has no path line before it.`);
    }
    blocks.push({ path, search: body.search, replace: body.replace, prose: proseOf(before, path), line: at + 1 });
    lastPath = path;
    at = body.end;
    from = at + 1;
  }
  return check(blocks, lines);
}

function check(blocks: readonly Block[], lines: readonly string[]): ParsedAnswer {
  const inside = new Set<number>();
  for (const block of blocks) {
    const length = block.search.length + block.replace.length + 3;
    for (let i = 0; i < length; i += 1) inside.add(block.line - 1 + i);
  }
  const other = lines.findIndex((line, index) => !inside.has(index) && OTHER_FORMAT.test(line));
  if (other >= 0) {
    return refuse(
      'malformed',
      `Line ${other + 1} of the answer belongs to a diff (${JSON.stringify(lines[other])}); only search/replace blocks are read.`,
    );
  }
  if (blocks.length > 0) return { ok: true, blocks };
  return refuse('no-edits', 'The answer holds no search/replace block.');
}

type Body =
  | { readonly ok: true; readonly search: string[]; readonly replace: string[]; readonly end: number }
  | Extract<ParsedAnswer, { ok: false }>;

function readBody(lines: readonly string[], head: number, indent: string, width: number): Body {
  const malformed = (message: string): Body => ({ ok: false, refusal: { code: 'malformed', message } });
  let tail = head + 1;
  const body: string[] = [];
  for (; ; tail += 1) {
    const line = lines[tail];
    if (line === undefined) {
      const message = `The block at line ${head + 1} of the answer has no end (>>>>>>> REPLACE): the answer is cut off.`;
      return { ok: false, refusal: { code: 'truncated', message } };
    }
    const bare = outdent(line, indent);
    if (bare === undefined) return malformed(`Line ${tail + 1} of the answer stands left of its block.`);
    if (TAIL.test(bare)) break;
    if (HEAD.test(bare)) return malformed(`The block at line ${head + 1} of the answer has no end before the next.`);
    body.push(bare);
  }
  const middles = body.flatMap((line, index) => (MIDDLE.test(line) ? [index] : []));
  const exact = middles.filter((index) => body[index]?.trimEnd().length === width);
  // Code may hold such a line too (an underlined heading); only one reading is safe.
  const [middle] = middles.length === 1 ? middles : exact;
  if (middle === undefined) return malformed(`The block at line ${head + 1} of the answer has no ======= line.`);
  if (middles.length > 1 && exact.length !== 1) {
    return malformed(
      `The block at line ${head + 1} of the answer has several ======= lines; write \\======= for those of the code.`,
    );
  }
  const plain = (rows: readonly string[]) => rows.map((row) => ESCAPED.exec(row)?.[1] ?? row);
  return { ok: true, search: plain(body.slice(0, middle)), replace: plain(body.slice(middle + 1)), end: tail };
}

function outdent(line: string, indent: string): string | undefined {
  if (line.startsWith(indent)) return line.slice(indent.length);
  return line.trim() === '' ? '' : undefined;
}

export function isBlank(lines: readonly string[]): boolean {
  return lines.every((line) => line.trim() === '');
}

const MAX_PROSE = 600;

/** The words before a block, without fences and its path line. */
function proseOf(before: readonly string[], path: string): string {
  const words = before.filter((line) => !FENCE.test(line) && line.replace(/[`*#:]/g, '').trim() !== path);
  const text = words.join('\n').trim();
  return text.length > MAX_PROSE ? `${text.slice(0, MAX_PROSE - 1).trimEnd()}…` : text;
}
