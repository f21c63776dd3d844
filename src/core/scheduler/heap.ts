/** A binary heap whose least element is on top. */
export class Heap<T> {
  readonly #items: T[];
  readonly #compare: (a: T, b: T) => number;

  constructor(items: readonly T[], compare: (a: T, b: T) => number) {
    this.#items = [...items];
    this.#compare = compare;
    for (let at = (this.#items.length >> 1) - 1; at >= 0; at -= 1) this.#sinkFrom(at);
  }

  get top(): T | undefined {
    return this.#items[0];
  }

  /** Takes the top away. */
  drop(): void {
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return;
    this.#items[0] = last;
    this.#sinkFrom(0);
  }

  /** The top grew: puts it where it belongs now. */
  sink(): void {
    this.#sinkFrom(0);
  }

  #sinkFrom(start: number): void {
    const items = this.#items;
    const item = items[start];
    if (item === undefined) return;
    let at = start;
    for (;;) {
      const left = items[2 * at + 1];
      if (left === undefined) break;
      const right = items[2 * at + 2];
      const goRight = right !== undefined && this.#compare(right, left) < 0;
      const child = goRight ? right : left;
      if (this.#compare(item, child) <= 0) break;
      items[at] = child;
      at = 2 * at + (goRight ? 2 : 1);
    }
    items[at] = item;
  }
}
