import * as z from 'zod';
import type { WireShape } from './wire.ts';

/** What strict mode knows; zod checks the rest (lengths, ranges, patterns) on the answer. */
const KEPT = new Set(['type', 'properties', 'required', 'items', 'enum', 'const', 'anyOf', '$ref', 'description']);

type Json = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema a server is given for a zod schema: closed objects with every key required, as strict mode wants
 * it. An optional key becomes one that may be null; `readShape` takes the nulls out again.
 * @param name `[a-z_]+`
 */
export function shapeOf(schema: z.ZodType, name: string): WireShape {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
  const open = { found: false };
  const closed = close(json, open);
  const defs = json.$defs as Readonly<Record<string, Json>> | undefined;
  const $defs = defs
    ? { $defs: Object.fromEntries(Object.entries(defs).map(([key, value]) => [key, close(value, open)])) }
    : {};
  return { name, schema: { ...closed, ...$defs }, strict: !open.found && closed.type === 'object' };
}

function close(schema: Json, open: { found: boolean }): Json {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) if (KEPT.has(key)) kept[key] = value;
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (Array.isArray(alternatives)) kept.anyOf = alternatives.map((one: Json) => close(one, open));
  if (schema.items && !Array.isArray(schema.items)) kept.items = close(schema.items as Json, open);
  const properties = schema.properties as Readonly<Record<string, Json>> | undefined;
  if (properties) {
    const required = new Set((schema.required as readonly string[] | undefined) ?? []);
    kept.properties = Object.fromEntries(
      Object.entries(properties).map(([key, value]) => {
        const inner = close(value, open);
        return [key, required.has(key) ? inner : { anyOf: [inner, { type: 'null' }] }];
      }),
    );
    kept.required = Object.keys(properties);
    kept.additionalProperties = false;
  } else if (schema.type === 'object') {
    // A record has keys of the answer's own; strict mode has no word for it.
    open.found = true;
    kept.additionalProperties = schema.additionalProperties ?? true;
  }
  return kept;
}

/** What is added to a prompt whose server cannot be given the schema. */
export function shapePrompt(shape: WireShape): string {
  return [
    'Answer with one JSON value and nothing else: no prose before or after it, no code fence.',
    'It must fit this JSON Schema:',
    JSON.stringify(shape.schema),
  ].join('\n');
}

export type ShapeRead<T> =
  /** `clean`: the whole text was the JSON, so the server did as it was told. */
  | { readonly ok: true; readonly value: T; readonly clean: boolean }
  | { readonly ok: false; readonly clean: boolean; readonly problem: string };

/** Finds the value in an answer and checks it: bare JSON, fenced JSON, or JSON with prose around it. */
export function readShape<T>(schema: z.ZodType<T>, text: string): ShapeRead<T> {
  const bare = withoutThoughts(text).trim();
  let problem: string | undefined;
  for (const [index, piece] of jsonPieces(bare).entries()) {
    const parsed = parseJson(piece);
    if (parsed === undefined) continue;
    for (const value of [parsed.value, withoutNulls(parsed.value)]) {
      const checked = schema.safeParse(value);
      if (checked.success) return { ok: true, value: checked.data, clean: index === 0 };
      problem ??= z.prettifyError(checked.error);
    }
  }
  return { ok: false, clean: parseJson(bare) !== undefined, problem: problem ?? 'There is no JSON in it.' };
}

/** Local reasoning models put their thoughts in the answer; some servers swallow the tag that opens them. */
function withoutThoughts(text: string): string {
  const said = text.replace(/^\s*<(think|thinking|reasoning)>[\s\S]*?<\/\1>/, '');
  if (/^\s*[[{]/.test(said)) return said;
  const end = /^[ \t]*<\/(?:think|thinking|reasoning)>/m.exec(said);
  return end ? said.slice(end.index + end[0].length) : said;
}

function jsonPieces(text: string): string[] {
  const fenced = [...text.matchAll(/^[ \t]*(```+|~~~+)[^\n]*\n([\s\S]*?)\n[ \t]*\1[ \t]*$/gm)].map(
    (match) => match[2] ?? '',
  );
  return [text, ...fenced, ...balanced(text)];
}

/** The outermost `{…}` and `[…]` of a text, strings respected. At most 40 tries: prose may hold many brackets. */
function balanced(text: string): string[] {
  const found: string[] = [];
  const opening = /[{[]/g;
  for (let tries = 0; tries < 40; tries += 1) {
    const start = opening.exec(text);
    if (!start) break;
    const end = endOf(text, start.index);
    if (end === undefined) continue;
    found.push(text.slice(start.index, end));
    opening.lastIndex = end;
  }
  return found;
}

function endOf(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

/** The value of a JSON text; undefined for any other. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, withoutNulls(inner)]])),
  );
}
