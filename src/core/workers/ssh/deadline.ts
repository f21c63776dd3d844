import type { Clock, Disposable } from '../../system/index.ts';
import type { Answers } from '../typed.ts';

/** Limits of one login: over the network, and while a person reads a question. */
export const NETWORK_MS = 30_000;
export const PERSON_MS = 300_000;

/** The time one login may take, which a question to a person prolongs. */
export class Deadline {
  readonly #clock: Clock;
  readonly #late: (who: 'network' | 'person') => void;
  #limit: Disposable;

  constructor(clock: Clock, late: (who: 'network' | 'person') => void) {
    this.#clock = clock;
    this.#late = late;
    this.#limit = clock.after(NETWORK_MS, () => late('network'));
  }

  /** The same answers; while one is asked for, or another box's question comes first, the person's limit holds. */
  prolong(answers: Answers): Answers {
    return {
      get: (what) => answers.get(what),
      keep: (what, value) => answers.keep(what, value),
      forget: (what, value) => answers.forget(what, value),
      inTurn: (ask) => {
        this.#limit.dispose();
        this.#limit = this.#clock.after(PERSON_MS, () => this.#late('person'));
        return answers.inTurn(ask).finally(() => {
          this.#limit.dispose();
          this.#limit = this.#clock.after(NETWORK_MS, () => this.#late('network'));
        });
      },
    };
  }

  dispose(): void {
    this.#limit.dispose();
  }
}
