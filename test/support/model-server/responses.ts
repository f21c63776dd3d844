import type { ServerResponse } from 'node:http';
import { type Reply, type Sent, type StreamHow, stream } from './stream.ts';

/** Server-sent events, as OpenAI sends them by the Responses API. Tells whether the client took them all. */
export function streamResponse(response: ServerResponse, reply: Reply, how: StreamHow): Promise<Sent> {
  const place = { item_id: 'msg_test', output_index: 0, content_index: 0 };
  const refused = reply.refusal !== undefined;
  return stream(response, how, {
    before: [
      { type: 'response.created', response: { ...whole(reply, 'in_progress'), output: [], usage: null } },
      { type: 'response.output_item.added', output_index: 0, item: { id: 'msg_test', type: 'message', content: [] } },
    ],
    piece: (delta) => ({ type: refused ? 'response.refusal.delta' : 'response.output_text.delta', ...place, delta }),
    after: [
      { type: refused ? 'response.refusal.done' : 'response.output_text.done', ...place, text: reply.text },
      reply.finish === 'length'
        ? { type: 'response.incomplete', response: whole(reply, 'incomplete') }
        : { type: 'response.completed', response: whole(reply, 'completed') },
    ],
    broken: {
      type: 'response.failed',
      response: {
        ...whole(reply, 'failed'),
        error: { code: String(how.code ?? 'server_error'), message: 'The server had an error' },
      },
    },
  });
}

export function sendResponse(response: ServerResponse, reply: Reply): Promise<'whole' | 'abandoned'> {
  response.writeHead(200, { 'content-type': 'application/json' });
  return new Promise((resolve) => {
    response.once('close', () => resolve('abandoned'));
    const status = reply.finish === 'length' ? 'incomplete' : 'completed';
    response.end(JSON.stringify(whole(reply, status)), () => resolve('whole'));
  });
}

function whole(reply: Reply, status: string): object {
  const part =
    reply.refusal === undefined
      ? { type: 'output_text', text: reply.text, annotations: [] }
      : { type: 'refusal', refusal: reply.refusal };
  return {
    ...{ id: 'resp_test', object: 'response', created_at: 1_700_000_000, model: reply.model, status },
    error: null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    output: [{ id: 'msg_test', type: 'message', role: 'assistant', status, content: [part] }],
    usage: reply.usage ? usageOf(reply.usage) : null,
  };
}

/** The same counts by the names of this interface. */
function usageOf(usage: Readonly<Record<string, unknown>>): object {
  return {
    input_tokens: usage.prompt_tokens,
    input_tokens_details: usage.prompt_tokens_details,
    output_tokens: usage.completion_tokens,
    output_tokens_details: usage.completion_tokens_details,
    total_tokens: usage.total_tokens,
  };
}
