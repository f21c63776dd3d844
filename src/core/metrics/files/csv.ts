import type { MetricPoint } from '../../domain/index.ts';
import { parseNumber } from '../numbers.ts';
import { pointsOfRecord } from './record.ts';
import { Rows } from './rows.ts';
import type { FileReader } from './types.ts';

/** A longer row is no row of numbers: a quote that was never closed, as a rule. */
const ROW_CAP = 1024 * 1024;
const [QUOTE, NEWLINE] = [0x22, 0x0a];

/** A table as text. A row without any number is a header, of what follows it. */
export class CsvReader implements FileReader {
  readonly #comma: string | undefined;
  #header: readonly string[];
  readonly #rows: Rows;
  #nameless = 0;

  constructor(from: number, state: string, comma?: string) {
    this.#rows = new Rows(from, ROW_CAP, rowEnd);
    this.#comma = comma;
    this.#header = state === '' ? [] : (JSON.parse(state) as string[]);
  }

  get consumed(): number {
    return this.#rows.consumed;
  }

  get state(): string {
    return this.#header.length === 0 ? '' : JSON.stringify(this.#header);
  }

  get diagnostics(): readonly string[] {
    return [
      ...(this.#rows.tooLong > 0
        ? [`${this.#rows.tooLong} row(s) over ${ROW_CAP / 1024 / 1024} MB were left out.`]
        : []),
      ...(this.#nameless > 0 ? [`${this.#nameless} row(s) before any header were left out.`] : []),
    ];
  }

  push(bytes: Buffer): MetricPoint[] {
    return this.#rows.push(bytes).flatMap((row) => this.#row(row));
  }

  end(): MetricPoint[] {
    return this.#rows.end().flatMap((row) => this.#row(row));
  }

  #row(line: string): MetricPoint[] {
    const row = line.replace(/^\uFEFF/, '').replace(/\r$/, '');
    const cells = cellsOf(row, this.#comma ?? guessComma(row));
    const numbers = cells.map((cell) => parseNumber(cell));
    if (numbers.every((value) => value === undefined)) {
      if (cells.some((cell) => cell !== '')) this.#header = cells;
      return [];
    }
    if (this.#header.length === 0) {
      this.#nameless += 1;
      return [];
    }
    return pointsOfRecord(
      numbers.flatMap((value, index) => (value === undefined ? [] : [[this.#header[index] ?? '', value] as const])),
    );
  }
}

/** Where a row ends: at a line end that no quotes enclose. */
function rowEnd(data: Buffer, start: number, ignoreQuotes: boolean): number {
  const plain = data.indexOf(NEWLINE, start);
  const quote = ignoreQuotes ? -1 : data.indexOf(QUOTE, start);
  if (plain < 0 || quote < 0 || quote > plain) return plain;
  let quoted = false;
  for (let at = start; at < data.length; at += 1) {
    if (data[at] === QUOTE) quoted = !quoted;
    else if (data[at] === NEWLINE && !quoted) return at;
  }
  return -1;
}

function guessComma(row: string): string {
  if (row.includes('\t') && !row.includes(',')) return '\t';
  return row.includes(';') && !row.includes(',') ? ';' : ',';
}

function cellsOf(row: string, comma: string): string[] {
  if (!row.includes('"')) return row.split(comma).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < row.length; at += 1) {
    const sign = row[at] ?? '';
    if (sign === '"' && quoted && row[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (sign === '"') quoted = !quoted;
    else if (sign === comma && !quoted) {
      cells.push(cell.trim());
      cell = '';
    } else cell += sign;
  }
  return [...cells, cell.trim()];
}
