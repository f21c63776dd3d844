import type { Leaderboard, LeaderboardRow } from './types.ts';

const COLUMNS = [
  'rank',
  'idea',
  'title',
  'round',
  'parents',
  'status',
  'mean',
  'std',
  'n',
  'delta',
  'improved',
  'class',
] as const;

function cells(row: LeaderboardRow): readonly string[] {
  const text = (value: number | undefined) => (value === undefined ? '' : String(value));
  return [
    text(row.rank),
    row.candidate === undefined ? '' : `#${row.candidate}`,
    row.title,
    text(row.round),
    row.parents.map((parent) => `#${parent.candidate}`).join(' '),
    row.status,
    text(row.objective?.mean),
    text(row.objective?.std),
    text(row.objective?.n),
    text(row.delta),
    row.improved === undefined ? '' : row.improved ? 'yes' : 'no',
    row.comparisonClass ?? '',
  ];
}

/** The leaderboard as text for another program or a page. CSV cells that a sheet would run as a formula are quoted off. */
export function exportBoard(board: Leaderboard, format: 'json' | 'csv' | 'markdown'): string {
  if (format === 'json') return `${JSON.stringify(board, null, 2)}\n`;
  const rows = board.rows.map(cells);
  if (format === 'csv') return [COLUMNS, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
  const line = (row: readonly string[]) => `| ${row.map(markdownCell).join(' | ')} |\n`;
  return line(COLUMNS) + line(COLUMNS.map(() => '---')) + rows.map(line).join('');
}

function csvCell(text: string): string {
  const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function markdownCell(text: string): string {
  return text.replaceAll(/[\\|`*_<>[\]]/g, (sign) => `\\${sign}`).replaceAll(/\s+/g, ' ');
}
