import { LogText } from '../core/domain/index.ts';

/** One column of a table in the terminal. */
export interface Column {
  readonly head: string;
  readonly align?: 'right';
  /** May be cut short on a narrow terminal; what carries the least per letter. At most one. */
  readonly shrinks?: boolean;
  /** Left out where the terminal is too narrow, the highest number first. */
  readonly spare?: number;
}

const GAP = '  ';
/** Fewer letters of a title than this say nothing. */
const LEAST = 16;

/** Control characters of titles and reasons must not reach a terminal: they come from models and boxes. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ');
}

/**
 * Text for a terminal: its colours, line ends and tabs stay. What else a terminal obeys or cannot show is taken out,
 * whoever wrote it: titles, links, the clipboard, cursor movement, a carriage return that overwrites its line.
 */
export function screenText(text: string): string {
  return new LogText().push(Buffer.from(text)).replaceAll('\r', '');
}

/** A text of at most so many letters, the last one `…` where something was cut. */
export function cut(text: string, letters: number): string {
  const all = [...text];
  if (all.length <= letters) return text;
  return letters < 1 ? '' : `${all.slice(0, letters - 1).join('')}…`;
}

const lengthOf = (text: string) => [...text].length;

/**
 * Rows as aligned columns, the heads first. With a `width` every line fits it: spare columns go first, then the column
 * that shrinks is cut with `…`. Without one (a pipe, a file) everything is whole. Columns without any text are left out.
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): readonly string[] {
  const clean = rows.map((row) => columns.map((_, index) => printable(row[index] ?? '')));
  const wide = columns.map((column, index) =>
    Math.max(lengthOf(column.head), ...clean.map((row) => lengthOf(row[index] ?? ''))),
  );
  let shown = columns.map((_, index) => index).filter((index) => clean.some((row) => row[index] !== ''));
  const room = (least: boolean) =>
    shown.reduce((sum, index) => {
      const own = wide[index] ?? 0;
      return sum + (least && columns[index]?.shrinks ? Math.min(own, LEAST) : own);
    }, 0) +
    GAP.length * (shown.length - 1);
  if (width !== undefined) {
    while (room(true) > width) {
      const spare = shown.filter((index) => columns[index]?.spare !== undefined);
      const first = spare.toSorted((a, b) => (columns[b]?.spare ?? 0) - (columns[a]?.spare ?? 0))[0];
      if (first === undefined) break;
      shown = shown.filter((index) => index !== first);
    }
  }
  const over = width === undefined ? 0 : Math.max(0, room(false) - width);
  const widths = wide.map((own, index) => (columns[index]?.shrinks ? Math.max(Math.min(own, LEAST), own - over) : own));
  return [columns.map((column) => column.head), ...clean].map((row) => {
    const cells = shown.map((index) => {
      const letters = widths[index] ?? 0;
      const text = cut(row[index] ?? '', letters);
      const pad = ' '.repeat(Math.max(0, letters - lengthOf(text)));
      return columns[index]?.align === 'right' ? pad + text : text + pad;
    });
    const line = cells.join(GAP).trimEnd();
    return width === undefined ? line : cut(line, width);
  });
}
