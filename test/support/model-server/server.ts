import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerFromPrompt } from './answer.ts';
import { apiOf, errorBody, type Fault, type HttpProblem, problemOf } from './faults.ts';
import { sendResponse, streamResponse } from './responses.ts';
import { chunksOf, sendWhole, streamAnswer } from './stream.ts';

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The Idempotency-Key, or a hash of the messages where there is none. */
  readonly key: string;
}

/** The text of the whole prompt. */
export function promptOf(request: ChatRequest): string {
  return request.messages.map((message) => message.content).join('\n');
}

export interface ModelServerOptions {
  /** The model: text for a request, or one that the limit of tokens cuts. Default: made of what the prompt holds. */
  readonly answers?: (request: ChatRequest) => string | { readonly cut: string };
  /** One fault a request, in order; then none. */
  readonly faults?: readonly Fault[];
  /** What is wrong with every request. */
  readonly standing?: readonly Fault[];
  /** Where set, another key is answered with 401. */
  readonly apiKey?: string;
  readonly models?: readonly string[];
}

export interface ModelServer {
  /** The base URL: `http://127.0.0.1:<port>/v1`. */
  readonly url: string;
  readonly requests: readonly ChatRequest[];
  /** Answers sent to their last byte, by key: what a real server would have charged in full. */
  readonly paid: ReadonlyMap<string, number>;
  /** Faults for the next requests, one each. */
  script(...faults: readonly Fault[]): void;
  /** Faults of every request from now on. */
  stand(...faults: readonly Fault[]): void;
  /** Requests whose connection the client closed before the answer was out. */
  readonly abandoned: number;
  /** Goes away in the middle of whatever it does: connections are reset, and nobody listens any more. */
  away(): Promise<void>;
  /** Listens again at the same address. */
  back(): Promise<void>;
  /** Resolves once so many chat requests have arrived in all. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts an OpenAI-compatible server on loopback: chat completions and responses. */
export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const state = new State(options);
  const server = createServer((request, response) => {
    handle(state, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const leave = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests: state.requests,
    paid: state.paid,
    script: (...faults) => state.queue.push(...faults),
    stand: (...faults) => {
      state.standing = faults;
    },
    get abandoned() {
      return state.abandoned;
    },
    arrived: (count) => state.arrived(count),
    away: leave,
    back: () => listen(port),
    close: leave,
  };
}

class State {
  readonly options: ModelServerOptions;
  readonly requests: ChatRequest[] = [];
  readonly paid = new Map<string, number>();
  readonly queue: Fault[];
  standing: readonly Fault[];
  abandoned = 0;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(options: ModelServerOptions) {
    this.options = options;
    this.queue = [...(options.faults ?? [])];
    this.standing = options.standing ?? [];
  }

  add(request: ChatRequest): void {
    this.requests.push(request);
    for (const one of this.#waiting) if (this.requests.length >= one.count) one.resolve();
    this.#waiting = this.#waiting.filter((one) => this.requests.length < one.count);
  }

  arrived(count: number): Promise<void> {
    if (this.requests.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  /** Tokens of the longest prefix any earlier prompt shares, in steps of 128 from 1024 on, as OpenAI's cache counts. */
  cachedTokens(prompt: string): number {
    let longest = 0;
    for (const earlier of this.requests) {
      const other = promptOf(earlier);
      let same = 0;
      while (same < prompt.length && prompt[same] === other[same]) same += 1;
      longest = Math.max(longest, same);
    }
    const tokens = Math.floor(longest / 4);
    return tokens < 1024 ? 0 : tokens - (tokens % 128);
  }
}

async function handle(state: State, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = incoming.url?.split('?')[0] ?? '/';
  const text = await bodyOf(incoming);
  if (path === '/control') return control(state, incoming.method ?? 'GET', text, response);
  if (path === '/v1/models') {
    const models = state.options.models ?? ['test-model'];
    return json(response, 200, {
      object: 'list',
      data: models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'test' })),
    });
  }
  if (path !== '/v1/chat/completions' && path !== '/v1/responses')
    return json(response, 404, { error: { message: `Not found: ${path}`, type: 'not_found' } });
  const body = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const messages = (body.messages ?? body.input) as readonly ChatMessage[];
  const header = incoming.headers['idempotency-key'];
  const hash = createHash('sha256').update(JSON.stringify(messages)).digest('hex');
  const request: ChatRequest = {
    model: String(body.model),
    messages,
    body,
    headers: incoming.headers,
    key: typeof header === 'string' ? header : hash,
  };
  const cached = state.cachedTokens(promptOf(request));
  const next = state.queue.shift();
  const faults = [...(next ? [next] : []), ...state.standing];
  state.add(request);
  const key = /^Bearer (.*)$/.exec(incoming.headers.authorization ?? '')?.[1] ?? '';
  const problem = wrongKey(state, key) ?? unknownModel(state, request.model) ?? problemOf(faults, body, key);
  const dialect = faults.find((fault) => fault.kind === 'dialect')?.of;
  if (problem) return json(response, problem.status, errorBody(problem, dialect), problem.headers);
  if (faults.some((fault) => fault.kind === 'drop')) {
    incoming.socket.destroy();
    return;
  }
  const sent = await answer(state, request, faults, cached, response);
  if (sent === 'whole') state.paid.set(request.key, (state.paid.get(request.key) ?? 0) + 1);
  if (sent === 'abandoned') state.abandoned += 1;
}

async function answer(
  state: State,
  request: ChatRequest,
  faults: readonly Fault[],
  cached: number,
  response: ServerResponse,
): Promise<'whole' | 'cut' | 'abandoned'> {
  const has = <K extends Fault['kind']>(kind: K) =>
    faults.find((fault): fault is Extract<Fault, { kind: K }> => fault.kind === kind);
  if (has('page')) {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><title>Sign in</title>');
    return 'cut';
  }
  const answered = (state.options.answers ?? answerFromPrompt)(request);
  let text = typeof answered === 'string' ? answered : answered.cut;
  if (has('wrong-shape')) text = JSON.stringify({ thoughts: 'I would rather talk about the weather.', count: 3 });
  if (has('ignores-schema'))
    text = `Sure! Here is what I came up with:\n\n\`\`\`json\n${text}\n\`\`\`\n\nLet me know if it helps.`;
  const length = has('length');
  if (length) text = text.slice(0, length.after ?? Math.floor(text.length / 2));
  const prompt = promptOf(request);
  const reply = {
    model: request.model,
    text,
    refusal: has('declines') ? 'I cannot help with that.' : undefined,
    finish: length || typeof answered !== 'string' ? 'length' : 'stop',
    usage: has('no-usage')
      ? undefined
      : {
          prompt_tokens: Math.ceil(prompt.length / 4),
          completion_tokens: Math.ceil(text.length / 4),
          total_tokens: Math.ceil(prompt.length / 4) + Math.ceil(text.length / 4),
          prompt_tokens_details: { cached_tokens: cached },
          completion_tokens_details: { reasoning_tokens: 0 },
        },
  };
  const cut = has('cut');
  if (request.body.stream !== true || has('no-stream')) {
    return (apiOf(request.body) === 'responses' ? sendResponse : sendWhole)(response, reply);
  }
  const stall = has('stall');
  const breaks = has('breaks');
  const responses = apiOf(request.body) === 'responses';
  const ends = cut ?? stall ?? breaks;
  return (responses ? streamResponse : streamAnswer)(response, reply, {
    chunks: chunksOf(reply.refusal ?? text, 24),
    delayMs: has('slow')?.delayMs ?? 0,
    cutAfter: ends ? (ends.after ?? Math.floor(text.length / 2)) : undefined,
    end: cut ? (cut.quietly ? 'quietly' : 'reset') : stall ? (stall.comments ? 'comments' : 'stall') : 'breaks',
    code: breaks?.code,
    brokenFinish: breaks?.finish,
    parts: has('parts') !== undefined,
    withUsage: (request.body.stream_options as { include_usage?: boolean } | undefined)?.include_usage === true,
  });
}

function wrongKey(state: State, key: string): HttpProblem | undefined {
  const wanted = state.options.apiKey;
  if (wanted === undefined || key === wanted) return undefined;
  return problemOf([{ kind: 'unauthorized' }], {}, key);
}

function unknownModel(state: State, model: string): HttpProblem | undefined {
  const { models } = state.options;
  if (!models || models.includes(model)) return undefined;
  return {
    status: 404,
    error: { message: `The model '${model}' does not exist`, type: 'invalid_request_error', code: 'model_not_found' },
  };
}

/** For tests in another process: GET tells what came and was paid; POST sets `faults`, `standing`, or `reset`. */
function control(state: State, method: string, text: string, response: ServerResponse): void {
  if (method === 'POST') {
    const order = JSON.parse(text || '{}') as { faults?: Fault[]; standing?: Fault[]; reset?: boolean };
    if (order.reset) {
      state.requests.length = 0;
      state.paid.clear();
      state.queue.length = 0;
      state.standing = [];
    }
    if (order.faults) state.queue.push(...order.faults);
    if (order.standing) state.standing = order.standing;
  }
  json(response, 200, {
    requests: state.requests.map(({ key, model, messages }) => ({ key, model, messages })),
    paid: Object.fromEntries(state.paid),
    pendingFaults: state.queue.length,
    standing: state.standing,
  });
}

function json(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
