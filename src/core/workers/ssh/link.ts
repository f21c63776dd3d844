import { HumanError, isHumanError } from '../../domain/index.ts';
import type { System } from '../../system/index.ts';
import type { Asker } from '../types.ts';

const MAX_BACKOFF_MS = 30_000;
/** A refused login or key is not tried again before this, or the box may lock us out. */
const REFUSED_MS = 60_000;

/** An open connection of any kind. `ended` resolves when it is gone. */
export interface Open {
  readonly ended: Promise<unknown>;
  close(): void;
}

export interface LinkOptions<L extends Open> {
  readonly system: Pick<System, 'clock' | 'random'>;
  readonly asker: Asker | undefined;
  /** One attempt. `asker`: whom to ask, where a person waits. */
  readonly open: (asker: Asker | undefined) => Promise<L>;
  readonly where: () => string;
}

/**
 * One connection, made when first needed and made anew, by the next call, after it was lost. At most one attempt at a
 * time; after a failed one the next waits, with full jitter, unless a person is there to ask.
 */
export class Link<L extends Open> {
  readonly #options: LinkOptions<L>;
  #open: L | undefined;
  #opening: Promise<L> | undefined;
  #openingAsks = false;
  #failures = 0;
  #notBefore = 0;
  #lastError: unknown;
  #disposed = false;

  constructor(options: LinkOptions<L>) {
    this.#options = options;
  }

  /** The connection there is. */
  get current(): L | undefined {
    return this.#open;
  }

  /** @throws HumanError as the attempt does; the signal's reason */
  async get(signal?: AbortSignal): Promise<L> {
    if (this.#disposed) throw this.#closed();
    if (this.#open) return this.#open;
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    aborted.promise.catch(() => {});
    try {
      const alone = this.#opening !== undefined && !this.#openingAsks;
      return await Promise.race([this.#attempt(), aborted.promise]).catch((error) => {
        // The attempt under way began before a person came, who can answer what it could not ask.
        if (!alone || !this.#asker() || !isHumanError(error) || error.code === 'unreachable') throw error;
        return Promise.race([this.#attempt(), aborted.promise]);
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends a connection that no longer answers, so that the next call makes another. */
  drop(open: L): void {
    if (this.#open === open) this.#open = undefined;
    open.close();
  }

  dispose(): void {
    this.#disposed = true;
    this.#open?.close();
    this.#open = undefined;
  }

  /** The attempt under way, or a new one. Not with a caller's signal: others may wait for the same. */
  #attempt(): Promise<L> {
    if (this.#opening) return this.#opening;
    const asker = this.#asker();
    this.#openingAsks = asker !== undefined;
    this.#opening = this.#connect(asker).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Whom to ask now, where a person waits. */
  #asker(): Asker | undefined {
    const { asker } = this.#options;
    return asker?.present?.() === false ? undefined : asker;
  }

  async #connect(asker: Asker | undefined): Promise<L> {
    const { clock, random } = this.#options.system;
    if (this.#lastError !== undefined && !asker && clock.monotonic() < this.#notBefore) throw this.#lastError;
    try {
      const open = await this.#options.open(asker);
      this.#failures = 0;
      this.#lastError = undefined;
      if (this.#disposed) {
        open.close();
        throw this.#closed();
      }
      this.#open = open;
      void open.ended.then(() => {
        if (this.#open === open) this.#open = undefined;
      });
      return open;
    } catch (error) {
      this.#failures += 1;
      this.#lastError = error;
      const refused = isHumanError(error) && error.code !== 'unreachable';
      const longest = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** (this.#failures - 1));
      this.#notBefore = clock.monotonic() + (refused ? REFUSED_MS : random.unit() * longest);
      throw error;
    }
  }

  #closed(): HumanError {
    return new HumanError(`The connection to ${this.#options.where()} was closed.`, { code: 'unreachable' });
  }
}

/** A link that died in the middle of a call. */
export function lostLink(where: string): HumanError {
  return new HumanError(`The connection to ${where} was lost; runs on it go on. It is made anew at the next try.`, {
    code: 'unreachable',
  });
}

class NoSession extends Error {}

/** The box has no room for a further session on our connection. */
export function noSession(where: string): HumanError {
  return new HumanError(
    `${where} takes no further session (MaxSessions in its sshd_config). Close some, then try again.`,
    { code: 'unreachable', cause: new NoSession() },
  );
}

export function isNoSession(error: unknown): boolean {
  return isHumanError(error) && error.cause instanceof NoSession;
}
