import type { Clock } from '../system/index.ts';
import { askChat } from './chat.ts';
import { askResponses } from './responses.ts';
import { sendThrough } from './transport.ts';
import type { Wire } from './wire.ts';

/**
 * The way to an OpenAI-compatible server through the `openai` package, by chat completions or responses as each request
 * says.
 * @param baseUrl such as `https://api.openai.com/v1`
 * @param silenceMs how long the server may send nothing
 */
export function openaiWire(baseUrl: string, clock: Clock, silenceMs: number): Wire {
  return {
    send: (request) =>
      sendThrough(baseUrl, clock, silenceMs, request, (client, options, streamed) =>
        request.api === 'responses'
          ? askResponses(client, request, options, streamed)
          : askChat(client, request, options, streamed),
      ),
  };
}
