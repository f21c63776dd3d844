import type { Clock } from '../system/index.ts';
import type { Asker } from '../workers/index.ts';

/** How long after a person asked for something a box may still ask them: whoever waits longer has gone for coffee. */
const PERSON_WAITS_MS = 2 * 60_000;

/**
 * Whether one box may ask a person for a host key or a login now: while they check it, or once, while they wait for
 * what this process does on it first. Reconnects, restarts and polls never ask.
 */
export class MayAsk {
  readonly #clock: Clock;
  #checks = 0;
  #until = 0;
  /** The box answered, or its question was put: what comes later asks nothing but by *Check Boxes*. */
  #met = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** *Check Boxes* waits for the box. */
  get checking(): boolean {
    return this.#checks > 0;
  }

  get now(): boolean {
    return this.checking || this.#clock.monotonic() < this.#until;
  }

  /** A person just asked for something that waits for this box. False where that opens no question. */
  expect(): boolean {
    if (this.#met) return false;
    this.#until = this.#clock.monotonic() + PERSON_WAITS_MS;
    return true;
  }

  /** What was done first on the box came to its end. */
  settle(answered: boolean): void {
    this.#until = 0;
    this.#met ||= answered;
  }

  /** A person waits for this and nothing else. */
  async whileChecking<T>(work: () => Promise<T>): Promise<T> {
    this.#checks += 1;
    try {
      return await work();
    } finally {
      this.#checks -= 1;
    }
  }

  /** The host's asker, for the worker of this box. */
  asker(asker: Asker | undefined): Asker | undefined {
    const met = <T>(answer: T): T => {
      this.#met = true;
      return answer;
    };
    return (
      asker && {
        present: () => this.now,
        trustHostKey: (question) => met(asker.trustHostKey(question)),
        secret: (question) => met(asker.secret(question)),
      }
    );
  }
}
