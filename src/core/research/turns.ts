/** One at a time for each key: two windows that ask for the same thing must not pay for it twice. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Does the work when everything asked for under the same key before is over, however that ended.
   * @throws what the work throws; the signal's reason when it aborts before its turn
   */
  async take<T>(key: string, signal: AbortSignal, work: (waited: boolean) => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = (async () => {
      await before?.catch(() => {});
      signal.throwIfAborted();
      return work(before !== undefined);
    })();
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
