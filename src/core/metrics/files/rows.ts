/** Cuts a file's bytes into rows, however they arrive. A row over the cap is counted and left out, and never held. */
export class Rows {
  readonly #cap: number;
  readonly #endOf: (data: Buffer, start: number, dropping: boolean) => number;
  #held: Buffer = Buffer.alloc(0);
  #consumed: number;
  #dropping = false;
  #tooLong = 0;

  /**
   * @param from byte of the file at which a row begins
   * @param cap bytes
   * @param endOf where the row that begins at `start` ends; -1 where it does not yet. `dropping`: it is left out
   */
  constructor(from: number, cap: number, endOf: (data: Buffer, start: number, dropping: boolean) => number) {
    this.#consumed = from;
    this.#cap = cap;
    this.#endOf = endOf;
  }

  get consumed(): number {
    return this.#consumed;
  }

  /** How many rows were left out for their length. */
  get tooLong(): number {
    return this.#tooLong;
  }

  /** Every row that ended within these bytes, without its end. */
  push(bytes: Buffer): string[] {
    const data = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const rows: string[] = [];
    let start = 0;
    for (let end = this.#endOf(data, 0, this.#dropping); end >= 0; end = this.#endOf(data, start, this.#dropping)) {
      if (!this.#dropping) rows.push(data.toString('utf8', start, end));
      this.#dropping = false;
      start = end + 1;
    }
    if (data.length - start > this.#cap) {
      if (!this.#dropping) this.#tooLong += 1;
      this.#dropping = true;
      start = data.length;
    }
    this.#consumed += start;
    this.#held = Buffer.from(data.subarray(start));
    return rows;
  }

  /** What stands after the last end, if anything. */
  end(): string[] {
    const rows = this.#dropping || this.#held.length === 0 ? [] : [this.#held.toString('utf8')];
    this.#consumed += this.#held.length;
    this.#held = Buffer.alloc(0);
    return rows;
  }
}
