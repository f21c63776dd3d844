import type * as z from 'zod';
import type { YamlText } from './document.ts';
import { nearest } from './nearest.ts';
import { descriptionAt, expectation, type JsonSchema, type KeyPath, keysAt, schemasAt, showPath } from './schema.ts';
import type { Diagnostic } from './types.ts';

type Issue = z.core.$ZodIssue;

/** Each issue of a schema as diagnostics: what is wrong, what was expected, what to do, on the line it is about. */
export function diagnose(issues: readonly Issue[], yaml: YamlText, root: JsonSchema): Diagnostic[] {
  return issues.flatMap((issue) => ofIssue(issue, [], yaml, root));
}

function ofIssue(issue: Issue, prefix: KeyPath, yaml: YamlText, root: JsonSchema): readonly Diagnostic[] {
  const path = [...prefix, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, yaml, root));
  if (!yaml.has(path) && path.length > 0) return [missing(path, yaml, root)];
  if (issue.code === 'invalid_union') {
    const branch = issue.errors.find(
      (errors) => !errors.some((error) => error.path.length === 0 && isTypeError(error)),
    );
    if (branch) return branch.flatMap((error) => ofIssue(error, path, yaml, root));
  }
  if (issue.code === 'invalid_key') {
    const key = String(path.at(-1));
    return [yaml.atKey(path.slice(0, -1), key, `\`${showPath(path)}\`: ${innerMessage(issue.issues)}.`)];
  }
  const found = `\`${showPath(path)}\` is ${shown(valueAt(yaml.value, path))}`;
  if (issue.code === 'custom' || issue.code === 'invalid_format') {
    return [yaml.at(path, path.length === 0 ? issue.message : `${found}: ${issue.message}.`)];
  }
  const expected = expectation(schemasAt(root, path)) || issue.message;
  const advice = adviceFor(issue, valueAt(yaml.value, path));
  return [
    yaml.at(path, `${path.length === 0 ? `The file is ${shown(yaml.value)}` : found}; expected ${expected}.${advice}`),
  ];
}

function isTypeError(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function innerMessage(issues: readonly Issue[]): string {
  return issues[0]?.message ?? 'this name cannot be used';
}

function unknownKey(path: KeyPath, key: string, yaml: YamlText, root: JsonSchema): Diagnostic {
  const known = keysAt(root, path);
  const meant = nearest(key, known);
  const advice = meant ? `Did you mean \`${meant}\`?` : `Known keys here: ${known.join(', ')}.`;
  const where = path.length === 0 ? '' : ` in \`${showPath(path)}\``;
  return yaml.atKey(path, key, `Unknown key \`${key}\`${where}. ${advice}`);
}

function missing(path: KeyPath, yaml: YamlText, root: JsonSchema): Diagnostic {
  const what = descriptionAt(root, path);
  const expected = expectation(schemasAt(root, path));
  const key = path.at(-1);
  return yaml.at(
    path,
    `\`${showPath(path)}\` is missing${what ? `: ${what.replace(/\.$/, '')}` : ''}. Add \`${key}:\` with ${expected || 'a value'}.`,
  );
}

function adviceFor(issue: Issue, value: unknown): string {
  if (issue.code !== 'invalid_type') return '';
  if (issue.expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return ` Put it in quotes: '${value}'.`;
  }
  if (issue.expected === 'array' && typeof value === 'string') return ` Put it in brackets: ['${value}'].`;
  return '';
}

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[part] : undefined),
    value,
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value !== 'string') return `the ${typeof value === 'number' ? 'number' : 'value'} ${String(value)}`;
  return value === '' ? 'an empty text' : `the text '${value.length > 60 ? `${value.slice(0, 57)}...` : value}'`;
}
