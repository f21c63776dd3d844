import type { Message, TokenUsage } from '../domain/index.ts';

/** How an answer's shape is asked for, strictest first. */
export const LEVELS = ['json_schema', 'json_object', 'text'] as const;
export type Level = (typeof LEVELS)[number];

/** The two interfaces of OpenAI that other servers speak too. */
export type Api = 'chat' | 'responses';

export interface WireShape {
  readonly name: string;
  readonly schema: Readonly<Record<string, unknown>>;
  /** Whether the schema obeys the server's strict mode: closed objects, every key required. */
  readonly strict: boolean;
}

export type Limit = 'max_tokens' | 'max_completion_tokens' | 'max_output_tokens';

/** One question as it goes over the network. */
export interface WireRequest {
  readonly model: string;
  readonly api: Api;
  readonly messages: readonly Message[];
  /** Where the server is told about the shape; at `text` and `json_object` the prompt tells the model. */
  readonly level: Level;
  readonly shape?: WireShape;
  readonly temperature?: number;
  /** The limit on the answer and the parameter this server knows it by. */
  readonly limit?: { readonly parameter: Limit; readonly tokens: number };
  readonly usage: boolean;
  /** Whether a server that keeps answers is asked not to. */
  readonly store: boolean;
  /** The same for every try of one question, so that a server that knows it does not charge twice. */
  readonly idempotencyKey: string;
  /** undefined for a server that asks for none. */
  readonly apiKey: string | undefined;
  readonly signal?: AbortSignal;
  readonly onText?: (soFar: string) => void;
}

export interface WireAnswer {
  readonly ok: true;
  readonly text: string;
  readonly finish: 'stop' | 'length' | 'refused';
  readonly usage?: TokenUsage;
}

export interface WireFailure {
  readonly ok: false;
  /** `status`: the server answered with an error; `connect`: it was not reached; `cut`: the answer broke off. */
  readonly kind: 'status' | 'connect' | 'cut';
  readonly status?: number;
  /** The server's or the system's words. Untrusted, may hold the key: redact before showing. */
  readonly message: string;
  /** A stable word: the server's error code, or the system's (`ECONNREFUSED`). */
  readonly code?: string;
  /** The request parameter the server complains about. */
  readonly parameter?: string;
  /** Milliseconds the server asks us to wait. */
  readonly retryAfterMs?: number;
  /** What had arrived of a cut answer: it may have been paid. */
  readonly partial?: string;
}

/** A way to one model server. Gives failures as values; throws the signal's reason when aborted, else only bugs. */
export interface Wire {
  send(request: WireRequest): Promise<WireAnswer | WireFailure>;
}
