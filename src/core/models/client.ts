import {
  type Config,
  HumanError,
  type Message,
  type ModelCall,
  messageOf,
  parseDuration,
  type TokenUsage,
} from '../domain/index.ts';
import type { Clock, Random } from '../system/index.ts';
import { ask, Heard, plus } from './ask.ts';
import { misshapenAnswer, type Where } from './failures.ts';
import { firstHabits, type HabitBook, type Habits, lower } from './habits.ts';
import { openaiWire } from './openai.ts';
import type { Patience } from './retry.ts';
import { type ModelServer, originOf } from './server.ts';
import { readShape, type ShapeRead, shapeOf, shapePrompt } from './shape.ts';
import { impatient } from './silence.ts';
import { costOf } from './tokens.ts';
import type { CallGate, CallLog, ClientConfig, Completed, Completion, ModelClient } from './types.ts';
import type { Wire, WireShape } from './wire.ts';

export interface ClientOptions {
  readonly config: ClientConfig;
  readonly prices: Config['prices'];
  readonly model: string;
  /** Asked before each call; undefined for a server that needs none. */
  readonly apiKey: () => Promise<string | undefined>;
  readonly log: CallLog;
  readonly gate: CallGate;
  readonly clock: Clock;
  readonly random: Random;
  readonly patience?: Patience;
  /** Where what is learnt of servers is kept for the clients to come. */
  readonly habitBook?: HabitBook;
}

/** How much of a misshapen answer is quoted back for its correction. */
const MAX_QUOTED = 30_000;

/** How many files that a prompt leaves out are kept by name. */
const MAX_LEFT_OUT = 100;

/** Node's own wait for a server ends then, whatever is asked for. */
const LONGEST_SILENCE_MS = 300_000;

/**
 * A model behind an OpenAI-compatible server; connects on the first call.
 * @throws HumanError `bad-config` when the base URL is none
 */
export function createModelClient(options: ClientOptions & { readonly at: ModelServer }): ModelClient {
  const { baseUrl, api } = options.at;
  if (!/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? '')) {
    throw new HumanError(
      `The base URL of the model server is "${baseUrl}": expected an address such as https://api.openai.com/v1.`,
      { code: 'bad-config' },
    );
  }
  return new LadderClient(openaiWire(baseUrl, options.clock, silenceOf(options.config)), options, {
    server: originOf(baseUrl),
    where: { baseUrl, model: options.model, keyVariable: options.at.keyVariable },
    needsKey: new URL(baseUrl).hostname === 'api.openai.com',
    first: firstHabits(baseUrl, api),
  });
}

/** Milliseconds a server may send nothing. */
function silenceOf({ timeout }: ClientConfig): number {
  return Math.min(LONGEST_SILENCE_MS, (parseDuration(timeout) ?? 240) * 1000);
}

/**
 * A model over any wire: what `createModelClient` does to a server's answers, for other ways to one as well
 * (VS Code's own language models). `server` names what consent is bound to; no key goes there.
 */
export function createClientOver(
  wire: Wire,
  options: Omit<ClientOptions, 'apiKey'> & { readonly server: string },
): ModelClient {
  const { server, model } = options;
  return new LadderClient(
    impatient(wire, options.clock, silenceOf(options.config)),
    { ...options, apiKey: async () => undefined },
    {
      server,
      where: { baseUrl: server, model, keyVariable: undefined, ofHost: true },
      needsKey: false,
      first: TEXT_ONLY,
    },
  );
}

/** VS Code's models take no schema, no temperature and no limit, and tell no usage. */
const TEXT_ONLY: Habits = {
  ...{ api: 'chat', apiIsSure: true, level: 'text', temperature: false, limit: 'none', refused: [], usage: false },
};

/** What is known of a server before it was asked anything. */
interface Place {
  readonly server: string;
  readonly where: Where;
  readonly needsKey: boolean;
  readonly first: Habits;
}

interface Answer {
  readonly call: number;
  readonly text: string;
  readonly usage: TokenUsage;
  readonly truncated: boolean;
}

const NO_USAGE: TokenUsage = { input: 0, cachedInput: 0, output: 0, reasoning: 0, estimated: true };
const TRUNCATED = 'truncated';

class LadderClient implements ModelClient {
  readonly model: string;
  readonly server: string;
  readonly #wire: Wire;
  readonly #options: ClientOptions;
  readonly #place: Place;
  readonly #book: HabitBook;
  readonly #page: string;

  constructor(wire: Wire, options: ClientOptions, place: Place) {
    this.#wire = wire;
    this.#options = options;
    this.#place = place;
    this.model = options.model;
    this.server = place.server;
    this.#book = options.habitBook ?? new Map();
    this.#page = JSON.stringify([place.where.baseUrl, options.model, place.first.apiIsSure && place.first.api]);
  }

  get #habits(): Habits {
    return this.#book.get(this.#page) ?? this.#place.first;
  }

  #learn(habits: Habits): void {
    this.#book.set(this.#page, habits);
  }

  async complete<T = string>(completion: Completion<T>): Promise<Completed<T>> {
    const { schema, messages, key } = completion;
    completion.signal?.throwIfAborted();
    if (!schema) {
      const answer = await this.#call(completion, messages, key);
      return { ...answer, value: answer.text as T };
    }
    const shape = shapeOf(schema, completion.name ?? 'answer');
    const first = await this.#call(completion, messages, key, shape);
    const read = readShape(schema, first.text);
    this.#learnFrom(read);
    if (read.ok) return { ...first, value: read.value };
    completion.onProgress?.(`Asking ${this.model} to correct the shape of its answer`);
    // The correction must not reach onText: it is the same answer again, for the eyes of the schema only.
    const quiet = { ...completion, onText: undefined };
    const second = await this.#call(quiet, repair(messages, first.text, read.problem, shape), `${key}/repair`, shape);
    const again = readShape(schema, second.text);
    if (!again.ok) throw misshapenAnswer(this.#place.where, again.problem);
    return { ...second, value: again.value, usage: plus(first.usage, second.usage) };
  }

  /** A server that took the schema and then talked around it does not know the level: ask one lower from now on. */
  #learnFrom(read: ShapeRead<unknown>): void {
    const next = read.clean ? undefined : lower(this.#habits.level);
    if (next) this.#learn({ ...this.#habits, level: next });
  }

  async #call<T>(
    completion: Completion<T>,
    messages: readonly Message[],
    key: string,
    shape?: WireShape,
  ): Promise<Answer> {
    const { log, clock, config, prices } = this.#options;
    const temperature = completion.temperature ?? config.temperature;
    const call = await log.openCall({
      key,
      purpose: completion.purpose,
      server: this.server,
      model: this.model,
      messages,
      params: {
        max_output_tokens: config.max_output_tokens,
        ...(temperature === undefined ? {} : { temperature }),
        ...(shape ? { schema: shape.name } : {}),
        ...leftOutOf(completion),
      },
      base: completion.base,
      round: completion.round,
      idea: completion.idea,
    });
    if (call.state === 'answered' && call.answer !== undefined) return replay(call, call.answer, completion.onText);
    const started = clock.monotonic();
    const heard = new Heard(messages.map((message) => message.content).join('\n'));
    const toll = () => ({
      answer: heard.text,
      usage: heard.usage,
      cost: costOf(heard.usage, prices, this.model),
      latencyMs: clock.monotonic() - started,
    });
    try {
      const { truncated } = await ask(
        this.#wire,
        { ...this.#options, ...this.#place },
        {
          completion,
          call: call.id,
          messages,
          key,
          temperature,
          shape,
          heard,
          habits: () => this.#habits,
          known: () => this.#book.has(this.#page),
          learn: (habits) => this.#learn(habits),
        },
      );
      await log.closeCall(call.id, { state: 'answered', ...toll(), ...(truncated ? { error: TRUNCATED } : {}) });
      return { call: call.id, text: heard.text, usage: heard.usage, truncated };
    } catch (error) {
      const words = completion.signal?.aborted ? 'cancelled' : messageOf(error);
      await log.closeCall(call.id, { state: 'failed', error: words, ...(heard.anything ? toll() : {}) });
      throw error;
    }
  }
}

/** Bounded: a repository may leave out more than it shows. */
function leftOutOf({ leftOut = [] }: Pick<Completion<unknown>, 'leftOut'>): { readonly left_out?: readonly string[] } {
  if (leftOut.length === 0) return {};
  const more = leftOut.length > MAX_LEFT_OUT ? [`and ${leftOut.length - MAX_LEFT_OUT} more`] : [];
  return { left_out: [...leftOut.slice(0, MAX_LEFT_OUT).map(({ path, why }) => `${path}: ${why}`), ...more] };
}

function replay(call: ModelCall, text: string, onText: Completion<unknown>['onText']): Answer {
  onText?.(text);
  return { call: call.id, text, usage: call.usage ?? NO_USAGE, truncated: call.error === TRUNCATED };
}

function repair(messages: readonly Message[], text: string, problem: string, shape: WireShape): Message[] {
  return [
    ...messages,
    { role: 'assistant', content: text.slice(0, MAX_QUOTED) || '(empty)' },
    {
      role: 'user',
      content: `That answer does not have the shape that was asked for:\n${problem.slice(0, 4_000)}\n\nGive the same content again in the right shape. ${shapePrompt(shape)}`,
    },
  ];
}
