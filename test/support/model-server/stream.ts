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

export interface StreamHow {
  readonly chunks: readonly string[];
  readonly delayMs: number;
  /** Characters after which the answer does not go on; undefined where it comes whole. */
  readonly cutAfter: number | undefined;
  /** How it then ends, or does not. */
  readonly end: 'quietly' | 'reset' | 'stall' | 'comments' | 'breaks';
  readonly withUsage: boolean;
  /** What it says of itself where it breaks down. */
  readonly code?: string | number | undefined;
  /** The finish reason it breaks down with, in place of an error. */
  readonly brokenFinish?: string | undefined;
  /** Whether the text comes as a list of parts, behind thoughts. */
  readonly parts?: boolean;
}

export type Sent = 'whole' | 'cut' | 'abandoned';

/** The events of one interface: before the text, for each piece of it, after it, and where the server breaks down. */
export interface Protocol {
  readonly before: readonly unknown[];
  piece(text: string): unknown;
  readonly after: readonly unknown[];
  readonly broken: unknown;
}

/** Server-sent events, as OpenAI sends them by chat completions. Tells whether the client took them all. */
export function streamAnswer(response: ServerResponse, reply: Reply, how: StreamHow): Promise<Sent> {
  const head = { ...HEAD, object: 'chat.completion.chunk', model: reply.model };
  const chunk = (delta: object, finish: string | null = null) => ({
    ...head,
    choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }],
  });
  return stream(response, how, {
    before: [
      chunk({ role: 'assistant', content: '' }),
      ...(how.parts
        ? [chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: '{"no": 1}' }] }] })]
        : []),
    ],
    piece: (piece) =>
      chunk(
        reply.refusal === undefined
          ? { content: how.parts ? [{ type: 'text', text: piece }] : piece }
          : { refusal: piece },
      ),
    after: [
      chunk({}, reply.finish),
      ...(how.withUsage && reply.usage ? [{ ...head, choices: [], usage: reply.usage }] : []),
      '[DONE]',
    ],
    broken: how.brokenFinish
      ? chunk({}, how.brokenFinish)
      : {
          error: {
            message: 'The server had an error while processing your request',
            ...(how.code === undefined ? { type: 'server_error' } : { code: how.code }),
          },
        },
  });
}

export async function stream(response: ServerResponse, how: StreamHow, protocol: Protocol): Promise<Sent> {
  const gone = new Promise<'abandoned'>((resolve) => {
    response.once('close', () => {
      if (!response.writableFinished) resolve('abandoned');
    });
  });
  const send = (value: unknown) => {
    const type = (value as { readonly type?: string }).type;
    const event = type === undefined ? '' : `event: ${type}\n`;
    response.write(`${event}data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`);
  };
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const event of protocol.before) send(event);
  let sent = 0;
  for (const piece of how.chunks) {
    if (how.cutAfter !== undefined && sent >= how.cutAfter) break;
    if (how.delayMs > 0) {
      const waited = new Promise<'go on'>((resolve) => setTimeout(resolve, how.delayMs, 'go on'));
      if ((await Promise.race([gone, waited])) === 'abandoned') return 'abandoned';
    }
    send(protocol.piece(piece));
    sent += piece.length;
  }
  if (how.cutAfter !== undefined) return breakOff(response, how.end, gone, () => send(protocol.broken));
  for (const event of protocol.after) send(event);
  const finished = new Promise<'whole'>((resolve) => response.end(() => resolve('whole')));
  return Promise.race([finished, gone]);
}

async function breakOff(
  response: ServerResponse,
  end: StreamHow['end'],
  gone: Promise<'abandoned'>,
  sendBroken: () => void,
): Promise<Sent> {
  if (end === 'stall' || end === 'comments') {
    const beat = end === 'comments' ? setInterval(() => response.write(': still here\n\n'), 5) : undefined;
    return gone.finally(() => clearInterval(beat));
  }
  if (end === 'breaks') sendBroken();
  if (end !== 'reset') response.end();
  // After the bytes are out: a reset at once would take them back.
  else response.write(': cut\n\n', () => response.socket?.destroy());
  return 'cut';
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
