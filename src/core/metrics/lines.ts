/** Longest line that is read, in bytes. A longer one is noise (a base64 blob, a bar that never ends) and is left out. */
export const LINE_CAP = 64 * 1024;

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Cuts a log's bytes into lines, however the bytes arrive. A carriage return folds as on a terminal: of
 * `10%\r20%\r30%\n` only `30%` is a line; `\r\n` is one line end. Lines over `LINE_CAP` are counted and left out.
 */
export class LineSplitter {
  /** What stands after the last line end, of what was not written over yet. */
  #carry: Buffer = Buffer.alloc(0);
  /** True while the line at hand is over the cap and its bytes are dropped as they come. */
  #dropping = false;
  #tooLong = 0;

  /** How many lines were left out for their length. */
  get tooLong(): number {
    return this.#tooLong;
  }

  /** Gives every line that ended within these bytes, without its end. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    const data = Buffer.concat([this.#carry, bytes]);
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
      this.#finish(data.subarray(start, end), lines);
      start = end + 1;
    }
    this.#keep(data.subarray(start));
    return lines;
  }

  /** Gives what stands after the last line end, if anything. */
  end(): string[] {
    const lines: string[] = [];
    if (this.#dropping || contentEnd(this.#carry) > 0) this.#finish(this.#carry, lines);
    this.#carry = Buffer.alloc(0);
    return lines;
  }

  #finish(line: Buffer, lines: string[]): void {
    const end = contentEnd(line);
    const start = foldedStart(line, end);
    const tooLong = (this.#dropping && start === 0) || end - start > LINE_CAP;
    if (tooLong) this.#tooLong += 1;
    else lines.push(line.toString('utf8', start, end));
    this.#dropping = false;
  }

  #keep(rest: Buffer): void {
    const end = contentEnd(rest);
    const start = foldedStart(rest, end);
    if (start > 0) this.#dropping = false;
    this.#dropping ||= end - start > LINE_CAP;
    // A return at the end folds only once something follows it: one is kept for then.
    const returned = end < rest.length ? 1 : 0;
    this.#carry = Buffer.from(rest.subarray(this.#dropping ? end : start, end + returned));
  }
}

/** Where a line's bytes end, less the returns behind them. */
function contentEnd(line: Buffer): number {
  let end = line.length;
  while (end > 0 && line[end - 1] === RETURN) end -= 1;
  return end;
}

/** Where what is seen of a line begins: behind its last return. */
function foldedStart(line: Buffer, end: number): number {
  return end === 0 ? 0 : line.lastIndexOf(RETURN, end - 1) + 1;
}
