import {
  descriptionAt,
  expectation,
  type FileKind,
  type JsonSchema,
  jsonSchemaOf,
  type KeyPath,
  keysAt,
  schemasAt,
} from './schema.ts';

/** Something an editor may insert at a place. */
export interface Completion {
  readonly label: string;
  readonly insert: string;
  readonly kind: 'key' | 'value';
  readonly detail: string;
}

/** Where the cursor stands: the map it is in, and the key it is behind, if any. */
interface Place {
  readonly path: KeyPath;
  readonly key?: string;
}

/**
 * What may be written at a cursor in one of our files, also while the file is not valid YAML: keys that are not there
 * yet, or the words a value can be. Line is 1-based, column a 0-based UTF-16 offset.
 */
export function completionsAt(kind: FileKind, text: string, line: number, column: number): Completion[] {
  const root = jsonSchemaOf(kind);
  const lines = text.split(/\r?\n/);
  const before = (lines[line - 1] ?? '').slice(0, column);
  if (/(^|\s)#/.test(before)) return [];
  const place = placeOf(root, lines, line - 1, before);
  if (place.key !== undefined) return values(root, [...place.path, place.key]);
  const used = siblings(lines, line - 1, before);
  return keysAt(root, place.path)
    .filter((key) => !used.has(key))
    .map((key) => ({ label: key, insert: `${key}: `, kind: 'key', detail: detailOf(root, [...place.path, key]) }));
}

/** What the key under a cursor means, or undefined where there is none that we know. */
export function hoverAt(kind: FileKind, text: string, line: number, column: number): string | undefined {
  const root = jsonSchemaOf(kind);
  const lines = text.split(/\r?\n/);
  const own = lines[line - 1] ?? '';
  for (const match of own.matchAll(/([A-Za-z_]\w*)(?=:(?:\s|$))/g)) {
    if (column < match.index || column > match.index + match[0].length) continue;
    const place = placeOf(root, lines, line - 1, own.slice(0, match.index));
    const path = [...place.path, match[0]];
    if (place.key === undefined && schemasAt(root, path).length > 0) return detailOf(root, path);
  }
  return undefined;
}

function values(root: JsonSchema, path: KeyPath): Completion[] {
  const detail = detailOf(root, path);
  const schemas = schemasAt(root, path);
  const items = schemas.flatMap((schema) => (typeof schema.items === 'object' ? [schema.items] : []));
  const words = [...schemas, ...items].flatMap((schema) => [
    ...(schema.enum ?? []),
    ...(schema.const === undefined ? [] : [schema.const]),
    ...(schema.type === 'boolean' ? [true, false] : []),
  ]);
  return [...new Set(words.map(String))].map((word) => ({ label: word, insert: word, kind: 'value', detail }));
}

function detailOf(root: JsonSchema, path: KeyPath): string {
  const expected = expectation(schemasAt(root, path));
  return [descriptionAt(root, path), expected && `Expected: ${expected}.`].filter(Boolean).join(' ');
}

/** By indentation and by brackets still open on the line, since the text may not be whole. */
function placeOf(root: JsonSchema, lines: readonly string[], index: number, before: string): Place {
  const outer = outerPath(lines, index, indentOf(before));
  const dash = /^\s*(?:-\s+)*/.exec(before)?.[0] ?? '';
  const base = dash.includes('-') ? [...outer, 0] : outer;
  const { path, rest } = openBrackets(root, base, before.slice(dash.length));
  const key = /^\s*([A-Za-z_]\w*):\s+[^,]*$/.exec(rest)?.[1];
  return key === undefined ? { path } : { path, key };
}

/** The keys of the lines above that this line is nested in. */
function outerPath(lines: readonly string[], index: number, indent: number): (string | number)[] {
  const path: (string | number)[] = [];
  let depth = indent;
  for (let at = index - 1; at >= 0 && depth >= 0; at -= 1) {
    const line = lines[at] ?? '';
    const item = /^(\s*)-\s/.exec(line);
    // A key beside a dash's own first key is in the same list item.
    if (item && depth > indentOf(line) && path[0] !== 0 && depth === /^\s*-\s+/.exec(line)?.[0].length) {
      path.unshift(0);
      depth = indentOf(line) + 1;
      continue;
    }
    const match = /^(\s*)(?:-\s+)?([A-Za-z_]\w*):\s*(?:#.*)?$/.exec(line);
    const own = match?.[1]?.length ?? 0;
    if (!match?.[2] || own >= depth) {
      if (line.trim() === '' || line.trim().startsWith('#') || indentOf(line) >= depth) continue;
      if (!match) depth = Math.min(depth, indentOf(line));
      continue;
    }
    path.unshift(match[2]);
    depth = own;
  }
  return path;
}

/** Follows the brackets that are open at the end of a line's text. */
function openBrackets(
  root: JsonSchema,
  base: KeyPath,
  text: string,
): { readonly path: KeyPath; readonly rest: string } {
  const stack: { readonly path: KeyPath; readonly start: number }[] = [{ path: base, start: 0 }];
  for (let at = 0; at < text.length; at += 1) {
    const top = stack.at(-1) ?? { path: base, start: 0 };
    const character = text[at];
    if (character === '{' || character === '[') {
      const key = /([A-Za-z_]\w*):\s*$/.exec(text.slice(top.start, at))?.[1];
      const path = key === undefined ? top.path : [...top.path, key];
      const list = character === '[' || (key === undefined && isList(root, path));
      stack.push({ path: list ? [...path, 0] : path, start: at + 1 });
    } else if (character === '}' || character === ']') {
      if (stack.length > 1) stack.pop();
    } else if (character === ',') {
      stack[stack.length - 1] = { path: top.path, start: at + 1 };
    }
  }
  const { path, start } = stack.at(-1) ?? { path: base, start: 0 };
  return { path, rest: text.slice(start) };
}

function isList(root: JsonSchema, path: KeyPath): boolean {
  return schemasAt(root, path).some((schema) => schema.type === 'array');
}

/** The keys that the same map has already: in this bracket, or on lines of the same indentation around it. */
function siblings(lines: readonly string[], index: number, before: string): ReadonlySet<string> {
  const open = Math.max(before.lastIndexOf('{'), before.lastIndexOf('['));
  const close = Math.max(before.lastIndexOf('}'), before.lastIndexOf(']'));
  if (open > close) return new Set([...before.slice(open).matchAll(/([A-Za-z_]\w*):/g)].map((match) => match[1] ?? ''));
  const indent = indentOf(before);
  const found = new Set<string>();
  for (const step of [-1, 1]) {
    for (let at = index + step; at >= 0 && at < lines.length; at += step) {
      const line = lines[at] ?? '';
      if (line.trim() === '') continue;
      if (indentOf(line) < indent) break;
      const key = /^(\s*)([A-Za-z_]\w*):/.exec(line);
      if (key?.[2] && key[1]?.length === indent) found.add(key[2]);
    }
  }
  return found;
}

function indentOf(line: string): number {
  return /^\s*/.exec(line)?.[0].length ?? 0;
}
