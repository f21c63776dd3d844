/** Python as it is read: code, comments, and texts with their quotes. A text's prefix (`rb`) belongs to the code. */
export interface Piece {
  readonly kind: 'code' | 'comment' | 'text';
  readonly text: string;
}

const COMMENT_OR_TEXT = /#[^\r\n]*|("""|''')|["']/g;
/** What stands before the quote of a text whose braces hold code; slices of three characters are asked. */
const FORMATTED = /(?:^|[^\p{L}\p{N}_])(?:[ft]|[ft]r|r[ft])$/iu;
/** CPython takes 150. */
const MOST_LEVELS = 150;

/**
 * Python with what its texts and comments hold blanked out, line for line and column for column: what is left is code.
 * An f-string's expressions go too.
 */
export function maskPython(text: string): string {
  return join(piecesOf(text), ({ kind }) => kind !== 'code');
}

/** Python with its comments blanked out, texts left as they are. */
export function withoutComments(text: string): string {
  return join(piecesOf(text), ({ kind }) => kind === 'comment');
}

export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  COMMENT_OR_TEXT.lastIndex = 0;
  for (let found = COMMENT_OR_TEXT.exec(text); found; found = COMMENT_OR_TEXT.exec(text)) {
    const start = found.index;
    const [token] = found;
    const comment = token.startsWith('#');
    const end = comment ? start + token.length : endOfText(text, start, 0);
    pieces.push({ kind: 'code', text: text.slice(from, start) });
    pieces.push({ kind: comment ? 'comment' : 'text', text: text.slice(start, end) });
    from = end;
    COMMENT_OR_TEXT.lastIndex = end;
  }
  return [...pieces, { kind: 'code', text: text.slice(from) }];
}

function join(pieces: readonly Piece[], blanked: (piece: Piece) => boolean): string {
  return pieces.map((one) => (blanked(one) ? one.text.replaceAll(/[^\r\n]/g, ' ') : one.text)).join('');
}

/** The place behind the text whose quote is at `start`, or where its line ends. */
function endOfText(text: string, start: number, level: number): number {
  const long = text.slice(start, start + 3);
  const quote = long === '"""' || long === "'''" ? long : long.slice(0, 1);
  const prefix = text.slice(Math.max(0, start - 3), start);
  const formatted = level < MOST_LEVELS && FORMATTED.test(prefix);
  const raw = /r.?$/i.test(prefix);
  let at = start + quote.length;
  while (at < text.length) {
    if (text.startsWith(quote, at)) return at + quote.length;
    if (quote.length === 1 && isBreak(text[at])) return at;
    if (text[at] === '\\') at = behindBackslash(text, at, formatted, raw);
    else if (!formatted || text[at] !== '{') at += 1;
    else at = text[at + 1] === '{' ? at + 2 : endOfField(text, at + 1, quote, level + 1);
  }
  return text.length;
}

function behindBackslash(text: string, at: number, formatted: boolean, raw: boolean): number {
  const next = text[at + 1];
  if (formatted && !raw && text.startsWith('N{', at + 1)) {
    const name = /^[^{}"'\r\n]{0,100}\}/.exec(text.slice(at + 3, at + 104))?.[0];
    if (name !== undefined) return at + 3 + name.length;
  }
  // A backslash says nothing about a brace, and takes a line break as one.
  if (formatted && (next === '{' || next === '}')) return at + 1;
  return next === '\r' && text[at + 2] === '\n' ? at + 3 : at + 2;
}

/** The place behind the `}` of an expression in an f-string, in which a quote, also the outer one, begins a text. */
function endOfField(text: string, from: number, quote: string, level: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const char = text[at] ?? '';
    if (char === '#') {
      while (at < text.length && !isBreak(text[at])) at += 1;
    } else if (char === '"' || char === "'") at = endOfText(text, at, level);
    else if (char === '}' && depth === 0) return at + 1;
    else if (char === ':' && depth === 0) return endOfFormat(text, at + 1, quote, level);
    else {
      if ('([{'.includes(char)) depth += 1;
      else if (')]}'.includes(char)) depth = Math.max(0, depth - 1);
      at += 1;
    }
  }
  return at;
}

/** The place behind the `}` that ends a format such as `:>{width}`: words, in which braces hold expressions again. */
function endOfFormat(text: string, from: number, quote: string, level: number): number {
  let at = from;
  while (at < text.length) {
    if (text[at] === '}') return at + 1;
    if (text.startsWith(quote, at) || (quote.length === 1 && isBreak(text[at]))) return at;
    at = text[at] === '{' && level < MOST_LEVELS ? endOfField(text, at + 1, quote, level + 1) : at + 1;
  }
  return at;
}

function isBreak(char: string | undefined): boolean {
  return char === '\n' || char === '\r';
}
