/** What a login asks: answers from before, and a turn to ask for one. */
export interface Answers {
  get(what: string): string | undefined;
  keep(what: string, value: string): void;
  forget(what: string, value: string): void;
  inTurn<T>(ask: () => Promise<T>): Promise<T>;
}

/**
 * What a person typed to log in: passphrases and passwords, by what they are for. In memory only, for the workers of
 * one process, so that a connection made anew in the background need not ask. One question at a time: the second box
 * that needs the same key finds the answer there.
 */
export class Typed implements Answers {
  readonly #values = new Map<string, string>();
  #turn: Promise<unknown> = Promise.resolve();

  get(what: string): string | undefined {
    return this.#values.get(what);
  }

  keep(what: string, value: string): void {
    this.#values.set(what, value);
  }

  /** It was not the right one, or not any more. A newer one stays. */
  forget(what: string, value: string): void {
    if (this.#values.get(what) === value) this.#values.delete(what);
  }

  /** Asks after the questions that are open. */
  inTurn<T>(ask: () => Promise<T>): Promise<T> {
    const answer = this.#turn.then(ask);
    this.#turn = answer.catch(() => {});
    return answer;
  }
}
