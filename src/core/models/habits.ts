import type { Config } from '../domain/index.ts';
import { type Api, LEVELS, type Level, type WireFailure, type WireRequest } from './wire.ts';

/** What a client has learnt about one server and model. */
export interface Habits {
  readonly api: Api;
  /** A person named the interface, or the other one was tried already. */
  readonly apiIsSure: boolean;
  readonly level: Level;
  readonly temperature: boolean;
  readonly limit: 'max_tokens' | 'max_completion_tokens' | 'none';
  /** Parameters already refused: a server that refuses both names of the limit gets none. */
  readonly refused: readonly string[];
  readonly usage: boolean;
}

/** What was learnt, by server and model: every client of one process reads and writes it. */
export type HabitBook = Map<string, Habits>;

/** What to assume of a server before the first answer. */
export function firstHabits(baseUrl: string, api: Config['models']['api']): Habits {
  // OpenAI's reasoning models refuse `max_tokens`; other servers may not know its newer name.
  const openai = new URL(baseUrl).hostname === 'api.openai.com';
  return {
    // Chat completions is what every compatible server has.
    api: api === 'responses' ? 'responses' : 'chat',
    apiIsSure: api !== 'auto',
    level: 'json_schema',
    temperature: true,
    limit: openai ? 'max_completion_tokens' : 'max_tokens',
    refused: [],
    usage: true,
  };
}

/** The next level down, or undefined at the last. */
export function lower(level: Level): Level | undefined {
  return LEVELS[LEVELS.indexOf(level) + 1];
}

/**
 * What to leave out or to ask otherwise after a server refused a request, or undefined where nothing we send on top of
 * the messages can be the reason. A complaint that names no parameter lowers the shape's level: it costs nothing to try.
 */
export function unlearn(
  habits: Habits,
  failure: WireFailure,
  sent: Pick<WireRequest, 'level' | 'shape' | 'temperature' | 'limit' | 'usage' | 'store'>,
): Habits | undefined {
  const words = `${failure.parameter ?? ''} ${failure.message}`;
  if (!habits.apiIsSure && lacksApi(failure, words)) {
    return { ...habits, api: habits.api === 'chat' ? 'responses' : 'chat', apiIsSure: true };
  }
  if (failure.status !== 400 && failure.status !== 422 && failure.status !== 501) return undefined;
  const next = sent.shape ? lower(sent.level) : undefined;
  if (
    next &&
    /response_format|text\.format|json_schema|json_object|json mode|structured.?output|guided|grammar/i.test(words)
  ) {
    return { ...habits, level: next };
  }
  if (sent.temperature !== undefined && /temperature/i.test(words)) return { ...habits, temperature: false };
  if (sent.limit && words.includes(sent.limit.parameter)) return { ...habits, ...otherLimit(habits, sent.limit) };
  if (sent.usage && /stream_options|include_usage/i.test(words)) return { ...habits, usage: false };
  if (sent.store && /\bstore\b/.test(words)) return { ...habits, refused: [...habits.refused, 'store'] };
  if (
    failure.code === 'context_length_exceeded' ||
    /context.{0,20}(length|window)|too (long|many tokens)/i.test(words)
  ) {
    return undefined;
  }
  return next ? { ...habits, level: next } : undefined;
}

function otherLimit(
  habits: Habits,
  { parameter }: NonNullable<WireRequest['limit']>,
): Pick<Habits, 'limit' | 'refused'> {
  const refused = [...habits.refused, parameter];
  if (parameter === 'max_output_tokens') return { refused, limit: 'none' };
  const other = parameter === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
  return { refused, limit: refused.includes(other) ? 'none' : other };
}

/**
 * True where a server has no such interface, or says that this model is for the other one. A model that it does not
 * know at all is no reason to ask elsewhere.
 */
function lacksApi(failure: WireFailure, words: string): boolean {
  if (failure.kind !== 'status') return false;
  const { status = 0 } = failure;
  const told = /\bresponses (api|endpoint)|v1\/(responses|chat\/completions)|not a chat model/i.test(words);
  if (status === 400 || status === 404) {
    return told || (status === 404 && failure.code !== 'model_not_found' && !/\bmodel\b/i.test(words));
  }
  return status === 405 || status === 501;
}
