import { type LogicalLine, splitTokens, stringValue, type Token } from '../hyperparameters/python.ts';
import { type Call, callsOf, dictKeys, nameIn, sourceOf, statements } from './calls.ts';
import { isPython, lineAt, type Texts } from './evidence.ts';
import { namesOf, splitsOf } from './names.ts';
import { CLOSE, OPEN, plain, renderArguments } from './render.ts';
import { computedMetrics } from './trainers.ts';

/** Where a number goes: the log of the run, a file of its own, or a tracker. */
export type Sink = 'log' | 'jsonl' | 'csv' | 'json' | 'wandb' | 'tensorboard' | 'lightning' | 'trainer' | 'keras';

/** A line that a program prints, with marks around its values. */
export interface PrintedLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly values: readonly string[];
}

/** A number a program gives a name and hands to something that keeps it. */
export interface NamedValue {
  readonly file: string;
  readonly line: number;
  readonly sink: Sink;
  readonly name: string;
  /** The source of the value, to tell one number under two names from two numbers. */
  readonly value: string;
}

export interface Logged {
  readonly printed: readonly PrintedLine[];
  readonly named: readonly NamedValue[];
}

/** More than any program logs; a generated file has no say. */
const MOST = 2000;

const SETTING = /^(?:self\.)?(args|cfg|conf|config|hparams|FLAGS|opts?)\.\w/;

/** What the Python files of a program print and hand to trackers, in the order of the files. */
export function readLogged(program: Texts): Logged {
  const printed: PrintedLine[] = [];
  const named: NamedValue[] = [];
  const tracked = trackedVariable(program);
  for (const [file, text] of program) {
    if (!isPython(file)) continue;
    const lines = statements(text);
    const dicts = dictsOf(lines.map(({ tokens }) => tokens));
    const parts = splitsOf(text);
    const loops = itemLoops(lines);
    // clu's default writer prints what it is given, too.
    const prints = /\bcreate_default_writer\(/.test(text);
    const jsonFile = /\.json["']/.test(text);
    const caught = new Set([...text.matchAll(/\bexcept\b[^\n:]{0,200}\bas\s+(\w+)/g)].map(([, name]) => name));
    for (const call of callsOf(text, lines)) {
      if (printed.length + named.length > MOST) return { printed, named };
      const add = (sink: Sink, entries: readonly { readonly name: string; readonly value: readonly Token[] }[]) => {
        for (const { name, value } of entries) {
          for (const full of namesOf(name, parts)) {
            named.push({ file, line: call.line, sink, name: full, value: sourceOf(value) });
          }
        }
      };
      if (call.name === 'set_postfix') {
        // tqdm shows it behind its bar, as `name=value`.
        const shown = entriesOf(call.arguments[0] ?? [], dicts);
        const given = shown.length > 0 ? shown : [...call.named].map(([name, value]) => ({ name, value }));
        const pairs = given.map(({ name }) => `${name}=${OPEN}0.5${CLOSE}`).join(', ');
        const values = given.map(({ value }) => sourceOf(value));
        printed.push({ file, line: call.line, text: `50%|##| 1/2 [00:01<00:01, 1.0it/s, ${pairs}]`, values });
      } else if (isPrint(call)) {
        const { text: shown, values } = renderArguments(call.arguments);
        let from = 0;
        for (const row of shown.split(/[\n\r]/)) {
          const count = row.split(OPEN).length - 1;
          // What was caught is an error's text, and a setting is the same all along: neither is a result.
          const told = values.slice(from, from + count).map((one) => (caught.has(one) || SETTING.test(one) ? '' : one));
          const own = { file, line: call.line, text: row.trim(), values: told };
          if (plain(row).trim() !== '') printed.push(...withKeys(own, loops, dicts));
          from += count;
        }
      } else {
        const kept = keeperOf(call, jsonFile, dicts);
        if (kept) add(prints && call.name === 'write_scalars' ? 'log' : kept.sink, kept.entries);
      }
    }
    named.push(...computedMetrics(file, text));
    if (tracked) named.push(...returned(file, text, lines, parts));
  }
  return { printed, named };
}

function isPrint({ name, receiver, named }: Call): boolean {
  if (named.has('file') && !/stdout/.test(sourceOf(named.get('file') ?? []))) return false;
  if (receiver === '') {
    return /^(print\w*|pprint|\w+_print|log(_\w*(msg|line|print|info|message))?|print_log|logprint|rank_zero_info|main_print|echo)$/.test(
      name,
    );
  }
  if (/^(info|warning|print|echo|secho|log_message)$/.test(name)) return true;
  return name === 'write' && /^(sys\.stdout|tqdm|tqdm\.tqdm|\w*bar|progress)$/.test(receiver);
}

/** `for k, v in metrics.items()`: the dict that a key comes from, by the key's name. */
function itemLoops(lines: readonly LogicalLine[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { tokens } of lines) {
    const texts = tokens.slice(0, 12).map(({ text }) => text);
    const hit = /^for (\w+) , \w+ in (\w+) \. items \( \) :/.exec(texts.join(' '));
    if (hit?.[1] && hit[2]) found.set(hit[1], hit[2]);
  }
  return found;
}

/** A line that prints the keys of a dict: one for each key. */
function withKeys(
  line: PrintedLine,
  loops: ReadonlyMap<string, string>,
  dicts: ReadonlyMap<string, Entries>,
): PrintedLine[] {
  const at = line.values.findIndex((value) => loops.has(value));
  const keys = at < 0 ? [] : (dicts.get(loops.get(line.values[at] ?? '') ?? '') ?? []);
  if (keys.length === 0) return [line];
  const pieces = line.text.split(new RegExp(`${OPEN}[^${CLOSE}]*${CLOSE}`));
  const marks = line.text.match(new RegExp(`${OPEN}[^${CLOSE}]*${CLOSE}`, 'g')) ?? [];
  return keys.slice(0, 50).map(({ name }) => {
    const text = pieces.map((piece, index) => piece + (index === at ? name : (marks[index] ?? ''))).join('');
    return { ...line, text, values: line.values.filter((_, index) => index !== at) };
  });
}

type Entries = readonly { readonly name: string; readonly value: readonly Token[] }[];

/** What a call that is no print keeps, and where. */
function keeperOf(
  { name, receiver, arguments: parts }: Call,
  jsonFile: boolean,
  dicts: ReadonlyMap<string, Entries>,
): { readonly sink: Sink; readonly entries: Entries } | undefined {
  const [first, second] = parts;
  if (!first) return undefined;
  const entries = entriesOf(first, dicts);
  if (name === 'log' && entries.length > 0) {
    return { sink: /(^|\.)(trainer|fabric)$/.test(receiver) ? 'lightning' : 'wandb', entries };
  }
  if (/^log_(dict|metrics)$/.test(name) && entries.length > 0) {
    return { sink: receiver === 'self' || /fabric|logger/.test(receiver) ? 'lightning' : 'wandb', entries };
  }
  const literal = first.length === 1 ? nameIn(first[0]) : undefined;
  if (name === 'log' && literal !== undefined && second && /^(self|pl_module|fabric)$/.test(receiver)) {
    return { sink: 'lightning', entries: [{ name: literal, value: second }] };
  }
  if ((name === 'add_scalar' || name === 'scalar') && literal !== undefined && second) {
    return { sink: 'tensorboard', entries: [{ name: literal, value: second }] };
  }
  if (name === 'write_scalars' && second) {
    return { sink: 'tensorboard', entries: entriesOf(second, dicts) };
  }
  if (name === 'log_metric' && literal !== undefined && second) {
    return { sink: 'wandb', entries: [{ name: literal, value: second }] };
  }
  if (name === 'dump' && receiver === 'json') return { sink: 'json', entries };
  if (name === 'write' || (name === 'print' && receiver === '')) {
    const open = first.findIndex((token, index) => token.text === 'dumps' && first[index - 1]?.text === '.');
    const inner = open < 0 ? [] : splitTokens(first.slice(open + 2, closeOf(first, open + 1)), ',')[0];
    return inner && inner.length > 0
      ? { sink: jsonFile ? 'json' : 'jsonl', entries: entriesOf(inner, dicts) }
      : undefined;
  }
  if (name === 'DictWriter' || name === 'writerow') {
    return { sink: 'csv', entries: entries.length > 0 ? entries : headerOf(parts) };
  }
  return undefined;
}

function closeOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at]?.text === '(') depth += 1;
    if (tokens[at]?.text === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return tokens.length;
}

/** The entries of a dict: written there, or those of the variable that is named. */
function entriesOf(tokens: readonly Token[], dicts: ReadonlyMap<string, Entries>): Entries {
  const written = dictKeys(tokens);
  if (written.length > 0) return written.flatMap((entry) => inner(entry, 0));
  return tokens.length === 1 ? (dicts.get(tokens[0]?.text ?? '') ?? []) : [];
}

/** `{'val': {'loss': x}}` is kept as `val.loss`. */
function inner(entry: Entries[number], depth: number): Entries {
  const own = depth < 3 ? dictKeys(entry.value) : [];
  if (own.length === 0) return [entry];
  return own.flatMap(({ name, value }) => inner({ name: `${entry.name}.${name}`, value }, depth + 1));
}

/** The columns of a table: texts of a list that is all texts. */
function headerOf(parts: readonly (readonly Token[])[]): Entries {
  for (const part of parts) {
    const start = part.findIndex((token) => token.text === '[');
    if (start < 0 || part.at(-1)?.text !== ']') continue;
    const names = splitTokens(part.slice(start + 1, -1), ',').filter((one) => one.length > 0);
    const texts = names.map((one) => (one.length === 1 ? stringValue(one[0]) : undefined));
    if (texts.length > 1 && texts.every((one) => one !== undefined)) {
      return texts.map((name) => ({ name: name ?? '', value: [] }));
    }
  }
  return [];
}

/** Variables that hold a dict: `metrics = {…}`, and what is put in by `metrics['x'] = …` and `metrics.update({…})`. */
function dictsOf(lines: readonly (readonly Token[])[]): Map<string, Entries> {
  const found = new Map<string, Entries>();
  const add = (name: string, entries: Entries) => found.set(name, [...(found.get(name) ?? []), ...entries]);
  for (const tokens of lines) {
    const [name, second, third, fourth] = tokens;
    if (name?.kind !== 'name' || tokens.length > 500) continue;
    if (second?.text === '=' && third) add(name.text, dictKeys(tokens.slice(2)));
    const key = second?.text === '[' && fourth?.text === ']' ? stringValue(third) : undefined;
    if (key !== undefined && tokens[4]?.text === '=') add(name.text, [{ name: key, value: tokens.slice(5) }]);
    if (second?.text === '.' && third?.text === 'update') add(name.text, dictKeys(tokens.slice(4, -1)));
  }
  return found;
}

/** Whether the program hands a tracker a variable: what is in it may come from another function. */
function trackedVariable(program: Texts): boolean {
  return [...program].some(
    ([file, text]) =>
      isPython(file) &&
      /\b(?:wandb|accelerator|run|logger|tracker|swanlab)\.log\(\s*(?:data\s*=\s*)?\w+\s*[,)]/.test(text),
  );
}

/** Names with a group in front (`val/score`) in dicts that functions return: they are made for a tracker. */
function returned(file: string, text: string, lines: readonly LogicalLine[], parts: readonly string[]): NamedValue[] {
  return lines.flatMap(({ tokens }) => {
    const [first] = tokens;
    if (first?.text !== 'return' || tokens.length > 500) return [];
    const line = lineAt(text, first.start);
    return dictKeys(tokens.slice(1)).flatMap(({ name, value }) =>
      namesOf(name, parts)
        .filter((one) => one.includes('/'))
        .map((one) => ({ file, line, sink: 'wandb' as const, name: one, value: sourceOf(value) })),
    );
  });
}
