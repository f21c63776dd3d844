import { HumanError } from '../domain/index.ts';
import type { RequestKind, Store } from '../store/index.ts';
import type { Ask } from './types.ts';
import { untilAnswer } from './until.ts';

/** The ways in which one open repo waits for what it asked for; all of them end when it is closed. */
export class Asking {
  readonly #store: Store;
  readonly #wake: () => void;
  readonly #closing = new AbortController();

  /** @param wake has the driver of this process look at the requests, if it drives */
  constructor(store: Store, wake: () => void) {
    this.#store = store;
    this.#wake = wake;
  }

  /**
   * Writes a request and waits until whoever drives has done it.
   * @throws HumanError with the code and words that the request failed with
   */
  async request<T>(kind: RequestKind, payload: unknown, { signal, progress }: Ask): Promise<T> {
    const store = this.#store;
    signal?.throwIfAborted();
    const request = await store.addRequest(kind, payload);
    const onAbort = () => {
      // A store that is closed meanwhile leaves the request to whoever drives next.
      void store.askToCancelRequest(request.id).then(this.#wake, () => {});
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#wake();
    try {
      return await this.until(async () => {
        const now = await store.request(request.id);
        if (now?.progress) progress?.report(now.progress);
        if (now?.state === 'done') return { value: now.result as T };
        if (now?.state !== 'failed' && now?.state !== 'cancelled') return undefined;
        if (now.error?.code === 'bug') throw new Error(now.error.message);
        throw new HumanError(now.error?.message ?? 'Cancelled.', { code: now.error?.code ?? 'cancelled' });
      }).then((end) => end.value);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Looks again after every change until there is an answer. @throws the signal's reason, HumanError `closing` */
  until<T>(look: () => Promise<T | undefined>, signal?: AbortSignal): Promise<T> {
    const closing = this.#closing.signal;
    return untilAnswer(this.#store, look, signal ? AbortSignal.any([closing, signal]) : closing);
  }

  /** Whoever still waits is told: the change they wait for would never be seen. */
  close(): void {
    this.#closing.abort(
      new HumanError('Research Copilot was closed here. What runs on boxes goes on; open it again to see it.', {
        code: 'closing',
      }),
    );
  }
}
