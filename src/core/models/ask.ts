import type { Message, TokenUsage } from '../domain/index.ts';
import type { Clock, Random } from '../system/index.ts';
import { authFailure, humanFailure, refusedAnswer, truncatedAnswer, type Where } from './failures.ts';
import { type Habits, unlearn } from './habits.ts';
import { DEFAULT_PATIENCE, isPassing, type Patience, waitBefore } from './retry.ts';
import { shapePrompt } from './shape.ts';
import { estimateTokens, estimateUsage } from './tokens.ts';
import type { CallGate, ClientConfig, Completion } from './types.ts';
import type { Wire, WireAnswer, WireFailure, WireRequest, WireShape } from './wire.ts';

/** What has come over the wire for one question: its last text, and the tokens of every try that got any. */
export class Heard {
  text = '';
  anything = false;
  readonly #input: string;
  #done: TokenUsage | undefined;
  #open = false;

  constructor(input: string) {
    this.#input = input;
  }

  /** Text so far of the try under way. */
  hear(text: string): void {
    this.text = text;
    this.anything = true;
    this.#open = true;
  }

  /** Ends a try. Tokens are estimated where the server tells none. */
  end(text: string, usage: TokenUsage | undefined): void {
    this.hear(text);
    this.#open = false;
    this.#done = plus(this.#done, usage ?? estimateUsage(this.#input, text));
  }

  get usage(): TokenUsage {
    const open = this.#open ? estimateUsage(this.#input, this.text) : undefined;
    return open ? plus(this.#done, open) : (this.#done ?? estimateUsage('', ''));
  }
}

export interface Question {
  readonly completion: Completion<unknown>;
  /** Its row in the call log. */
  readonly call: number;
  readonly messages: readonly Message[];
  readonly key: string;
  readonly temperature: number | undefined;
  readonly shape: WireShape | undefined;
  readonly heard: Heard;
  readonly habits: () => Habits;
  /** True once this server has answered this program: then it is away for a while, and not a wrong address. */
  readonly known: () => boolean;
  readonly learn: (habits: Habits) => void;
}

export interface Surroundings {
  readonly config: ClientConfig;
  readonly model: string;
  readonly server: string;
  readonly where: Where;
  /** True where asking without a key is known to fail. */
  readonly needsKey: boolean;
  readonly apiKey: () => Promise<string | undefined>;
  readonly gate: CallGate;
  readonly clock: Clock;
  readonly random: Random;
  readonly patience?: Patience;
}

/**
 * Puts one question to a server until it answers: waits where it asks to, leaves out what it refuses, asks a broken
 * stream once more. The answer's text and tokens are in `question.heard`.
 * @throws HumanError when it gives up; the signal's reason when aborted
 */
export async function ask(
  wire: Wire,
  around: Surroundings,
  question: Question,
): Promise<{ readonly truncated: boolean }> {
  const { where, clock } = around;
  const { completion, heard } = question;
  const apiKey = (await around.apiKey()) || undefined;
  if (apiKey === undefined && around.needsKey) {
    throw authFailure(where, 'there is none');
  }
  let habits = question.habits();
  let tried = 0;
  let waited = 0;
  let cuts = 0;
  for (;;) {
    completion.signal?.throwIfAborted();
    const request = requestOf(around, question, habits, apiKey);
    const before = heard.anything ? heard.usage : undefined;
    const prompt = request.messages.reduce((total, message) => total + estimateTokens(message.content), 0);
    await around.gate({
      server: around.server,
      model: around.model,
      inputTokens: prompt + (before?.input ?? 0),
      outputTokens: around.config.max_output_tokens + (before?.output ?? 0),
      files: completion.files,
      id: question.call,
      base: completion.base,
      round: completion.round,
      signal: completion.signal,
    });
    const result = await wire.send(request);
    if (result.ok) {
      question.learn(habits);
      heard.end(result.text, result.usage);
      return judge(result, around, question);
    }
    // What came was paid for, whatever became of the rest.
    if (result.partial) heard.end(result.partial, undefined);
    if (result.kind === 'cut') {
      cuts += 1;
      if (cuts > 1) throw humanFailure(result, where, apiKey);
      completion.onProgress?.(`${around.model} broke off its answer; asking once more`);
      continue;
    }
    const unlearnt = unlearn(habits, result, request);
    if (unlearnt) {
      habits = unlearnt;
      continue;
    }
    tried += 1;
    const patience = around.patience ?? DEFAULT_PATIENCE;
    const mayPass = isPassing(result) || (result.kind === 'connect' && question.known());
    const wait = mayPass ? waitBefore(result, tried, waited, patience, around.random.unit()) : undefined;
    if (wait === undefined) throw humanFailure(result, where, apiKey);
    completion.onProgress?.(waitingLine(around.model, result, wait));
    await clock.sleep(wait, completion.signal);
    waited += wait;
  }
}

function requestOf(around: Surroundings, question: Question, habits: Habits, apiKey: string | undefined): WireRequest {
  const { completion, messages, key, temperature, shape, heard } = question;
  const told = shape && habits.level !== 'json_schema' ? withLast(messages, shapePrompt(shape)) : messages;
  const parameter = habits.api === 'responses' && habits.limit !== 'none' ? 'max_output_tokens' : habits.limit;
  return {
    model: around.model,
    api: habits.api,
    messages: told,
    level: habits.level,
    ...(shape ? { shape } : {}),
    ...(temperature !== undefined && habits.temperature ? { temperature } : {}),
    ...(parameter === 'none' ? {} : { limit: { parameter, tokens: around.config.max_output_tokens } }),
    usage: habits.api === 'chat' && habits.usage,
    store: habits.api === 'responses' && !habits.refused.includes('store'),
    idempotencyKey: key,
    apiKey,
    ...(completion.signal ? { signal: completion.signal } : {}),
    onText: (soFar) => {
      heard.hear(soFar);
      completion.onText?.(soFar);
    },
  };
}

/** At the end of the last message: what stands before it stays the same, so that the server's cache holds. */
function withLast(messages: readonly Message[], text: string): Message[] {
  const last = messages.at(-1);
  if (last?.role !== 'user') return [...messages, { role: 'user', content: text }];
  // A correction carries the schema already.
  if (last.content.endsWith(text)) return [...messages];
  return [...messages.slice(0, -1), { role: 'user', content: `${last.content}\n\n${text}` }];
}

function judge(answer: WireAnswer, around: Surroundings, question: Question): { readonly truncated: boolean } {
  if (answer.finish === 'refused') throw refusedAnswer(around.where, answer.text);
  const truncated = answer.finish === 'length';
  if (truncated && question.shape) throw truncatedAnswer(around.where, around.config.max_output_tokens);
  return { truncated };
}

function waitingLine(model: string, failure: WireFailure, ms: number): string {
  const said = failure.kind === 'connect' ? 'is not reached' : `answered ${failure.status ?? failure.kind}`;
  const why = failure.status === 429 ? 'is busy' : said;
  return `${model} ${why}; asking again in ${ms < 1000 ? 'a moment' : `${Math.round(ms / 1000)} s`}`;
}

export function plus(a: TokenUsage | undefined, b: TokenUsage): TokenUsage {
  if (!a) return b;
  return {
    input: a.input + b.input,
    cachedInput: a.cachedInput + b.cachedInput,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
    estimated: a.estimated || b.estimated,
  };
}
