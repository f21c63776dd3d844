import type * as z from 'zod';
import type { Config, Message, ModelCall, TokenUsage } from '../domain/index.ts';

export interface Completion<T> {
  readonly messages: readonly Message[];
  /** The shape of the answer; none for plain text. */
  readonly schema?: z.ZodType<T>;
  /** A name for the schema, `[a-z_]+`. */
  readonly name?: string;
  readonly purpose: ModelCall['purpose'];
  /** Same key, same question: an answered call is replayed. */
  readonly key: string;
  readonly idea?: number;
  readonly round?: number;
  readonly base?: number;
  readonly temperature?: number;
  readonly signal?: AbortSignal;
  /** Text as it streams, for a progress line or ideas one by one. Starts anew when a cut answer is asked again. */
  readonly onText?: (soFar: string) => void;
  /** A line for a person while the server makes us wait. */
  readonly onProgress?: (text: string) => void;
  /** Repository paths whose text is in the messages: what consent is asked for. */
  readonly files?: readonly string[];
  /** What of the repository is not in the messages, and why: kept with the call, for a person who reads it. */
  readonly leftOut?: readonly { readonly path: string; readonly why: string }[];
}

/** What of `models` in config.yaml every question obeys, whichever server it goes to. */
export type ClientConfig = Pick<Config['models'], 'temperature' | 'max_output_tokens' | 'timeout'>;

export interface Completed<T> {
  readonly value: T;
  readonly text: string;
  readonly usage: TokenUsage;
  readonly call: number;
  /** True where the answer was cut by the token limit (only without a schema; with one it is an error). */
  readonly truncated: boolean;
}

/** A language model that answers in text or in a given shape. */
export interface ModelClient {
  /** For labels and the call log. */
  readonly model: string;
  /** The server's origin: what consent and keys are bound to. */
  readonly server: string;
  /**
   * @throws HumanError `model-unreachable`, `model-auth`, `model-not-found`, `model-refused`, `model-shape`,
   *   `model-truncated`, `model-rate-limited`, `model-unavailable` (5xx), `model-cut` (the stream broke twice), and the
   *   gate's `budget` and `consent`; the signal's reason when aborted
   */
  complete<T = string>(completion: Completion<T>): Promise<Completed<T>>;
}

/** Where calls are written down; the store implements it. */
export interface CallLog {
  openCall(
    call: Omit<ModelCall, 'id' | 'createdAt' | 'state' | 'answer' | 'usage' | 'cost' | 'latencyMs' | 'error'>,
  ): Promise<ModelCall>;
  closeCall(
    id: number,
    end: Pick<ModelCall, 'state'> & Partial<Pick<ModelCall, 'answer' | 'usage' | 'cost' | 'latencyMs' | 'error'>>,
  ): Promise<void>;
}

/** Asked before each call. @throws HumanError `budget` or `consent` */
export type CallGate = (call: {
  readonly server: string;
  readonly model: string;
  /** The prompt, and those of the tries of this call that broke off before. */
  readonly inputTokens: number;
  /** The longest answer that is asked for, and what came of the tries before. */
  readonly outputTokens: number;
  readonly files?: readonly string[];
  /** The call's own row in the log. */
  readonly id: number;
  readonly base?: number;
  readonly round?: number;
  readonly signal?: AbortSignal;
}) => Promise<void>;
