import type { Clock, Disposable } from '../system/index.ts';

/** Ends a request whose server has sent nothing for too long. Every byte begins the wait anew. */
export class Silence {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #stop = new AbortController();
  /** Aborted by silence, or by the caller. */
  readonly signal: AbortSignal;
  #heardAt: number;
  #timer: Disposable;

  constructor(clock: Clock, ms: number, caller: AbortSignal | undefined) {
    this.#clock = clock;
    this.#ms = ms;
    this.signal = caller ? AbortSignal.any([caller, this.#stop.signal]) : this.#stop.signal;
    this.#heardAt = clock.monotonic();
    this.#timer = this.#wait(ms);
  }

  /** True where nothing came for too long. */
  get over(): boolean {
    return this.#stop.signal.aborted;
  }

  heard(): void {
    this.#heardAt = this.#clock.monotonic();
  }

  dispose(): void {
    this.#timer.dispose();
  }

  /** One timer for many bytes: when it goes off it looks how long it has really been. */
  #wait(ms: number): Disposable {
    return this.#clock.after(ms, () => {
      const left = this.#heardAt + this.#ms - this.#clock.monotonic();
      if (left <= 0) this.#stop.abort(new Error('silent'));
      else this.#timer = this.#wait(left);
    });
  }
}
