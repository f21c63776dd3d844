import type { OpenAI } from 'openai';
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { TokenUsage } from '../domain/index.ts';
import type { SendOptions, Streamed } from './transport.ts';
import type { WireAnswer, WireFailure, WireRequest } from './wire.ts';

/** One question by chat completions, streamed. */
export async function askChat(
  client: OpenAI,
  request: WireRequest,
  options: SendOptions,
  streamed: Streamed,
): Promise<WireAnswer | WireFailure> {
  const stream = await client.chat.completions.create(body(request), options);
  let refusal = '';
  let finish: string | undefined;
  let usage: TokenUsage | undefined;
  for await (const chunk of stream) {
    // Servers send chunks with no choice at all (usage), and Azure one with an empty list first.
    const choice = chunk.choices?.[0];
    const said: Said | undefined = choice?.delta ?? wholeOf(choice);
    const piece = textOf(said?.content);
    if (piece !== '') {
      streamed.text += piece;
      request.onText?.(streamed.text);
    }
    refusal += said?.refusal ?? '';
    finish = (choice?.finish_reason as string | null | undefined) ?? finish;
    if (chunk.usage) usage = usageOf(chunk.usage);
  }
  if (refusal !== '') return { ok: true, text: refusal, finish: 'refused', usage };
  // `error` is OpenRouter's word for a model that broke off.
  if (finish === undefined || finish === 'error') {
    return { ok: false, kind: 'cut', message: 'the answer ended in the middle', partial: streamed.text };
  }
  const word = finish === 'length' ? 'length' : finish === 'content_filter' ? 'refused' : 'stop';
  return { ok: true, text: streamed.text, finish: word, usage };
}

interface Said {
  readonly content?: unknown;
  readonly refusal?: string | null;
}

/** Where a server sent its answer in one piece. */
function wholeOf(choice: object | undefined): Said | undefined {
  return (choice as { readonly message?: Said } | undefined)?.message;
}

/** Mistral's reasoning models send a list of parts; of those that think nothing is said to us. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: { type?: unknown; text?: unknown } | null) => (part?.type === 'text' ? String(part.text ?? '') : ''))
    .join('');
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

function usageOf(usage: NonNullable<ChatCompletionChunk['usage']>): TokenUsage {
  return {
    input: usage.prompt_tokens ?? 0,
    cachedInput: usage.prompt_tokens_details?.cached_tokens ?? 0,
    output: usage.completion_tokens ?? 0,
    reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
    estimated: false,
  };
}
