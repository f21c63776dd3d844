import type { ServerResponse } from 'node:http';

export interface Reply {
  readonly model: string;
  readonly text: string;
  readonly refusal: string | undefined;
  readonly finish: string;
  readonly usage: Readonly<Record<string, unknown>> | undefined;
}

const HEAD = { id: 'chatcmpl-test', created: 1_700_000_000 };

/** A text in pieces of so many characters; never inside a surrogate pair, as no server does that. */
export function chunksOf(text: string, size: number): string[] {
  const letters = [...text];
  const chunks: string[] = [];
  for (let at = 0; at < letters.length; at += size) chunks.push(letters.slice(at, at + size).join(''));
  return chunks;
}

/** Server-sent events, as OpenAI sends them. Tells whether the client took them all. */
export async function streamAnswer(
  response: ServerResponse,
  reply: Reply,
  how: {
    readonly chunks: readonly string[];
    readonly delayMs: number;
    readonly cutAfter: number | undefined;
    readonly quietly: boolean;
    readonly withUsage: boolean;
  },
): Promise<'whole' | 'cut' | 'abandoned'> {
  const gone = new Promise<'abandoned'>((resolve) => {
    response.once('close', () => {
      if (!response.writableFinished) resolve('abandoned');
    });
  });
  const send = (value: unknown) => response.write(`data: ${JSON.stringify(value)}\n\n`);
  const chunk = (delta: object, finish: string | null = null) => ({
    ...HEAD,
    object: 'chat.completion.chunk',
    model: reply.model,
    choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }],
  });
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  send(chunk({ role: 'assistant', content: '' }));
  let sent = 0;
  for (const piece of how.chunks) {
    if (how.cutAfter !== undefined && sent >= how.cutAfter) break;
    if (how.delayMs > 0) {
      const waited = new Promise<'go on'>((resolve) => setTimeout(resolve, how.delayMs, 'go on'));
      if ((await Promise.race([gone, waited])) === 'abandoned') return 'abandoned';
    }
    send(chunk(reply.refusal === undefined ? { content: piece } : { refusal: piece }));
    sent += piece.length;
  }
  if (how.cutAfter !== undefined) {
    if (how.quietly) response.end();
    // After the bytes are out: a reset at once would take them back.
    else response.write(': cut\n\n', () => response.socket?.destroy());
    return 'cut';
  }
  send(chunk({}, reply.finish));
  if (how.withUsage && reply.usage) {
    send({ ...HEAD, object: 'chat.completion.chunk', model: reply.model, choices: [], usage: reply.usage });
  }
  response.write('data: [DONE]\n\n');
  const finished = new Promise<'whole'>((resolve) => response.end(() => resolve('whole')));
  return Promise.race([finished, gone]);
}

export function sendWhole(response: ServerResponse, reply: Reply): Promise<'whole' | 'abandoned'> {
  const message =
    reply.refusal === undefined
      ? { role: 'assistant', content: reply.text, refusal: null }
      : { role: 'assistant', content: null, refusal: reply.refusal };
  const body = JSON.stringify({
    ...HEAD,
    object: 'chat.completion',
    model: reply.model,
    choices: [{ index: 0, message, finish_reason: reply.finish, logprobs: null }],
    ...(reply.usage ? { usage: reply.usage } : {}),
  });
  response.writeHead(200, { 'content-type': 'application/json' });
  return new Promise((resolve) => {
    response.once('close', () => resolve('abandoned'));
    response.end(body, () => resolve('whole'));
  });
}
