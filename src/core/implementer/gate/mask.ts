const COMMENT_OR_TEXT = /#[^\n]*|("""|''')|["']/g;

/**
 * Python with what its texts and comments hold blanked out, line for line and column for column: what is left is code.
 * An f-string's expressions go too.
 */
export function maskPython(text: string): string {
  return masked(text, () => true);
}

/** Python with its comments blanked out, texts left as they are. */
export function withoutComments(text: string): string {
  return masked(text, (token) => token.startsWith('#'));
}

function masked(text: string, blanked: (token: string) => boolean): string {
  let code = '';
  let from = 0;
  COMMENT_OR_TEXT.lastIndex = 0;
  for (let found = COMMENT_OR_TEXT.exec(text); found; found = COMMENT_OR_TEXT.exec(text)) {
    const start = found.index;
    const [token] = found;
    const end = token.startsWith('#') ? start + token.length : endOfText(text, start, token);
    const own = text.slice(start, end);
    code += text.slice(from, start) + (blanked(token) ? blank(own) : own);
    from = end;
    COMMENT_OR_TEXT.lastIndex = end;
  }
  return code + text.slice(from);
}

function endOfText(text: string, start: number, quote: string): number {
  for (let at = start + quote.length; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text.startsWith(quote, at)) return at + quote.length;
    else if (quote.length === 1 && text[at] === '\n') return at;
  }
  return text.length;
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}
