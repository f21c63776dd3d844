import { type Clock, type Disposable, orAborted } from '../system/index.ts';
import type { Wire, WireFailure } from './wire.ts';

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

/** @param partial what had come before */
export function silent(ms: number, partial: string): WireFailure {
  return {
    ...{ ok: false, kind: 'cut', code: 'silent', partial },
    message: `it sent nothing for ${Math.round(ms / 1000)} s`,
  };
}

/**
 * A wire whose other end may never end, nor heed a signal: given up as soon as the caller cancels, and once it sends
 * nothing for `silenceMs`.
 */
export function impatient(wire: Wire, clock: Clock, silenceMs: number): Wire {
  return {
    async send(request) {
      const silence = new Silence(clock, silenceMs, request.signal);
      const { signal } = silence;
      let partial = '';
      const onText = (soFar: string) => {
        if (signal.aborted) return;
        silence.heard();
        partial = soFar;
        request.onText?.(soFar);
      };
      try {
        return await orAborted(wire.send({ ...request, signal, onText }), signal);
      } catch (error) {
        request.signal?.throwIfAborted();
        if (silence.over) return silent(silenceMs, partial);
        throw error;
      } finally {
        silence.dispose();
      }
    },
  };
}
