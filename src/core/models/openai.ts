import { APIConnectionError, APIError, OpenAI } from 'openai';
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { TokenUsage } from '../domain/index.ts';
import type { Wire, WireAnswer, WireFailure, WireRequest } from './wire.ts';

/**
 * The way to an OpenAI-compatible server through the `openai` package. The only file that imports it, in a bundle of
 * its own. Retries are ours (the call log and the budget must see each), so the package's are off.
 * @param baseUrl such as `https://api.openai.com/v1`
 * @param now milliseconds since 1970: a `retry-after` may be a date
 */
export function openaiWire(baseUrl: string, now: () => number): Wire {
  return {
    async send(request) {
      const client = new OpenAI({
        // Given explicitly, all of it: the package otherwise reads OPENAI_* variables, meant for another server.
        baseURL: baseUrl,
        apiKey: request.apiKey ?? 'none',
        adminAPIKey: null,
        organization: null,
        project: null,
        webhookSecret: null,
        maxRetries: 0,
        logLevel: 'off',
        defaultHeaders: request.apiKey === undefined ? { Authorization: null } : {},
      });
      const streamed = { text: '' };
      try {
        const stream = await client.chat.completions.create(body(request), {
          signal: request.signal,
          headers: { 'Idempotency-Key': headerSafe(request.idempotencyKey) },
        });
        const answer = await readStream(stream, request, streamed);
        // An aborted stream ends without a word.
        request.signal?.throwIfAborted();
        return answer;
      } catch (error) {
        request.signal?.throwIfAborted();
        return failureOf(error, streamed.text, now());
      }
    },
  };
}

function body(request: WireRequest): ChatCompletionCreateParamsStreaming {
  const { shape, level, limit } = request;
  return {
    model: request.model,
    messages: request.messages.map(({ role, content }) => ({ role, content })),
    stream: true,
    ...(request.usage ? { stream_options: { include_usage: true } } : {}),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(limit ? { [limit.parameter]: limit.tokens } : {}),
    ...(shape && level === 'json_schema'
      ? {
          response_format: {
            type: 'json_schema' as const,
            json_schema: { name: shape.name, schema: shape.schema, strict: shape.strict },
          },
        }
      : {}),
    ...(shape && level === 'json_object' ? { response_format: { type: 'json_object' as const } } : {}),
  };
}

async function readStream(
  stream: AsyncIterable<ChatCompletionChunk>,
  request: WireRequest,
  streamed: { text: string },
): Promise<WireAnswer | WireFailure> {
  let refusal = '';
  let finish: string | undefined;
  let usage: TokenUsage | undefined;
  for await (const chunk of stream) {
    // Servers send chunks with no choice at all (usage), and Azure one with an empty list first.
    const choice = chunk.choices?.[0];
    const piece = choice?.delta?.content;
    if (piece) {
      streamed.text += piece;
      request.onText?.(streamed.text);
    }
    refusal += choice?.delta?.refusal ?? '';
    finish = choice?.finish_reason ?? finish;
    if (chunk.usage) usage = usageOf(chunk.usage);
  }
  if (refusal !== '') return { ok: true, text: refusal, finish: 'refused', usage };
  if (finish === undefined) {
    return { ok: false, kind: 'cut', message: 'the answer ended in the middle', partial: streamed.text };
  }
  const word = finish === 'length' ? 'length' : finish === 'content_filter' ? 'refused' : 'stop';
  return { ok: true, text: streamed.text, finish: word, usage };
}

function usageOf(usage: NonNullable<ChatCompletionChunk['usage']>): TokenUsage {
  return {
    input: usage.prompt_tokens ?? 0,
    cachedInput: usage.prompt_tokens_details?.cached_tokens ?? 0,
    output: usage.completion_tokens ?? 0,
    reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
    estimated: false,
  };
}

function failureOf(error: unknown, partial: string, now: number): WireFailure {
  if (error instanceof APIError && error.status !== undefined) {
    const retryAfterMs = retryAfter(error.headers, now);
    return {
      ok: false,
      kind: 'status',
      status: error.status,
      message: serverWords(error),
      ...(error.code ? { code: String(error.code) } : {}),
      ...(error.param ? { parameter: String(error.param) } : {}),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
  const code = systemCode(error);
  // The request may have reached the server when the link broke before the first byte: asked again, like a cut.
  if (error instanceof APIConnectionError && !/^(ECONNRESET|UND_ERR_SOCKET|EPIPE)$/.test(code ?? '')) {
    return { ok: false, kind: 'connect', message: error.message, ...(code ? { code } : {}) };
  }
  // fetch throws a TypeError for a broken body, the package a SyntaxError for a broken event.
  const known = error instanceof APIError || error instanceof SyntaxError || error instanceof TypeError;
  if (!known) throw error;
  return { ok: false, kind: 'cut', message: error.message, partial, ...(code ? { code } : {}) };
}

function serverWords(error: APIError): string {
  const inner = error.error as { message?: unknown } | string | undefined;
  if (typeof inner === 'object' && typeof inner.message === 'string') return inner.message;
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
