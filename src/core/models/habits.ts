import { LEVELS, type Level, type WireFailure, type WireRequest } from './wire.ts';

/** What a client has learnt about one server and model; kept for the client's life. */
export interface Habits {
  readonly level: Level;
  readonly temperature: boolean;
  readonly limit: 'max_tokens' | 'max_completion_tokens' | 'none';
  /** Parameters already refused: a server that refuses both names of the limit gets none. */
  readonly refused: readonly string[];
  readonly usage: boolean;
}

/** What to assume of a server before the first answer. */
export function firstHabits(baseUrl: string): Habits {
  // OpenAI's reasoning models refuse `max_tokens`; other servers may not know its newer name.
  const openai = new URL(baseUrl).hostname === 'api.openai.com';
  return {
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
 * What to leave out after a server refused a request (400, 422), or undefined where nothing we send on top of the
 * messages can be the reason. A complaint that names no parameter lowers the shape's level: it costs nothing to try.
 */
export function unlearn(
  habits: Habits,
  failure: WireFailure,
  sent: Pick<WireRequest, 'level' | 'shape' | 'temperature' | 'limit' | 'usage'>,
): Habits | undefined {
  if (failure.status !== 400 && failure.status !== 422 && failure.status !== 501) return undefined;
  const words = `${failure.parameter ?? ''} ${failure.message}`;
  const next = sent.shape ? lower(sent.level) : undefined;
  if (next && /response_format|json_schema|json_object|json mode|structured.?output|guided|grammar/i.test(words)) {
    return { ...habits, level: next };
  }
  if (sent.temperature !== undefined && /temperature/i.test(words)) return { ...habits, temperature: false };
  if (sent.limit && words.includes(sent.limit.parameter)) {
    const other = sent.limit.parameter === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    const refused = [...habits.refused, sent.limit.parameter];
    return { ...habits, refused, limit: refused.includes(other) ? 'none' : other };
  }
  if (sent.usage && /stream_options|include_usage/i.test(words)) return { ...habits, usage: false };
  if (
    failure.code === 'context_length_exceeded' ||
    /context.{0,20}(length|window)|too (long|many tokens)/i.test(words)
  ) {
    return undefined;
  }
  return next ? { ...habits, level: next } : undefined;
}
