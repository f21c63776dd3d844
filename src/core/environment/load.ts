import * as path from 'node:path';
import type * as z from 'zod';
import type { Box, Config, Environment } from '../domain/index.ts';
import { type Files, readPlainText } from '../system/index.ts';
import { diagnose } from './diagnose.ts';
import { MOST_BYTES, readYaml, type YamlText } from './document.ts';
import { type FileKind, jsonSchemaOf, SCHEMAS } from './schema.ts';
import type { Diagnostic, Loaded } from './types.ts';

type Reader = Pick<Files, 'readRange' | 'info' | 'realPath'>;

/**
 * Reads `research.yaml` in the root of a repository. Never throws for what a person wrote: `missing` where there is
 * no such file, else every problem with its line.
 */
export async function loadEnvironment(files: Reader, root: string): Promise<Loaded<Environment>> {
  const file = path.join(root, 'research.yaml');
  const text = await readOur(files, file);
  return text === undefined ? absent(file) : parseEnvironment(text, file);
}

/** Reads `boxes.yaml` in the user's config folder. */
export async function loadBoxes(files: Reader, folder: string): Promise<Loaded<readonly Box[]>> {
  const file = path.join(folder, 'boxes.yaml');
  const text = await readOur(files, file);
  return text === undefined ? absent(file) : parseBoxes(text, file);
}

/** Reads `config.yaml` in the user's config folder. */
export async function loadConfig(files: Reader, folder: string): Promise<Loaded<Config>> {
  const file = path.join(folder, 'config.yaml');
  const text = await readOur(files, file);
  return text === undefined ? absent(file) : parseConfig(text, file);
}

/** The text of one of our files, never more of it than is parsed; undefined where there is none. */
async function readOur(files: Reader, file: string): Promise<string | undefined> {
  return (await readPlainText(files, file, MOST_BYTES + 1))?.text;
}

/** The environment a text of `research.yaml` describes. `file` is what diagnostics name. */
export function parseEnvironment(text: string, file: string): Loaded<Environment> {
  return parse('research', SCHEMAS.research, text, file, patternProblems);
}

export function parseBoxes(text: string, file: string): Loaded<readonly Box[]> {
  const parsed = parse('boxes', SCHEMAS.boxes, text, file);
  return parsed.ok ? { ...parsed, value: parsed.value.boxes } : parsed;
}

/** A `config.yaml`; an empty one is all defaults. */
export function parseConfig(text: string, file: string): Loaded<Config> {
  return parse('config', SCHEMAS.config, text, file, undefined, {});
}

/** The diagnostics of one of our files, for an editor; empty when all is well. */
export function checkFile(kind: FileKind, text: string, file: string): readonly Diagnostic[] {
  const parsed =
    kind === 'research'
      ? parseEnvironment(text, file)
      : kind === 'boxes'
        ? parseBoxes(text, file)
        : parseConfig(text, file);
  return parsed.ok ? [] : parsed.diagnostics;
}

function absent(file: string): {
  readonly ok: false;
  readonly missing: true;
  readonly diagnostics: readonly Diagnostic[];
} {
  const place = { file, line: 1, column: 1, endLine: 1, endColumn: 1, path: '' };
  return { ok: false, missing: true, diagnostics: [{ ...place, message: `There is no ${file}.` }] };
}

function parse<T>(
  kind: FileKind,
  schema: z.ZodType<T>,
  text: string,
  file: string,
  more: (value: T, yaml: YamlText) => readonly Diagnostic[] = () => [],
  empty: unknown = null,
): Loaded<T> {
  const yaml = readYaml(text, file);
  if (yaml.problems.length > 0) return { ok: false, missing: false, diagnostics: yaml.problems };
  const checked = schema.safeParse(yaml.value ?? empty);
  const diagnostics = checked.success
    ? more(checked.data, yaml)
    : diagnose(checked.error.issues, yaml, jsonSchemaOf(kind)).toSorted(
        (a, b) => a.line - b.line || a.column - b.column,
      );
  if (!checked.success || diagnostics.length > 0) return { ok: false, missing: false, diagnostics };
  return { ok: true, value: checked.data, text };
}

const NAMED_GROUP = /\(\?P?<(?!step>)[A-Za-z_$][\w$]*>/;

/** A pattern that cannot be compiled, or that names no metric, would leave every run without a result. */
function patternProblems(environment: Environment, yaml: YamlText): readonly Diagnostic[] {
  return environment.metrics.flatMap((source, index) => {
    if (typeof source !== 'string') return [];
    const problem = patternProblem(source);
    return problem === undefined ? [] : [yaml.at(['metrics', index], `\`metrics[${index}]\` ${problem}`)];
  });
}

function patternProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern.replaceAll('(?P<', '(?<'));
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error);
    return `is not a regular expression: ${why}. Put a backslash before a bracket that stands for itself.`;
  }
  if (NAMED_GROUP.test(pattern)) return undefined;
  return 'names no metric; expected a named group, such as val_loss: (?<val_loss>[\\d.]+).';
}

/** The line, from 1, on which a key of a YAML text stands; undefined where the text has no such key. */
export function lineOf(text: string, path: readonly string[]): number | undefined {
  const yaml = readYaml(text, '');
  return yaml.has(path) ? yaml.at(path, '').line : undefined;
}
