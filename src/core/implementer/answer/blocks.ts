import type { RefusalCode } from '../refusal.ts';
import type { Hint } from './ops.ts';

const HEAD = /^([ \t]*)(<{5,9}|-{5,9}) ?(?:SEARCH|ORIGINAL)>?[ \t]*$/i;
const MIDDLE = /^={5,9}[ \t]*$/;
const TAIL = /^[ \t]*(?:>{5,9}|\+{5,9}) ?(?:REPLACE|UPDATED)[ \t]*$/i;
const ESCAPED = /^\\([<=>]{5,9}.*)$/;
/** `:start_line:12` and a rule, as some models were taught. */
const START_LINE = /^:start_line:[ \t]*(\d+)[ \t]*$/;

export function isHead(line: string): boolean {
  return HEAD.test(line);
}

export function isTail(line: string): boolean {
  return TAIL.test(line);
}

export type Body =
  | {
      readonly ok: true;
      readonly search: readonly string[];
      readonly replace: readonly string[];
      readonly hint?: Hint;
      /** Index of the tail's line. */
      readonly end: number;
    }
  | { readonly ok: false; readonly code: RefusalCode; readonly message: string };

/** Reads a search/replace block whose head stands at `head`. */
export function readBlock(lines: readonly string[], head: number): Body {
  const [, indent = '', marker = ''] = HEAD.exec(lines[head] ?? '') ?? [];
  const malformed = (message: string): Body => ({ ok: false, code: 'malformed', message });
  let tail = head + 1;
  const body: string[] = [];
  for (; ; tail += 1) {
    const line = lines[tail];
    if (line === undefined) {
      const message = `The block at line ${head + 1} of the answer has no end (>>>>>>> REPLACE): the answer is cut off.`;
      return { ok: false, code: 'truncated', message };
    }
    const bare = outdent(line, indent);
    if (bare === undefined) return malformed(`Line ${tail + 1} of the answer stands left of its block.`);
    if (isTail(bare)) break;
    if (isHead(bare)) return malformed(`The block at line ${head + 1} of the answer has no end before the next.`);
    body.push(bare);
  }
  const middles = body.flatMap((line, index) => (MIDDLE.test(line) ? [index] : []));
  const exact = middles.filter((index) => body[index]?.trimEnd().length === marker.length);
  // Code may hold such a line too (an underlined heading); only one reading is safe.
  const [middle] = middles.length === 1 ? middles : exact;
  if (middle === undefined) return malformed(`The block at line ${head + 1} of the answer has no ======= line.`);
  if (middles.length > 1 && exact.length !== 1) {
    return malformed(
      `The block at line ${head + 1} of the answer has several ======= lines; write \\======= for those of the code.`,
    );
  }
  const { rows, hint } = withoutStartLine(body.slice(0, middle));
  const plain = (texts: readonly string[]) => texts.map((row) => ESCAPED.exec(row)?.[1] ?? row);
  return {
    ok: true,
    search: plain(rows),
    replace: plain(body.slice(middle + 1)),
    end: tail,
    ...(hint ? { hint } : {}),
  };
}

function withoutStartLine(rows: readonly string[]): { readonly rows: readonly string[]; readonly hint?: Hint } {
  const line = START_LINE.exec(rows[0] ?? '')?.[1];
  if (line === undefined) return { rows };
  const rest = rows.slice(1).filter((row, index) => !(index === 0 && /^:end_line:/.test(row)));
  return { rows: /^-{5,9}[ \t]*$/.test(rest[0] ?? '') ? rest.slice(1) : rest, hint: { line: Number(line) } };
}

function outdent(line: string, indent: string): string | undefined {
  if (line.startsWith(indent)) return line.slice(indent.length);
  return line.trim() === '' ? '' : undefined;
}
