import * as z from 'zod/mini';
import { type FromPage, PAGE_COMMANDS } from './messages.ts';

/** Ids as they are made; anything else never reaches a path or a query. */
const run = z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,40}$/));
const candidate = z.string().check(z.regex(/^\d{1,9}\.\d{1,9}$/));
const request = z.int().check(z.nonnegative());
const line = z.int().check(z.gte(-10_000_000_000), z.lte(10_000_000_000));
const text = z.string().check(z.maxLength(500));

/** Every message that the page may send; unknown types and unknown keys are refused. */
export const fromPageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('resync'), gen: z.int(), seq: z.int() }),
  z.strictObject({
    type: z.literal('command'),
    command: z.enum(PAGE_COMMANDS),
    idea: z.optional(z.int().check(z.nonnegative())),
    candidate: z.optional(candidate),
    run: z.optional(run),
  }),
  z.strictObject({ type: z.literal('curve'), request, run, metric: text }),
  z.strictObject({ type: z.literal('metrics'), request, run }),
  z.strictObject({ type: z.literal('log'), request, run, first: line, count: z.int().check(z.gte(0), z.lte(2000)) }),
  z.strictObject({ type: z.literal('searchLog'), request, run, text }),
  z.strictObject({ type: z.literal('watch'), runs: z.array(run).check(z.maxLength(200)) }),
]);

/** The message, checked; undefined for anything that is none. */
export function readFromPage(raw: unknown): FromPage | undefined {
  const parsed = fromPageSchema.safeParse(raw);
  return parsed.success ? (parsed.data as FromPage) : undefined;
}
