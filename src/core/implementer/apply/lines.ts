/** One line of a file: its text and its own line end (empty for a last line without one). */
export interface Line {
  readonly text: string;
  readonly end: string;
}

export interface FileLines {
  /** U+FEFF where the file starts with it; never part of a line. */
  readonly mark: string;
  readonly lines: readonly Line[];
}

export function readLines(text: string): FileLines {
  const mark = text.startsWith('\ufeff') ? '\ufeff' : '';
  const body = text.slice(mark.length);
  const lines: Line[] = [];
  let from = 0;
  while (from < body.length) {
    const at = body.indexOf('\n', from);
    if (at < 0) {
      lines.push({ text: body.slice(from), end: '' });
      break;
    }
    const end = body[at - 1] === '\r' && at > from ? '\r\n' : '\n';
    lines.push({ text: body.slice(from, at + 1 - end.length), end });
    from = at + 1;
  }
  return { mark, lines };
}

/** The line end most lines of the file have; `\n` where none has one. */
export function usualEnd(lines: readonly Line[]): string {
  const windows = lines.filter((line) => line.end === '\r\n').length;
  const unix = lines.filter((line) => line.end === '\n').length;
  return windows > unix ? '\r\n' : '\n';
}

/**
 * The text of new lines. Only the last line may lack its end, and it does exactly where the file's last line did.
 */
export function writeLines(before: FileLines, lines: readonly Line[]): string {
  const usual = usualEnd(before.lines);
  const open = before.lines.at(-1)?.end === '';
  const last = lines.length - 1;
  const text = lines.map((line, index) => {
    if (index === last && open) return line.text;
    return line.text + (line.end === '' ? usual : line.end);
  });
  return before.mark + text.join('');
}
