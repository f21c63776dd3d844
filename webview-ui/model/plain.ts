const BIDI = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
const CONTROL = /[\u0000-\u001F\u007F-\u009F]/g;

function picture(char: string): string {
  const code = char.charCodeAt(0);
  if (code === 9 || code === 10 || code === 13) return ' ';
  if (code < 32) return String.fromCharCode(0x2400 + code);
  return code === 127 ? '\u2421' : '\uFFFD';
}

/**
 * Foreign text for one line: control characters become their pictures, and marks that turn the reading direction
 * become words, so that a title can neither hide nor reorder what stands beside it.
 * @param limit characters kept; the rest becomes an ellipsis
 */
export function plain(text: string, limit = 400): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return cut.replace(BIDI, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase()}]`).replace(CONTROL, picture);
}

/** The same for a text of several lines: line breaks stay. */
export function plainLines(text: string, limit = 20_000): string {
  return text
    .slice(0, limit)
    .split(/\r?\n/)
    .map((line) => plain(line, limit))
    .join('\n')
    .concat(text.length > limit ? '…' : '');
}
