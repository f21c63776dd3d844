import type { WireFailure } from './wire.ts';

/** How often and how long one question is asked again. */
export interface Patience {
  /** Tries after the first, for 429 and 5xx. */
  readonly retries: number;
  /** Milliseconds of waiting in all; a server that asks for more is not waited for. */
  readonly totalMs: number;
}

/** 6 tries and 3 minutes: rate limits are counted by the minute, so two windows pass before we give up. */
export const DEFAULT_PATIENCE: Patience = { retries: 6, totalMs: 180_000 };

const FIRST_MS = 500;
const LONGEST_MS = 20_000;

/** True for what another try may mend: too many requests, a timeout, or trouble of the server's own. */
export function isPassing(failure: WireFailure): boolean {
  const { status = 0 } = failure;
  if (failure.kind !== 'status') return false;
  // OpenAI says 429 too when the account has no money left: waiting does not help.
  if (failure.code === 'insufficient_quota') return false;
  return status === 429 || status === 408 || status === 409 || (status >= 500 && status !== 501);
}

/**
 * Milliseconds to wait before the next try, or undefined to give up.
 * @param tried tries made so far, at least 1
 * @param waitedMs milliseconds waited so far
 * @param chance in [0, 1): spreads clients that were refused together
 */
export function waitBefore(
  failure: WireFailure,
  tried: number,
  waitedMs: number,
  patience: Patience,
  chance: number,
): number | undefined {
  if (tried > patience.retries) return undefined;
  const own = Math.min(LONGEST_MS, FIRST_MS * 2 ** (tried - 1)) * (1 - chance / 4);
  const wait = failure.retryAfterMs ?? own;
  return waitedMs + wait > patience.totalMs ? undefined : wait;
}
