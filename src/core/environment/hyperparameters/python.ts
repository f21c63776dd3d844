/** A token of Python with its place: `start` and `end` are UTF-16 offsets in the text. */
export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'op';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A statement's tokens: brackets and backslashes join lines, comments are gone. */
export interface LogicalLine {
  /** Columns before the first token, a tab counting as one. */
  readonly indent: number;
  readonly tokens: readonly Token[];
}

const SKIP = /[ \t\f]+|\\\r?\n|#[^\n]*/y;
const STRING =
  /[rRbBuUfF]{0,2}(?:'''[\s\S]*?(?:'''|$)|"""[\s\S]*?(?:"""|$)|'(?:\\[\s\S]|[^'\\\n])*'?|"(?:\\[\s\S]|[^"\\\n])*"?)/y;
const NUMBER_TOKEN = /(?:0[xXbBoO][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d[\d_]*)?[jJ]?)/y;
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const OP = /\*\*|==|!=|<=|>=|->|:=|\/\/|[\s\S]/y;

/** Cuts Python into statements, well enough to find literals; never fails on broken code. */
export function logicalLines(text: string): LogicalLine[] {
  const lines: LogicalLine[] = [];
  let tokens: Token[] = [];
  let depth = 0;
  let at = 0;
  const take = (expression: RegExp): string | undefined => {
    expression.lastIndex = at;
    return expression.exec(text)?.[0];
  };
  let indent: number | undefined;
  const finish = () => {
    const [first] = tokens;
    if (first) {
      indent ??= first.start - (text.lastIndexOf('\n', first.start - 1) + 1);
      lines.push({ indent, tokens });
    }
    tokens = [];
  };
  while (at < text.length) {
    const skipped = take(SKIP);
    if (skipped) {
      at += skipped.length;
      continue;
    }
    if (text[at] === '\n' || text[at] === '\r') {
      if (depth === 0) {
        finish();
        indent = undefined;
      }
      at += 1;
      continue;
    }
    const token = next(take, at);
    if (token.kind === 'op') depth = depthAfter(depth, token.text);
    // A semicolon ends a statement; the next one is as deep as the first of its line.
    if (token.text === ';' && depth === 0) finish();
    else tokens.push(token);
    at = token.end;
  }
  finish();
  return lines;
}

function next(take: (expression: RegExp) => string | undefined, start: number): Token {
  const kinds = [
    ['string', STRING],
    ['number', NUMBER_TOKEN],
    ['name', NAME],
    ['op', OP],
  ] as const;
  for (const [kind, expression] of kinds) {
    const text = take(expression);
    if (text) return { kind, text, start, end: start + text.length };
  }
  return { kind: 'op', text: '', start, end: start + 1 };
}

export function depthAfter(depth: number, op: string): number {
  if (op === '(' || op === '[' || op === '{') return depth + 1;
  return op === ')' || op === ']' || op === '}' ? Math.max(0, depth - 1) : depth;
}

/** The tokens cut at a separator that stands outside every bracket. */
export function splitTokens(tokens: readonly Token[], separator: string): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === 'op' && token.text === separator && depth === 0) {
      parts.push([]);
      continue;
    }
    if (token.kind === 'op') depth = depthAfter(depth, token.text);
    parts.at(-1)?.push(token);
  }
  return parts;
}

/** What a plain string token says; undefined for f-strings and bytes. */
export function stringValue(token: Token | undefined): string | undefined {
  if (token?.kind !== 'string') return undefined;
  const match = /^[rRuU]?('''|"""|'|")([\s\S]*)\1$/.exec(token.text);
  return match && !match[2]?.includes('\\') ? match[2] : undefined;
}
