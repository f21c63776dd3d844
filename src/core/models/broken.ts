import type { WireFailure } from './wire.ts';

/**
 * An error that arrives in the stream itself: the request was taken, so the trouble is the server's own unless its code
 * says otherwise. OpenAI gives words as codes, OpenRouter and vLLM the HTTP status.
 */
export function brokenDown(
  partial: string,
  message = 'the server gave no reason',
  code?: string | number | null,
): WireFailure {
  const word = code == null ? undefined : String(code);
  return { ok: false, kind: 'status', status: statusOf(word), message, partial, ...(word ? { code: word } : {}) };
}

function statusOf(code = ''): number {
  if (/^[45]\d\d$/.test(code)) return Number(code);
  if (/^(?:rate_limit|insufficient_quota)/.test(code)) return 429;
  return /^(?:invalid_|context_length_exceeded)/.test(code) ? 400 : 500;
}
