import type { FromPage, ToPage } from '../../src/protocol/messages.ts';

/** What VS Code gives a page, once. */
export interface EditorApi {
  postMessage(message: FromPage): void;
  getState(): unknown;
  setState(state: unknown): void;
}

/** How long an answer may take before the page says so, in milliseconds. */
export const DEADLINE = 10_000;

type Question = Extract<FromPage, { readonly request: number }>;
type Asked<Q> = Q extends Question ? Omit<Q, 'request'> : never;
interface Answers {
  readonly curve: Extract<ToPage, { readonly type: 'curve' }>;
  readonly metrics: Extract<ToPage, { readonly type: 'metrics' }>;
  readonly log: Extract<ToPage, { readonly type: 'log' }>;
  readonly searchLog: Extract<ToPage, { readonly type: 'logMatches' }>;
}
type Answer<T extends Question['type']> = Answers[T];

interface Waiting {
  readonly resolve: (message: ToPage) => void;
  readonly reject: (error: Error) => void;
  readonly timer: number;
}

/** The page's side of the wire: sends, and pairs answers with questions by their number. */
export class Host {
  readonly #api: EditorApi;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(api: EditorApi) {
    this.#api = api;
  }

  send(message: FromPage): void {
    this.#api.postMessage(message);
  }

  /**
   * Asks the host.
   * @throws Error with a sentence for the person when the host says it failed, or does not answer in time
   */
  ask<T extends Question['type']>(question: Asked<Extract<Question, { readonly type: T }>>): Promise<Answer<T>> {
    const request = ++this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<ToPage>();
    const timer = window.setTimeout(() => {
      this.#waiting.delete(request);
      reject(new Error(`The extension did not answer within ${DEADLINE / 1000} seconds.`));
    }, DEADLINE);
    this.#waiting.set(request, { resolve, reject, timer });
    this.#api.postMessage({ ...question, request } as unknown as Question);
    return promise as Promise<Answer<T>>;
  }

  /** Hands an answer to whoever asked; false where it is no answer. */
  settle(message: ToPage): boolean {
    if (!('request' in message)) return false;
    const waiting = this.#waiting.get(message.request);
    if (!waiting) return true;
    this.#waiting.delete(message.request);
    window.clearTimeout(waiting.timer);
    if (message.type === 'failed') waiting.reject(new Error(message.message));
    else waiting.resolve(message);
    return true;
  }

  recall(): unknown {
    return this.#api.getState();
  }

  keep(state: unknown): void {
    this.#api.setState(state);
  }
}
