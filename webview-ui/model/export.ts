import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import { type CellContext, type Column, cellText } from './columns.ts';
import { MINUS } from './format.ts';

function textual(columns: readonly Column[]): readonly Column[] {
  return columns.filter((column) => column.id !== 'spark');
}

/** The rows as a Markdown table, cells escaped so that foreign text stays text. */
export function toMarkdown(rows: readonly LeaderboardRow[], columns: readonly Column[], context: CellContext): string {
  const shown = textual(columns);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const head = line(shown.map((column) => column.title));
  const rule = line(shown.map((column) => (column.align === 'end' ? '---:' : '---')));
  const body = rows.map((row) => line(shown.map((column) => escapeMarkdown(cellText(column.id, row, context)))));
  return `${[head, rule, ...body].join('\n')}\n`;
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>|]/g, '\\$&');
}

/** The rows as CSV (RFC 4180, CRLF); numbers with an ASCII minus, full precision for the value and the difference. */
export function toCsv(rows: readonly LeaderboardRow[], columns: readonly Column[], context: CellContext): string {
  const shown = textual(columns);
  const head = shown.flatMap((column) =>
    column.id === 'value' ? ['Value', 'Std', 'n'] : column.id === 'delta' ? ['Delta', 'Sigmas'] : [column.title],
  );
  const body = rows.map((row) =>
    shown.flatMap((column) => {
      if (column.id === 'value') return [row.objective?.mean, row.objective?.std, row.objective?.n].map(numeric);
      if (column.id === 'delta') return [row.delta, row.sigmas].map(numeric);
      return [field(cellText(column.id, row, context).replaceAll(MINUS, '-'))];
    }),
  );
  return [head, ...body].map((cells) => `${cells.join(',')}\r\n`).join('');
}

function numeric(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}

function field(text: string): string {
  // A spreadsheet would run a cell that begins like a formula.
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
