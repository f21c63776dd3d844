import * as z from 'zod';
import { boxesSchema, configSchema, environmentSchema } from '../domain/index.ts';

/** The files a person edits: `research.yaml`, `boxes.yaml`, `config.yaml`. */
export type FileKind = 'research' | 'boxes' | 'config';

export const SCHEMAS = { research: environmentSchema, boxes: boxesSchema, config: configSchema } as const;

/** The part of JSON Schema that our schemas come out as. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: boolean | JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** The JSON Schema of a file as a person writes it (defaults not filled in), for editors that read one. */
export function jsonSchemaOf(kind: FileKind): JsonSchema {
  return z.toJSONSchema(SCHEMAS[kind], { io: 'input' }) as JsonSchema;
}

/** A place in a file: keys and list indexes from the root. */
export type KeyPath = readonly (string | number)[];

/** `objective.goal`, `metrics[0]`. */
export function showPath(path: KeyPath): string {
  return path.reduce<string>(
    (shown, part) => (typeof part === 'number' ? `${shown}[${part}]` : shown === '' ? part : `${shown}.${part}`),
    '',
  );
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const either = schema.anyOf ?? schema.oneOf;
  return either ? either.flatMap(alternatives) : [schema];
}

/** What may stand at a place: one schema for each alternative; none where nothing is known there. */
export function schemasAt(root: JsonSchema, path: KeyPath): readonly JsonSchema[] {
  return path.reduce<readonly JsonSchema[]>(
    (schemas, part) => schemas.flatMap((schema) => childOf(schema, part)).flatMap(alternatives),
    alternatives(root),
  );
}

/** The description of a place, from itself or the union it is part of. */
export function descriptionAt(root: JsonSchema, path: KeyPath): string | undefined {
  if (path.length === 0) return root.description;
  const part = path.at(-1) ?? '';
  const own = schemasAt(root, path.slice(0, -1))
    .flatMap((schema) => childOf(schema, part))
    .find((schema) => schema.description !== undefined);
  return own?.description;
}

function childOf(schema: JsonSchema, part: string | number): readonly JsonSchema[] {
  if (typeof part === 'number') {
    const item = schema.prefixItems?.[part] ?? schema.items;
    return typeof item === 'object' ? [item] : [];
  }
  const property = schema.properties?.[part] ?? schema.additionalProperties;
  return typeof property === 'object' ? [property] : [];
}

/** The keys that may stand in a map at a place. */
export function keysAt(root: JsonSchema, path: KeyPath): readonly string[] {
  return [...new Set(schemasAt(root, path).flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

/** What was expected, in words: `minimize or maximize`, `a whole number, at least 0`. */
export function expectation(schemas: readonly JsonSchema[]): string {
  const words = [...new Set(schemas.flatMap(wordsOf))];
  return words.length < 3 ? words.join(' or ') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function wordsOf(schema: JsonSchema): readonly string[] {
  if (schema.const !== undefined) return [String(schema.const)];
  if (schema.enum) return schema.enum.map(String);
  switch (schema.type) {
    case 'string':
      return ['a text'];
    case 'number':
    case 'integer':
      return [numberWords(schema)];
    case 'boolean':
      return ['true', 'false'];
    case 'array':
      return [arrayWords(schema)];
    case 'object':
      return [objectWords(schema)];
    default:
      return [];
  }
}

function numberWords(schema: JsonSchema): string {
  const kind = schema.type === 'integer' ? 'a whole number' : 'a number';
  if (schema.exclusiveMinimum !== undefined) return `${kind} above ${schema.exclusiveMinimum}`;
  return schema.minimum !== undefined && schema.minimum > -1e9 ? `${kind}, at least ${schema.minimum}` : kind;
}

function arrayWords(schema: JsonSchema): string {
  if (schema.prefixItems)
    return `a list of ${schema.prefixItems.length}, such as [${schema.prefixItems.map(() => '1')}]`;
  return typeof schema.items === 'object' ? `a list (each entry ${expectation(alternatives(schema.items))})` : 'a list';
}

function objectWords(schema: JsonSchema): string {
  const keys = schema.required ?? Object.keys(schema.properties ?? {});
  return keys.length > 0 ? `{ ${keys.map((key) => `${key}: …`).join(', ')} }` : 'a map of names to values';
}
