import type { MetricPoint } from '../../domain/index.ts';
import { KnownFormats } from '../known.ts';
import { numbersOfObject } from '../literals.ts';
import { pointsOfRecord } from './record.ts';
import { Rows } from './rows.ts';
import type { FileReader } from './types.ts';

/** A longer line is left out. */
const LINE_CAP = 1024 * 1024;
const NEWLINE = 0x0a;

/** JSON lines; a line that is no object is read as a line of a log. */
export class LinesReader implements FileReader {
  readonly state = '';
  readonly #known = new KnownFormats();
  readonly #rows: Rows;
  #broken = 0;

  constructor(from: number) {
    this.#rows = new Rows(from, LINE_CAP, (data, start) => data.indexOf(NEWLINE, start));
  }

  get consumed(): number {
    return this.#rows.consumed;
  }

  get diagnostics(): readonly string[] {
    return [
      ...(this.#rows.tooLong > 0
        ? [`${this.#rows.tooLong} line(s) over ${LINE_CAP / 1024 / 1024} MB were left out.`]
        : []),
      ...(this.#broken > 0 ? [`${this.#broken} line(s) that begin as JSON are none, and were left out.`] : []),
    ];
  }

  push(bytes: Buffer): MetricPoint[] {
    return this.#rows.push(bytes).flatMap((line) => this.#line(line));
  }

  end(): MetricPoint[] {
    return this.#rows.end().flatMap((line) => this.#line(line));
  }

  #line(line: string): MetricPoint[] {
    const text = line.trim();
    if (text === '') return [];
    if (!text.startsWith('{')) return this.#known.parse(text);
    const numbers = numbersOfObject(text);
    if (numbers) return pointsOfRecord(numbers);
    this.#broken += 1;
    return [];
  }
}

/** A `.json` file, read once it is whole: one object, a list of them, or lines of them. */
export class JsonReader implements FileReader {
  readonly state = '';
  readonly diagnostics: readonly string[] = [];
  #held: Buffer = Buffer.alloc(0);
  #consumed: number;

  constructor(from: number) {
    this.#consumed = from;
  }

  get consumed(): number {
    return this.#consumed;
  }

  push(bytes: Buffer): MetricPoint[] {
    if (this.#held.length <= LINE_CAP) this.#held = Buffer.concat([this.#held, bytes]);
    return [];
  }

  end(): MetricPoint[] {
    const text = this.#held.toString('utf8').trim();
    this.#consumed += this.#held.length;
    this.#held = Buffer.alloc(0);
    if (text.length > LINE_CAP) return [];
    const whole = numbersOfObject(text.replaceAll(/\s*\n\s*/g, ' '));
    if (whole) return pointsOfRecord(whole);
    if (text.startsWith('[')) {
      return listOf(text).flatMap((item) => pointsOfRecord(numbersOfObject(JSON.stringify(item)) ?? []));
    }
    const lines = new LinesReader(0);
    return [...lines.push(Buffer.from(`${text}\n`)), ...lines.end()];
  }
}

function listOf(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
