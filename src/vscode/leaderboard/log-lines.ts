import type { Files } from '../../core/system/index.ts';

/** How many bytes are read at a time. */
const CHUNK = 1024 * 1024;
/** A place in the file is kept for every so many lines: 1 M lines cost 130 kB of memory. */
const EVERY = 64;
/** A line longer than this is cut when shown; its bytes are still counted. */
const MAX_LINE = 4000;
const MAX_LINES = 2000;
const MAX_MATCHES = 5000;
const NEWLINE = 0x0a;

export interface LogPage {
  readonly first: number;
  readonly lines: readonly string[];
  /** All lines so far, a last one without its line end included. */
  readonly total: number;
  readonly bytes: number;
}

/**
 * A log file as lines, without holding it: a sparse index of line starts that grows with the file, and reads of what
 * is asked for. A carriage return folds: what it overwrote is not shown, as in a terminal.
 */
export class LogLines {
  readonly #files: Pick<Files, 'info' | 'readRange'>;
  readonly #file: string;
  /** Byte offset of the start of line 0, 64, 128, … */
  #starts = [0];
  /** Whole lines seen: newlines. */
  #newlines = 0;
  #bytes = 0;
  /** Where the last, still open line begins. */
  #lastStart = 0;
  #updating: Promise<void> = Promise.resolve();

  constructor(files: Pick<Files, 'info' | 'readRange'>, file: string) {
    this.#files = files;
    this.#file = file;
  }

  get total(): number {
    return this.#newlines + (this.#bytes > this.#lastStart ? 1 : 0);
  }

  /** Takes in what the file grew by; a file that shrank is read anew. */
  update(): Promise<void> {
    this.#updating = this.#updating.then(() => this.#update());
    return this.#updating;
  }

  async #update(): Promise<void> {
    const size = (await this.#files.info(this.#file))?.size ?? 0;
    if (size < this.#bytes) {
      this.#starts = [0];
      this.#newlines = 0;
      this.#bytes = 0;
      this.#lastStart = 0;
    }
    while (this.#bytes < size) {
      const bytes = await this.#files.readRange(this.#file, this.#bytes, Math.min(CHUNK, size - this.#bytes));
      if (bytes.length === 0) return;
      let at = bytes.indexOf(NEWLINE);
      while (at !== -1) {
        this.#newlines += 1;
        this.#lastStart = this.#bytes + at + 1;
        if (this.#newlines % EVERY === 0) this.#starts.push(this.#lastStart);
        at = bytes.indexOf(NEWLINE, at + 1);
      }
      this.#bytes += bytes.length;
    }
  }

  /** Lines [first, first + count); a negative `first` counts from the end. */
  async read(first: number, count: number): Promise<LogPage> {
    await this.update();
    const { total } = this;
    const bytes = this.#bytes;
    const from = Math.min(Math.max(0, first < 0 ? total + first : first), total);
    const wanted = Math.min(Math.max(0, count), MAX_LINES, total - from);
    const lines: string[] = [];
    let line = Math.floor(from / EVERY) * EVERY;
    for await (const text of this.#lines(this.#starts[Math.floor(from / EVERY)] ?? 0, bytes)) {
      if (lines.length === wanted) break;
      if (line >= from) lines.push(shown(text));
      line += 1;
    }
    return { first: from, lines, total, bytes };
  }

  /** The numbers of the lines that hold the text, upper and lower case alike; at most 5000. */
  async search(text: string): Promise<{ readonly lines: readonly number[]; readonly truncated: boolean }> {
    await this.update();
    const found: number[] = [];
    const wanted = text.toLowerCase();
    if (wanted === '') return { lines: [], truncated: false };
    let line = 0;
    for await (const block of this.#blocks(0, this.#bytes)) {
      const haystack = block.toString('utf8').toLowerCase();
      let counted = 0;
      let at = haystack.indexOf(wanted);
      while (at !== -1) {
        for (
          let next = haystack.indexOf('\n', counted);
          next !== -1 && next < at;
          next = haystack.indexOf('\n', counted)
        ) {
          line += 1;
          counted = next + 1;
        }
        if (found.length === MAX_MATCHES) return { lines: found, truncated: true };
        found.push(line);
        const end = haystack.indexOf('\n', at);
        at = end === -1 ? -1 : haystack.indexOf(wanted, end + 1);
      }
      for (let next = haystack.indexOf('\n', counted); next !== -1; next = haystack.indexOf('\n', next + 1)) line += 1;
    }
    return { lines: found, truncated: false };
  }

  async *#lines(from: number, to: number): AsyncGenerator<Buffer> {
    for await (const block of this.#blocks(from, to)) {
      let start = 0;
      let end = block.indexOf(NEWLINE);
      while (end !== -1) {
        yield block.subarray(start, end);
        start = end + 1;
        end = block.indexOf(NEWLINE, start);
      }
      if (start < block.length) yield block.subarray(start);
    }
  }

  /** The bytes in blocks of whole lines. Of a line longer than a chunk the rest is passed over. */
  async *#blocks(from: number, to: number): AsyncGenerator<Buffer> {
    let rest: Buffer = Buffer.alloc(0);
    let skipping = false;
    for (let at = from; at < to; ) {
      const bytes = await this.#files.readRange(this.#file, at, Math.min(CHUNK, to - at));
      if (bytes.length === 0) break;
      at += bytes.length;
      let fresh: Buffer = bytes;
      if (skipping) {
        const end = bytes.indexOf(NEWLINE);
        if (end === -1) continue;
        fresh = bytes.subarray(end);
        skipping = false;
      }
      const block = rest.length === 0 ? fresh : Buffer.concat([rest, fresh]);
      const cut = block.lastIndexOf(NEWLINE) + 1;
      if (cut > 0) yield block.subarray(0, cut);
      rest = block.subarray(cut);
      if (rest.length > CHUNK) {
        rest = Buffer.from(rest.subarray(0, CHUNK));
        skipping = true;
      }
    }
    if (rest.length > 0) yield rest;
  }
}

/** A line as a terminal would leave it: what follows the last carriage return that something follows. */
function shown(bytes: Buffer): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0x0d) end -= 1;
  const start = bytes.subarray(0, end).lastIndexOf(0x0d) + 1;
  const text = bytes.subarray(start, end).toString('utf8');
  return text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text;
}
