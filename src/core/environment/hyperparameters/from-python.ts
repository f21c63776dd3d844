import type { Hyperparameter } from '../types.ts';
import { type LogicalLine, logicalLines, splitTokens, stringValue, type Token } from './python.ts';
import { lastSet } from './set-again.ts';
import { argumentsOf, keywords } from './tokens.ts';

type Source = Exclude<Hyperparameter['source'], 'yaml' | 'shell'>;

/** A literal and what it is called, before its line is known. */
interface Found {
  readonly name: string;
  /** The class it is a field of. */
  readonly owner?: string;
  readonly start: number;
  readonly end: number;
  readonly type: Hyperparameter['type'];
  readonly choices?: readonly string[];
  readonly spellings?: readonly string[];
  readonly source: Source;
}

interface Literal {
  readonly start: number;
  readonly end: number;
  readonly type: Hyperparameter['type'] | 'text';
}

const CONFIG_CLASS = /(config|args|arguments|params|hyperparameters|settings|options)$/i;

const OPTIMIZER =
  /^\w{0,40}(?:Adam(?:[A-Z0-9_]\w{0,10}|ax)?|SGD(?:[A-Z0-9_]\w{0,10})?|Muon|Lion|Lamb|LAMB|RMSprop|Adagrad|Adadelta|Adafactor|Sophia\w?|Shampoo|SOAP)$|^(?:adamw?|sgd|lion|lamb|rmsprop|adagrad|adafactor)$/;
const OF_OPTIMIZER = /^(?:lr|learning_rate|momentum|weight_decay|beta_?[12]|b[12])$/;

/**
 * The hyperparameters of one Python file: argparse defaults, fields of config classes, module-level constants, and what
 * optimizers are built with.
 */
export function fromPython(path: string, text: string): Hyperparameter[] {
  const lines = logicalLines(text);
  const counted = counters(lines);
  const constants = lines
    .flatMap(constant)
    .filter(({ name }) => !counted.has(name) && !/^(best|running|current|prev(ious)?)(_|$)/.test(name));
  const set = lastSet(lines);
  const replaced = new Set(constants.filter(({ name, start }) => (set.get(name) ?? 0) > start));
  const found = [
    ...lines.flatMap(argparse),
    ...lines.flatMap(defined),
    ...fields(lines),
    ...constants,
    ...lines.flatMap(configured),
    ...lines.flatMap((line) => settings(line, text)),
    ...(/\bfire\.Fire\(|\btyper\.run\(/.test(text) ? lines.flatMap(parameters) : []),
  ];
  // What is named as a setting says it for the program; the numbers of a call stand for what nothing names.
  const named = new Set(found.map(({ name }) => name));
  found.push(...lines.flatMap(optimizers).filter(({ name }) => !named.has(name)));
  const names = Map.groupBy(found, (one) => one.name);
  return found.flatMap((one) => {
    const same = names.get(one.name) ?? [];
    // A name that is set twice says nothing about which of them counts; fields are told apart by their class.
    if (same.length > 1 && !same.every((other) => other.owner !== undefined)) return [];
    if (replaced.has(one)) return [];
    const name = same.length > 1 ? `${one.owner}.${one.name}` : one.name;
    return [located(path, text, { ...one, name })];
  });
}

function located(path: string, text: string, found: Found): Hyperparameter {
  const before = text.slice(0, found.start);
  const lineStart = before.lastIndexOf('\n') + 1;
  return {
    path,
    name: found.name,
    line: before.split('\n').length,
    startColumn: found.start - lineStart,
    endColumn: found.end - lineStart,
    literal: text.slice(found.start, found.end),
    type: found.type,
    ...(found.choices ? { choices: found.choices } : {}),
    ...(found.spellings ? { spellings: found.spellings } : {}),
    source: found.source,
  };
}

/** Names that the program itself goes on to change: counters and sums, which are no settings. */
function counters(lines: readonly LogicalLine[]): Set<string> {
  return new Set(
    lines.flatMap(({ indent, tokens }) => {
      const [first, second, third] = tokens;
      if (first?.text === 'global') return tokens.slice(1).map(({ text }) => text);
      const grows = (second?.text === '+' || second?.text === '-') && third?.text === '=';
      return indent > 0 && first?.kind === 'name' && grows ? [first.text] : [];
    }),
  );
}

/** `name = literal` or `name: type = literal` in the first column. */
function constant(line: LogicalLine): Found[] {
  return line.indent === 0 ? assignment(line.tokens, 'module') : [];
}

function assignment(tokens: readonly Token[], source: Source, owner?: string): Found[] {
  const [name, after] = tokens;
  if (name?.kind !== 'name' || name.text.startsWith('__') || (after?.text !== '=' && after?.text !== ':')) return [];
  const [left, right, ...more] = splitTokens(tokens, '=');
  if (!left || !right || more.length > 0) return [];
  const literal = literalOf(right) ?? fieldDefault(right);
  if (!literal || literal.type === 'text') return [];
  const type = literal.type === 'int' && left.some((token) => token.text === 'float') ? 'float' : literal.type;
  return [{ name: name.text, owner, start: literal.start, end: literal.end, type, source }];
}

/** `field(default=0.1, …)` of a dataclass. */
function fieldDefault(tokens: readonly Token[]): Literal | undefined {
  if (tokens[0]?.text !== 'field' || tokens[1]?.text !== '(') return undefined;
  return literalOf(keywords(argumentsOf(tokens, 1)).get('default') ?? []);
}

/** Fields of dataclasses, and of classes whose name says that they hold settings. */
function fields(lines: readonly LogicalLine[]): Found[] {
  const found: Found[] = [];
  let decorated = false;
  let current: { readonly name: string; readonly indent: number; body?: number } | undefined;
  for (const line of lines) {
    const [first, second] = line.tokens;
    if (current && line.indent <= current.indent) current = undefined;
    if (first?.text === '@') {
      decorated ||= line.tokens.some((token) => token.text === 'dataclass');
    } else if (first?.text === 'class' && second) {
      current = decorated || CONFIG_CLASS.test(second.text) ? { name: second.text, indent: line.indent } : undefined;
      decorated = false;
    } else {
      decorated = false;
      if (!current) continue;
      current.body ??= line.indent;
      if (line.indent === current.body) found.push(...assignment(line.tokens, 'dataclass', current.name));
    }
  }
  return found;
}

/** `flags.DEFINE_float('lr', 0.1, …)` of absl. */
function defined(line: LogicalLine): Found[] {
  return line.tokens.flatMap((token, index) => {
    if (!/^DEFINE_(integer|float|bool|boolean)$/.test(token.text) || line.tokens[index + 1]?.text !== '(') return [];
    const [flag, given] = argumentsOf(line.tokens, index + 1);
    const name = flag?.length === 1 ? stringValue(flag[0]) : undefined;
    const literal = literalOf(given ?? []);
    if (name === undefined || !literal || literal.type === 'text') return [];
    const type = token.text === 'DEFINE_float' ? 'float' : literal.type;
    return [{ name, start: literal.start, end: literal.end, type, source: 'argparse' }];
  });
}

/** `config.learning_rate = 0.1` of ml_collections and the like. */
function configured(line: LogicalLine): Found[] {
  const [owner, dot, ...rest] = line.tokens;
  if (!/^(config|cfg|c|args|hparams|hps)$/.test(owner?.text ?? '') || dot?.text !== '.') return [];
  const at = rest.findIndex(({ text }) => text === '=');
  const path = rest.slice(0, at);
  if (at < 1 || path.some(({ kind, text }) => kind !== 'name' && text !== '.')) return [];
  const literal = literalOf(rest.slice(at + 1));
  if (!literal || literal.type === 'text') return [];
  const name = path.map(({ text }) => text).join('');
  return [{ name, start: literal.start, end: literal.end, type: literal.type, source: 'module' }];
}

const SETTINGS = /^(\w{0,40}_)?(params|config|cfg|hparams|hyperparameters|settings|defaults|kwargs)$/i;

/** `params = {'max_depth': 6, …}`, where the program goes on to read it. */
function settings({ tokens }: LogicalLine, text: string): Found[] {
  const [name, equals, open] = tokens;
  if (equals?.text !== '=' || open?.text !== '{' || tokens.at(-1)?.text !== '}') return [];
  if (!SETTINGS.test(name?.text ?? '') || tokens.length > 1000) return [];
  // What is only logged changes nothing.
  if (
    !new RegExp(
      `\\*\\*${name?.text}\\b|\\b${name?.text}(?:\\[|\\.(?:get|pop)\\()|\\btrain\\(\\s*${name?.text}\\b`,
    ).test(text)
  )
    return [];
  return splitTokens(tokens.slice(3, -1), ',').flatMap((part): Found[] => {
    const [key, value] = splitTokens(part, ':');
    const literal = literalOf(value ?? []);
    const own = key?.length === 1 ? stringValue(key[0]) : undefined;
    if (own === undefined || !/^\w+$/.test(own) || !literal || literal.type === 'text') return [];
    return [{ name: own, start: literal.start, end: literal.end, type: literal.type, source: 'module' }];
  });
}

/** `def train(lr=0.1, …)`, where fire or typer makes flags of the parameters. */
function parameters(line: LogicalLine): Found[] {
  const [def, name, open] = line.tokens;
  if (def?.text !== 'def' || name?.kind !== 'name' || open?.text !== '(') return [];
  return argumentsOf(line.tokens, 2).flatMap((part) => assignment(part, 'argparse'));
}

/** `add_argument('--lr', type=float, default=0.1)` of argparse, and `option` of click. */
function argparse(line: LogicalLine): Found[] {
  return line.tokens.flatMap((token, index) => {
    const call = token.text === 'add_argument' || (token.text === 'option' && line.tokens[index - 1]?.text === '.');
    if (!call || line.tokens[index + 1]?.text !== '(') return [];
    const parts = argumentsOf(line.tokens, index + 1);
    const named = keywords(parts);
    // click writes a flag and its opposite as one: `--amp/--no-amp`.
    const flags = parts
      .flatMap((part) => (part.length === 1 ? (stringValue(part[0]) ?? '').split('/') : []))
      .filter((one) => one.startsWith('-'));
    const flag = flags.find((one) => one.startsWith('--')) ?? flags[0];
    const literal = literalOf(named.get('default') ?? []);
    if (!flag || !literal) return [];
    const choices = splitTokens((named.get('choices') ?? []).slice(1, -1), ',').flatMap(
      (part) => stringValue(part[0]) ?? [],
    );
    const place = {
      name: bare(flag),
      ...(flags.length > 1 ? { spellings: flags.map(bare) } : {}),
      start: literal.start,
      end: literal.end,
      source: 'argparse',
    } as const;
    if (literal.type === 'text') return choices.length > 1 ? [{ ...place, type: 'choice', choices }] : [];
    const declared = named.get('type')?.[0]?.text;
    return [{ ...place, type: literal.type === 'int' && declared === 'float' ? 'float' : literal.type }];
  });
}

function bare(flag: string): string {
  return flag.replace(/^-+/, '');
}

/** `optimizer = Muon(parameters, lr=0.05)`: numbers that a program gives its optimizer by their names. */
function optimizers({ tokens }: LogicalLine): Found[] {
  const target = tokens[1]?.text === '=' && tokens[0]?.kind === 'name' ? tokens[0].text : undefined;
  return tokens.flatMap((token, index): Found[] => {
    if (!OPTIMIZER.test(token.text) || tokens[index + 1]?.text !== '(') return [];
    return [...keywords(argumentsOf(tokens, index + 1))].flatMap(([name, value]) => {
      const literal = OF_OPTIMIZER.test(name) ? literalOf(value) : undefined;
      if (!literal || literal.type === 'text' || literal.type === 'bool') return [];
      return [{ name, owner: target ?? token.text, ...literal, type: literal.type, source: 'module' }];
    });
  });
}

/** The literal that tokens are, or undefined where they are anything else. */
function literalOf(tokens: readonly Token[]): Literal | undefined {
  const [first, second] = tokens;
  if (!first || tokens.length > 2) return undefined;
  if (second) {
    const signed = (first.text === '-' || first.text === '+') && second.kind === 'number' && first.end === second.start;
    const type = signed ? numberType(second.text) : undefined;
    return type && { start: first.start, end: second.end, type };
  }
  const { start, end } = first;
  if (first.kind === 'string') return { start, end, type: 'text' };
  if (first.text === 'True' || first.text === 'False') return { start, end, type: 'bool' };
  const type = first.kind === 'number' ? numberType(first.text) : undefined;
  return type && { start, end, type };
}

function numberType(text: string): 'int' | 'float' | undefined {
  if (/^\d[\d_]*$/.test(text)) return 'int';
  return /^[\d_.]+(?:[eE][-+]?[\d_]+)?$/.test(text) ? 'float' : undefined;
}
