/** Longest line that is read, in bytes. A longer one is noise (a base64 blob, a bar that never ends) and is left out. */
export const LINE_CAP = 64 * 1024;

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Cuts a log's bytes into lines, however the bytes arrive. A carriage return folds as on a terminal: of
 * `10%\r20%\r30%\n` only `30%` is a line; `\r\n` is one line end. Lines over `LINE_CAP` are counted and left out.
 */
export class LineSplitter {
  #segment: Uint8Array[] = [];
  #length = 0;
  #afterReturn = false;
  #tooLong = 0;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** How many lines were left out for their length. */
  get tooLong(): number {
    return this.#tooLong;
  }

  /** Gives every line that ended within these bytes, without its end. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte === NEWLINE) {
        this.#take(bytes, start, at);
        start = at + 1;
        this.#finish(lines);
      } else if (byte === RETURN) {
        this.#take(bytes, start, at);
        start = at + 1;
        this.#afterReturn = true;
      } else if (this.#afterReturn) {
        this.#clear();
      }
    }
    this.#take(bytes, start, bytes.length);
    return lines;
  }

  /** Gives what stands after the last line end, if anything. */
  end(): string[] {
    const lines: string[] = [];
    if (this.#length > 0) this.#finish(lines);
    return lines;
  }

  #take(bytes: Uint8Array, from: number, to: number): void {
    if (to <= from) return;
    this.#length += to - from;
    // Copied: the caller may reuse its buffer.
    if (this.#length <= LINE_CAP) this.#segment.push(bytes.slice(from, to));
  }

  #clear(): void {
    this.#segment = [];
    this.#length = 0;
    this.#afterReturn = false;
  }

  #finish(lines: string[]): void {
    if (this.#length > LINE_CAP) this.#tooLong += 1;
    else lines.push(this.#decoder.decode(Buffer.concat(this.#segment)));
    this.#clear();
  }
}
