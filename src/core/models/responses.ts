import type { OpenAI } from 'openai';
import type {
  Response,
  ResponseCreateParamsStreaming,
  ResponseStreamEvent,
  ResponseUsage,
} from 'openai/resources/responses/responses';
import type { TokenUsage } from '../domain/index.ts';
import { brokenDown } from './broken.ts';
import type { SendOptions, Streamed } from './transport.ts';
import type { WireAnswer, WireFailure, WireRequest } from './wire.ts';

/**
 * One question by the Responses API, streamed. The server is asked to store nothing.
 * Events: https://platform.openai.com/docs/api-reference/responses-streaming
 */
export async function askResponses(
  client: OpenAI,
  request: WireRequest,
  options: SendOptions,
  streamed: Streamed,
): Promise<WireAnswer | WireFailure> {
  const stream = await client.responses.create(body(request), options);
  let refusal = '';
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') {
      streamed.text += event.delta;
      request.onText?.(streamed.text);
    } else if (event.type === 'response.refusal.delta') {
      refusal += event.delta;
    } else {
      const end = endOf(event, streamed.text, refusal);
      if (end) return end;
    }
  }
  return { ok: false, kind: 'cut', message: 'the answer ended in the middle', partial: streamed.text };
}

/** What an event that ends the answer comes to; undefined for every other. */
function endOf(event: ResponseStreamEvent, text: string, refusal: string): WireAnswer | WireFailure | undefined {
  switch (event.type) {
    case 'response.completed':
    case 'response.incomplete': {
      const { response } = event;
      const usage = response.usage ? usageOf(response.usage) : undefined;
      if (refusal !== '') return { ok: true, text: refusal, finish: 'refused', usage };
      return { ok: true, text: text === '' ? wholeText(response) : text, finish: finishOf(response), usage };
    }
    case 'response.failed':
      return brokenDown(text, event.response.error?.message, event.response.error?.code);
    case 'error':
      return brokenDown(text, event.message, event.code);
    default:
      return undefined;
  }
}

function finishOf({ incomplete_details }: Response): WireAnswer['finish'] {
  if (!incomplete_details?.reason) return 'stop';
  return incomplete_details.reason === 'content_filter' ? 'refused' : 'length';
}

/** Servers that send the whole answer at its end and no pieces of it. */
function wholeText({ output }: Response): string {
  return (output ?? [])
    .flatMap((item) => (item.type === 'message' ? item.content : []))
    .map((part) => (part.type === 'output_text' ? part.text : ''))
    .join('');
}

function body(request: WireRequest): ResponseCreateParamsStreaming {
  const { shape, level, limit } = request;
  const format = shape && level !== 'text' ? formatOf(shape, level) : undefined;
  return {
    model: request.model,
    input: request.messages.map(({ role, content }) => ({ role, content })),
    stream: true,
    ...(request.store ? { store: false } : {}),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(limit ? { max_output_tokens: limit.tokens } : {}),
    ...(format ? { text: { format } } : {}),
  };
}

function formatOf(
  { name, schema, strict }: NonNullable<WireRequest['shape']>,
  level: 'json_schema' | 'json_object',
): NonNullable<NonNullable<ResponseCreateParamsStreaming['text']>['format']> {
  if (level === 'json_object') return { type: 'json_object' };
  return { type: 'json_schema', name, schema: { ...schema }, strict };
}

function usageOf(usage: ResponseUsage): TokenUsage {
  return {
    input: usage.input_tokens ?? 0,
    cachedInput: usage.input_tokens_details?.cached_tokens ?? 0,
    output: usage.output_tokens ?? 0,
    reasoning: usage.output_tokens_details?.reasoning_tokens ?? 0,
    estimated: false,
  };
}
