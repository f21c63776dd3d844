import type { Clock } from '../../system/index.ts';

/** Pauses before a session that was refused is asked for again, in milliseconds. */
const AGAIN_MS = [20, 50, 100, 200, 400];

/**
 * Asks again for a session that sshd refused: it counts one that has just ended until it got round to clearing it up,
 * so that our next may be one too many for a moment (MaxSessions).
 * @param refused whether an error is such a refusal
 */
export async function whenRoom<T>(
  clock: Clock,
  refused: (error: unknown) => boolean,
  open: () => Promise<T>,
): Promise<T> {
  for (const pause of AGAIN_MS) {
    try {
      return await open();
    } catch (error) {
      if (!refused(error)) throw error;
      await clock.sleep(pause);
    }
  }
  return open();
}

/** Room for so many calls at a time on one connection; the others wait in the order they came. */
export class Channels {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Does something while holding one. @throws the signal's reason when it aborts before there was room */
  async hold<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#take(signal);
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  async #take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const turn = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#queue.splice(this.#queue.indexOf(turn), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(turn);
    });
  }
}
