import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, type Pair, parseDocument, visit } from 'yaml';
import { type KeyPath, showPath } from './schema.ts';
import type { Diagnostic } from './types.ts';

/** Larger than any file a person writes; larger ones are not parsed. */
export const MOST_BYTES = 1_000_000;

/** Each key is held against all of its map: ten times as many would take seconds. A colon may be one. */
const MOST_KEYS = 4000;
const MOST_ALIASES = 200;
/** More complaints help nobody, and take as long to place as the file has lines. */
const MOST_PROBLEMS = 100;

/** A YAML text with the places of its values, so that every complaint stands on its line. */
export interface YamlText {
  readonly file: string;
  readonly value: unknown;
  /** Problems of the YAML itself; with any, `value` is undefined. */
  readonly problems: readonly Diagnostic[];
  /** Where the value at a path stands; of its nearest parent where there is none. */
  at(path: KeyPath, message: string): Diagnostic;
  /** Where the key itself stands. */
  atKey(path: KeyPath, key: string, message: string): Diagnostic;
  has(path: KeyPath): boolean;
}

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'Indent with spaces.',
  BAD_INDENT: 'Keys of one map start in the same column; indent deeper ones by two spaces.',
  DUPLICATE_KEY: 'Remove one of them.',
  MISSING_CHAR: 'Close the quote or bracket; a text that holds one goes in quotes.',
  BAD_ALIAS: "A text that starts with * needs quotes: '*.py'.",
  BAD_DQ_ESCAPE: "Write it in single quotes, where a backslash is just a backslash: '\\d+'.",
  BAD_SCALAR_START: 'A text that starts with this character needs quotes.',
  BLOCK_AS_IMPLICIT_KEY: 'Put a text that holds ": " in quotes.',
  MULTILINE_IMPLICIT_KEY: 'A key is followed by a colon and a space, on one line.',
  MULTIPLE_DOCS: 'One file is one document: remove the --- line.',
};

/** Parses YAML 1.2. Never throws; what is wrong is in `problems`. */
export function readYaml(text: string, file: string): YamlText {
  const lines = new LineCounter();
  const tooLong = text.length > MOST_BYTES;
  const tooMany = !tooLong && text.split(':', MOST_KEYS + 1).length > MOST_KEYS;
  const document = parseDocument(tooLong || tooMany ? '' : text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  const place = (from: number, to: number, path: string, message: string): Diagnostic => {
    const start = lines.linePos(from);
    const end = lines.linePos(Math.max(from, to));
    // An empty file has no line at all.
    const line = Math.max(1, start.line);
    return {
      file,
      line,
      column: Math.max(1, start.col),
      endLine: Math.max(line, end.line),
      endColumn: Math.max(1, end.col),
      message,
      path,
    };
  };
  const problems = document.errors.slice(0, MOST_PROBLEMS).map((error) => {
    const hint = HINTS[error.code] ?? 'See the lines around it.';
    return place(error.pos[0], error.pos[1], '', `This is not YAML: ${error.message.replace(/\.$/, '')}. ${hint}`);
  });
  // In the order of the text: an alias means an anchor before it. To look for each anew takes for ever in a file of them.
  const anchors = new Set<string>();
  let aliases = 0;
  visit(document, (_, node) => {
    if (isAlias(node)) aliases += 1;
    else if (isNode(node) && 'anchor' in node && typeof node.anchor === 'string') anchors.add(node.anchor);
    if (isAlias(node) && !anchors.has(node.source) && problems.length < MOST_PROBLEMS) {
      const [from, to] = node.range ?? [0, 0];
      problems.push(place(from, to, '', `This is not YAML: there is no anchor &${node.source}. ${HINTS.BAD_ALIAS}`));
    }
  });
  if (aliases > MOST_ALIASES) {
    problems.push(place(0, 0, '', `It names ${aliases} aliases; at most ${MOST_ALIASES} are read. Write the values.`));
  }
  if (tooLong) problems.push(place(0, 0, '', `The file is over ${MOST_BYTES / 1e6} MB; it was not read. Shorten it.`));
  if (tooMany) {
    problems.push(place(0, 0, '', `It holds more than ${MOST_KEYS} keys; it was not read. Keep data in another file.`));
  }
  const value = problems.length === 0 ? plainValue(document) : { value: undefined };
  if (value.error !== undefined) problems.push(place(0, 0, '', `This is not YAML we read: ${value.error}.`));

  return {
    file,
    value: value.value,
    problems,
    at(path, message) {
      const [from, to] = rangeOf(document, path);
      return place(from, to, showPath(path), message);
    },
    atKey(path, key, message) {
      const range = keyRange(document, path, key) ?? rangeOf(document, path);
      return place(range[0], range[1], showPath([...path, key]), message);
    },
    has: (path) => document.hasIn(path),
  };
}

function plainValue(document: Document): { readonly value: unknown; readonly error?: string } {
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    return { value: undefined, error: error instanceof Error ? error.message : String(error) };
  }
}

/** The range of the value at a path; for a map the key that names it, so that a long block is not all underlined. */
function rangeOf(document: Document, path: KeyPath): readonly [number, number] {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    const key = path[length - 1];
    if (isNode(node) && node.range && (isScalar(node) || typeof key === 'number') && length === path.length) {
      return [node.range[0], node.range[1]];
    }
    if (typeof key === 'string') {
      const range = keyRange(document, path.slice(0, length - 1), key);
      if (range) return range;
    } else if (isNode(node) && node.range) {
      return [node.range[0], node.range[1]];
    }
  }
  const first = isMap(document.contents) ? (document.contents.items[0] as Pair | undefined)?.key : document.contents;
  return isNode(first) && first.range ? [first.range[0], first.range[1]] : [0, 0];
}

function keyRange(document: Document, path: KeyPath, key: string): readonly [number, number] | undefined {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isMap(map)) return undefined;
  const pair = map.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  return isNode(pair?.key) && pair.key.range ? [pair.key.range[0], pair.key.range[1]] : undefined;
}
