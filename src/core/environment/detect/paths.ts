import { depthAfter, type LogicalLine, splitTokens, stringValue, type Token } from '../hyperparameters/python.ts';
import { argumentsOf, keywords } from '../hyperparameters/tokens.ts';

/** A path that a program puts together, as far as its text says; `*` for what it does not. */
export interface BuiltPath {
  readonly value: string;
  /** Offset in the text. */
  readonly start: number;
  /** The statement that builds it. */
  readonly line: LogicalLine;
}

type Known = ReadonlyMap<string, readonly string[]>;

/** More ways than this for one path say nothing. */
const MOST_WAYS = 4;
const DEEPEST = 6;

/**
 * The paths that statements join: `os.path.join(data_dir, 'train.bin')`, `root / f'{split}.npy'`. Names stand for the
 * texts they are set to, attributes of arguments for the default of their flag.
 * @param given what names are set to elsewhere, which wins
 */
export function builtPaths(lines: readonly LogicalLine[], given: Known = new Map()): BuiltPath[] {
  const known = namesOf(lines, given);
  return lines.flatMap((line) => {
    if (line.tokens.length > 500) return [];
    return line.tokens.flatMap((token, index) => {
      const parts = joinsAt(line.tokens, index) ? [...argumentsOf(line.tokens, index + 1)] : undefined;
      const found = parts ? joined(parts, known, 0) : slashAt(line.tokens, index, known);
      return found.filter((value) => value.includes('/')).map((value) => ({ value, start: token.start, line }));
    });
  });
}

function joinsAt(tokens: readonly Token[], index: number): boolean {
  return (
    tokens[index]?.text === 'join' &&
    tokens[index + 1]?.text === '(' &&
    /^(path|osp)$/.test(tokens[index - 2]?.text ?? '')
  );
}

/** `a / 'b'`, `Path(args.root) / 'b'`, from its first part on. */
function slashAt(tokens: readonly Token[], index: number, known: Known): string[] {
  const before = tokens[index - 1]?.text;
  if (tokens[index]?.kind !== 'name' || before === '/' || before === '.') return [];
  let end = index + 1;
  while (tokens[end]?.text === '.' && tokens[end + 1]?.kind === 'name') end += 2;
  if (tokens[end]?.text === '(') end = closeOf(tokens, end) + 1;
  if (tokens[end]?.text !== '/') return [];
  while (tokens[end]?.text === '/' && /^(name|string)$/.test(tokens[end + 1]?.kind ?? '')) end += 2;
  const own = tokens.slice(index, end);
  return own.some(({ kind }) => kind === 'string') ? resolved(own, known, 0) : [];
}

function closeOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at]?.kind === 'op') depth = depthAfter(depth, tokens[at]?.text ?? '');
    if (depth === 0) return at;
  }
  return tokens.length;
}

/** What names are set to, and the defaults of flags by the attribute they become. */
export function namesOf(lines: readonly LogicalLine[], given: Known = new Map()): Known {
  const known = new Map(given);
  for (const { tokens } of lines) {
    const [first, second] = tokens;
    if (!first || tokens.length > 200) continue;
    if (first.kind === 'name' && second && (second.text === '=' || second.text === ':')) {
      const right = splitTokens(tokens, '=')[1];
      const values = right ? resolved(right, known, 0) : [];
      if (values.length > 0 && !known.has(first.text)) known.set(first.text, values);
    }
    const at = tokens.findIndex(({ text }) => text === 'add_argument');
    if (at < 0) continue;
    const parts = argumentsOf(tokens, at + 1);
    const flag = parts
      .flatMap((part) => (part.length === 1 ? [stringValue(part[0]) ?? ''] : []))
      .find((one) => one.startsWith('--'));
    const given = stringValue(keywords(parts).get('default')?.[0]);
    if (flag && given) known.set(flag.slice(2).replaceAll('-', '_'), [given]);
  }
  return known;
}

/** The texts that an expression can be, as far as it is known. */
function resolved(tokens: readonly Token[], known: Known, depth: number): string[] {
  const [first] = tokens;
  if (!first || depth > DEEPEST || tokens.length > 100) return [];
  const choice = tokens.findIndex(({ text }) => text === 'if');
  const other = tokens.findIndex(({ text }) => text === 'else');
  if (choice > 0 && other > choice) {
    const both = [tokens.slice(0, choice), tokens.slice(other + 1)].flatMap((one) => resolved(one, known, depth + 1));
    return both.slice(0, MOST_WAYS);
  }
  const slashes = splitTokens(tokens, '/');
  if (slashes.length > 1) return joined(slashes, known, depth);
  if (tokens.length === 1) {
    if (first.kind === 'string') return textOf(first);
    return [...(known.get(first.text) ?? [])];
  }
  const call = tokens.findIndex(({ text }) => text === '(');
  const name = tokens[call - 1]?.text ?? '';
  if (call > 0 && tokens.at(-1)?.text === ')') {
    if (name === 'home' && tokens[0]?.text === 'Path') return ['~'];
    const parts = argumentsOf(tokens, call);
    if (name === 'join' && /^(path|osp)$/.test(tokens[call - 3]?.text ?? '')) return joined(parts, known, depth);
    if (/^(Path|expanduser|abspath|str|PurePath|expandvars)$/.test(name)) return joined(parts, known, depth);
    return [];
  }
  // `args.data_dir`, `cfg.root`: by the last name.
  const dotted = tokens.every((token, index) => (index % 2 === 0 ? token.kind === 'name' : token.text === '.'));
  return dotted ? [...(known.get(tokens.at(-1)?.text ?? '') ?? [])] : [];
}

function textOf(token: Token): string[] {
  const live = /^[fF](["'])([^"'\\]{0,300})\1$/.exec(token.text)?.[2];
  const value = live?.replaceAll(/\{[^{}]*\}/g, '*') ?? stringValue(token);
  return value === undefined || value.length > 300 ? [] : [value];
}

/** Parts put behind each other; nothing where the first is not known, since it may lie anywhere. */
function joined(parts: readonly (readonly Token[])[], known: Known, depth: number): string[] {
  const [first, ...rest] = parts;
  let ways = resolved(first ?? [], known, depth + 1);
  for (const part of rest) {
    const ends = resolved(part, known, depth + 1);
    const shown = ends.length > 0 ? ends : ['*'];
    ways = ways.flatMap((way) => shown.map((end) => `${way.replace(/\/$/, '')}/${end}`)).slice(0, MOST_WAYS);
  }
  return ways;
}
