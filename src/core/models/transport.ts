import { APIConnectionError, APIError, OpenAI } from 'openai';
import type { Clock } from '../system/index.ts';
import { brokenDown } from './broken.ts';
import { parseJson } from './shape.ts';
import { Silence, silent } from './silence.ts';
import type { WireAnswer, WireFailure, WireRequest } from './wire.ts';

/** Bytes of one answer with all that a protocol puts around its text; no model writes as much. */
const MAX_BYTES = 64 * 2 ** 20;

/** What has come of one answer. */
export interface Streamed {
  text: string;
}

/** Headers and signal that every request of ours carries. */
export interface SendOptions {
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends one request through the `openai` package and reads its stream. Retries are ours (the call log and the budget
 * must see each), so the package's are off. A redirect is not followed: what a person agreed to send is for one server.
 * @param silenceMs how long the server may send nothing
 */
export async function sendThrough(
  baseUrl: string,
  clock: Clock,
  silenceMs: number,
  request: WireRequest,
  exchange: (client: OpenAI, options: SendOptions, streamed: Streamed) => Promise<WireAnswer | WireFailure>,
): Promise<WireAnswer | WireFailure> {
  const silence = new Silence(clock, silenceMs, request.signal);
  const client = new OpenAI({
    // Given explicitly, all of it: the package otherwise reads OPENAI_* variables, meant for another server.
    baseURL: baseUrl,
    apiKey: request.apiKey ?? 'none',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    // Silence is watched here; the package's own limit must not come first.
    timeout: 2 ** 31 - 1,
    logLevel: 'off',
    fetch: async (url, init) => {
      const response = heardBy(silence, await fetch(url, { ...init, redirect: 'manual' }));
      return response.ok ? asStream(response, request.api) : worded(response);
    },
    defaultHeaders: request.apiKey === undefined ? { Authorization: null } : {},
  });
  const streamed: Streamed = { text: '' };
  try {
    const headers = { 'Idempotency-Key': headerSafe(request.idempotencyKey) };
    const answer = await exchange(client, { signal: silence.signal, headers }, streamed);
    // An aborted stream ends without a word.
    request.signal?.throwIfAborted();
    return silence.over ? silent(silenceMs, streamed.text) : answer;
  } catch (error) {
    request.signal?.throwIfAborted();
    return silence.over ? silent(silenceMs, streamed.text) : failureOf(error, streamed.text, clock.now());
  } finally {
    silence.dispose();
  }
}

/** The response with every byte of its body as a sign of life: keep-alive comments too, which no event shows. */
function heardBy(silence: Silence, response: Response): Response {
  silence.heard();
  if (!response.body) return response;
  let bytes = 0;
  const tap = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      silence.heard();
      bytes += chunk.byteLength;
      if (bytes > MAX_BYTES) controller.error(new TypeError(`the answer is longer than ${MAX_BYTES} bytes`));
      else controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(tap), response);
}

/**
 * What a server sent that was asked for a stream: some send the whole answer as one JSON all the same, which becomes the
 * stream's only event. Anything else but events is no model's answer: a login page, the front of a web site.
 */
async function asStream(response: Response, api: WireRequest['api']): Promise<Response> {
  const type = (response.headers.get('content-type') ?? 'text/event-stream').split(';')[0]?.trim().toLowerCase() ?? '';
  if (/^(text\/event-stream|text\/plain|application\/octet-stream|application\/x-ndjson)$/.test(type)) return response;
  if (type !== 'application/json') {
    await response.body?.cancel();
    return Response.json({ error: { message: `it answered with ${type}, which is no answer` } }, { status: 404 });
  }
  const body = (await response.text()).replaceAll(/[\r\n]+/g, ' ');
  const data = api === 'chat' ? body : `{"type":"response.completed","response":${body}}`;
  return new Response(`data: ${data}\n\ndata: [DONE]\n\n`, { status: 200 });
}

type Json = Readonly<Record<string, unknown>>;

/** A refusal with the server's words where the package looks for them: not every server wraps them as OpenAI does. */
async function worded(response: Response): Promise<Response> {
  const text = await response.text().catch(() => '');
  const error = errorIn(text);
  const body = error === undefined ? text : JSON.stringify({ error });
  return new Response(response.status === 204 || response.status === 304 ? null : body, response);
}

/** The error of a body: OpenAI's, Google's list of one, FastAPI's `detail`, Mistral's bare `message`; undefined for none. */
function errorIn(text: string): Json | undefined {
  const parsed = parseJson(text)?.value;
  const body = Array.isArray(parsed) ? parsed[0] : parsed;
  if (typeof body !== 'object' || body === null) return undefined;
  const { error, detail, message } = body as Json;
  if (typeof error === 'object' && error !== null) return error as Json;
  if (typeof error === 'string') return { message: error };
  if (typeof detail === 'string') return { message: detail };
  if (Array.isArray(detail)) return { message: detail.map(complaint).join('; ') };
  return typeof message === 'string' ? (body as Json) : undefined;
}

/** One of FastAPI's complaints: where in the request, and what. */
function complaint(one: { readonly loc?: unknown; readonly msg?: unknown } | null): string {
  const where = Array.isArray(one?.loc) ? one.loc.filter((part) => part !== 'body').join('.') : '';
  return `${where}: ${String(one?.msg ?? 'refused')}`;
}

function failureOf(error: unknown, partial: string, now: number): WireFailure {
  if (error instanceof APIError && error.status !== undefined) {
    const retryAfterMs = retryAfter(error.headers, now);
    const location = error.headers?.get('location');
    return {
      ok: false,
      kind: 'status',
      status: error.status,
      message: location ? `it leads on to ${location}` : serverWords(error),
      ...(error.code ? { code: String(error.code) } : {}),
      ...(error.param ? { parameter: String(error.param) } : {}),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
  if (error instanceof APIError && typeof error.error === 'object' && error.error !== null) {
    return brokenDown(partial, serverWords(error), error.code ?? error.type);
  }
  const code = systemCode(error);
  // The request may have reached the server when the link broke before the first byte, or when Node itself gave up
  // waiting for it: asked again, like a cut.
  const reached = /^(ECONNRESET|UND_ERR_SOCKET|EPIPE|UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT)$/;
  if (error instanceof APIConnectionError && !reached.test(code ?? '')) {
    return { ok: false, kind: 'connect', message: error.message, ...(code ? { code } : {}) };
  }
  // fetch throws a TypeError for a broken body, the package a SyntaxError for a broken event.
  const known = error instanceof APIError || error instanceof SyntaxError || error instanceof TypeError;
  if (!known) throw error;
  return { ok: false, kind: 'cut', message: error.message, partial, ...(code ? { code } : {}) };
}

function serverWords(error: APIError): string {
  const inner = error.error as { message?: unknown } | string | undefined;
  if (typeof inner === 'object' && inner !== null && typeof inner.message === 'string') return inner.message;
  return error.message;
}

/** The system's word for what broke, from the innermost cause: fetch hides it two deep. */
function systemCode(error: unknown): string | undefined {
  let found: string | undefined;
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 6; at = at.cause, depth += 1) {
    const code = (at as NodeJS.ErrnoException).code;
    if (typeof code === 'string') found = code;
    if (at instanceof AggregateError && at.errors.length > 0) {
      const first = (at.errors[0] as NodeJS.ErrnoException).code;
      if (typeof first === 'string') found = first;
    }
  }
  return found;
}

/** Milliseconds from `retry-after-ms`, or `retry-after` in seconds or as a date. */
function retryAfter(headers: Headers | undefined, now: number): number | undefined {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (Number.isFinite(ms) && ms >= 0) return ms;
  const text = headers?.get('retry-after') ?? '';
  const seconds = Number.parseFloat(text);
  if (/^\s*[\d.]+\s*$/.test(text) && Number.isFinite(seconds)) return seconds * 1000;
  const date = Date.parse(text);
  return Number.isFinite(date) ? Math.max(0, date - now) : undefined;
}

function headerSafe(key: string): string {
  return key.replace(/[^\x21-\x7e]/g, (character) => encodeURIComponent(character)).slice(0, 255);
}
