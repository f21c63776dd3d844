import type { Logged, PrintedLine, Sink } from './logged.ts';
import { type Measure, measureOf } from './measures.ts';
import { CLOSE, OPEN, plain, WHOLE } from './render.ts';

/** The names the product reads from a line of a log, with no pattern given. */
export type LineReader = (line: string) => readonly string[];

/** A result the program reports, and how it gets here. */
export interface Candidate {
  readonly name: string;
  readonly measure: Measure;
  readonly sink: Sink;
  readonly file: string;
  readonly line: number;
  /** The source of the value. */
  readonly value: string;
  /** Needed where the line is in no format that is known. */
  readonly pattern?: string;
}

/** A longer line is a help text. */
const LONGEST = 1000;
const NUMBER = String.raw`[-+\w.]+`;
const SPLIT_WORD = /\b(?:val(?:id(?:ation)?)?|dev|eval(?:uation)?|test|train(?:ing)?)\b/gi;

/** Every result that is printed or kept, in the order of the files. */
export function candidatesOf(
  logged: Logged,
  reads: LineReader,
  wanted: ReadonlyMap<string, Measure['goal']> = new Map(),
): Candidate[] {
  const printed = logged.printed.flatMap((line) => [...ofLine(line, reads), ...ofWanted(line, reads, wanted)]);
  const named = logged.named.flatMap(({ name, sink, file, line, value }) => {
    const measure = measureOf(name);
    // What a library prints for the program is read in its own form, or not at all.
    const read = sink !== 'log' || reads(`[7] ${name}=0.5, other=0.25`).includes(name);
    return measure && read ? [{ name, measure, sink, file, line, value }] : [];
  });
  return dropShadowed([...printed, ...named]);
}

/** A name that a training line prints as well cannot be told from it by its name alone: its pattern decides. */
function dropShadowed(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter((one, index) => candidates.findIndex((other) => same(one, other)) === index);
}

function same(a: Candidate, b: Candidate): boolean {
  return a.name === b.name && a.sink === b.sink && a.value === b.value && a.pattern === b.pattern;
}

/** What a printed line gives: the names that are read as it is, else a pattern for a name that only a person sees. */
function ofLine(line: PrintedLine, reads: LineReader): Candidate[] {
  const text = plain(line.text);
  if (text.length > LONGEST) return [];
  const splits = splitsOf(line.text);
  const read = reads(text).flatMap((name): Candidate[] => {
    const measure = measureOf(name);
    const value = valueBehind(line, name);
    // Of `0.5 (0.4)`, the last batch and the mean, the second is the result: its label leads there.
    if (!measure || !value || (value.endsWith('.val') && line.values.includes(value.replace(/val$/, 'avg')))) return [];
    const known = { name, measure, sink: 'log' as const, file: line.file, line: line.line, value };
    const start = startOf(line.text, name);
    const split = lastBefore(splits, start + 1);
    if (measure.split !== 'none' || split === undefined) return [known];
    // `valid: loss 0.5` beside `train: loss 0.4`: the name alone would be both.
    // As a group of the pattern, which takes no other characters.
    const full = `${split.name}_${bare(name)}`.replaceAll(/\W/g, '_');
    const pattern = patternFor(line.text, split, start, full);
    const told = measureOf(full);
    return pattern && told ? [{ ...known, name: full, measure: told, pattern }] : [known];
  });
  const kinds = new Set(read.map(({ measure }) => measure.kind));
  return [...read, ...byLabel(line, splits).filter(({ measure }) => !kinds.has(measure.kind))];
}

/** Names that mean nothing to us, and that a document names with which way is better. */
function ofWanted(line: PrintedLine, reads: LineReader, wanted: ReadonlyMap<string, Measure['goal']>): Candidate[] {
  const text = plain(line.text);
  if (wanted.size === 0 || text.length > LONGEST) return [];
  return reads(text).flatMap((name): Candidate[] => {
    const goal = wanted.get(name);
    const value = valueBehind(line, name);
    if (goal === undefined || !value || measureOf(name)) return [];
    const measure = { split: 'none', kind: name, goal, task: true } as const;
    return [{ name, measure, sink: 'log', file: line.file, line: line.line, value }];
  });
}

/** A name without the word that says how it was summed up. */
function bare(name: string): string {
  return name.toLowerCase().replace(/^(average|mean|avg|the)_/, '');
}

interface SplitWord {
  readonly name: 'val' | 'test' | 'train';
  /** Where it stands in the marked text. */
  readonly at: number;
}

/** The words for parts of the data in what is written around the values. */
function splitsOf(text: string): SplitWord[] {
  const words = text.replaceAll(new RegExp(`${OPEN}(?!val)[^${CLOSE}]*${CLOSE}`, 'g'), (all) => ' '.repeat(all.length));
  return [...words.matchAll(SPLIT_WORD)].map((found) => {
    const word = found[0].toLowerCase();
    return { name: word.startsWith('train') ? 'train' : word === 'test' ? 'test' : 'val', at: found.index };
  });
}

/** The part of the data that a value belongs to: of `train 0.5 | valid 0.4 | acc 0.9`, accuracy is of the second. */
function lastBefore(splits: readonly SplitWord[], end: number): SplitWord | undefined {
  return splits.findLast(({ at }) => at < end);
}

/** The source of the value that stands behind a name in the line. */
function valueBehind(line: PrintedLine, name: string): string | undefined {
  const words = name
    .replace(/_(ms|s)$/, '')
    .replaceAll('_', '[_ ]')
    .replaceAll(/[.*+?^${}()|/\\]/g, '\\$&');
  const found = new RegExp(`${words}["']?[^${OPEN}${CLOSE}\\w]{0,24}${OPEN}`).exec(line.text);
  if (!found) return undefined;
  return line.values[line.text.slice(0, found.index + found[0].length).split(OPEN).length - 2];
}

/** A pattern from a word for the data to the value behind a name, tried on the line itself. */
function patternFor(text: string, split: SplitWord, start: number, group: string): string | undefined {
  const open = text.indexOf(OPEN, start);
  return open < 0
    ? undefined
    : tried(`${leading(text, split.at)}${escaped(text.slice(split.at, open))}(?<${group}>${NUMBER})`, text, group);
}

/** Where a name stands, or the words of it; -1 where neither does. */
function startOf(text: string, name: string): number {
  return Math.max(text.lastIndexOf(name), text.lastIndexOf(name.replaceAll('_', ' ')));
}

/** Words between a measure and the data that it is of. */
const FILLERS = new Set(['on', 'of', 'for', 'the', 'in', 'over', 'after', 'at']);

/** `Accuracy: 9/10 (90%)`, `Average loss of 0.5`: a label that a person reads, and the value that belongs to it. */
function byLabel(line: PrintedLine, splits: readonly SplitWord[]): Candidate[] {
  const label =
    /([A-Za-z][A-Za-z0-9@/_-]*(?: [A-Za-z][A-Za-z0-9@/_-]*){0,2})(?:\s+(?:is|was|of|on|for|at|after|in)(?: (?:the )?[a-z]+){0,5})?[\s:=(>-]{0,12}\uE000/g;
  return [...line.text.matchAll(label)].flatMap((found): Candidate[] => {
    const open = pastBatch(line, pastCounts(line, found.index + found[0].length - 1));
    if (open === undefined || valueAt(line, open) === '') return [];
    const words = (found[1] ?? '').replace(/( (is|was|now|of|at|on|for|so far))+$/i, '').split(' ');
    for (let from = 0; from < words.length; from += 1) {
      const telling = words.slice(from).filter((word) => !FILLERS.has(word.toLowerCase()));
      const own = telling.join('_').toLowerCase().replaceAll(/\W+/g, '_');
      const measure = measureOf(own);
      // A score of something unknown may be either way around.
      if (!measure || (from > 0 && own === 'score')) continue;
      const split = measure.split === 'none' ? lastBefore(splits, found.index + (found[1] ?? '').length) : undefined;
      const name = split ? `${split.name}_${bare(own)}` : own;
      const start = Math.min(split?.at ?? found.index, found.index);
      const pattern = labelPattern(line.text, start, open, name);
      const told = measureOf(name);
      if (!pattern || !told) continue;
      const value = valueAt(line, open);
      return [{ name, measure: told, sink: 'log', file: line.file, line: line.line, value, pattern }];
    }
    return ofSplit(line, words.at(-1) ?? '', found.index, open);
  });
}

/** `Val: {val_acc}`: what is measured is known from the value alone. */
function ofSplit(line: PrintedLine, word: string, start: number, open: number): Candidate[] {
  const [split] = splitsOf(word);
  const value = valueAt(line, open);
  const own = /(\w+)(?:\.(?:item\(\)|avg|mean\(\)))?$/.exec(value)?.[1] ?? '';
  const measure = measureOf(own);
  if (split?.at !== 0 || !measure) return [];
  const name = (measure.split === 'none' ? `${split.name}_${own}` : own).toLowerCase();
  const told = measureOf(name);
  const pattern = labelPattern(line.text, start, open, name);
  if (!told || !pattern || told.split !== split.name) return [];
  return [{ name, measure: told, sink: 'log', file: line.file, line: line.line, value, pattern }];
}

/** Past the last batch to the mean that stands in brackets behind it: `{top1.val} ({top1.avg})`. */
function pastBatch(line: PrintedLine, open: number | undefined): number | undefined {
  const value = open === undefined ? '' : valueAt(line, open);
  if (open === undefined || !value.endsWith('.val')) return open;
  const next = line.text.indexOf(OPEN, open + 1);
  return next > 0 && valueAt(line, next) === value.replace(/val$/, 'avg') ? next : open;
}

/** The source of the value whose mark stands at an offset. */
function valueAt(line: PrintedLine, open: number): string {
  return line.values[line.text.slice(0, open + 1).split(OPEN).length - 2] ?? '';
}

const COUNT =
  /^(?:\w+\.)?(?:epoch|step|global_step|it|iter|iteration|i|n_iter|batch_idx)(?:\+1)?$|^len\(|(^|[._])(num|n|count|total|size)(_|$)|_(count|size|total)$|\.size\(|\.shape\b/;

/** Past `on the 10000 test images:` to the value that the label is of; undefined where only a count is there. */
function pastCounts(line: PrintedLine, from: number): number | undefined {
  let open = from;
  while (COUNT.test(valueAt(line, open))) {
    const close = line.text.indexOf(CLOSE, open);
    const next = line.text.indexOf(OPEN, close);
    // `9/10 (90%)` is told by its share.
    if (/^\s*\/\s*$/.test(line.text.slice(close + 1, next))) return open;
    if (next < 0 || !/^[\w\s,:=-]{1,60}$/.test(line.text.slice(close + 1, next))) return undefined;
    open = next;
  }
  return open;
}

/** From a label to its value; of `9/10 (90.1%)` the share, but of `9/10 (90%)` the count: whole percents hide what is gained. */
function labelPattern(text: string, start: number, open: number, name: string): string | undefined {
  const share = new RegExp(
    `^${OPEN}[^${CLOSE}]*${CLOSE}\\s*/\\s*${OPEN}[^${CLOSE}]*${CLOSE}\\s*\\(\\s*(?=${OPEN}(?!${WHOLE}${CLOSE}))`,
  ).exec(text.slice(open));
  const end = open + (share?.[0].length ?? 0);
  return tried(`${leading(text, start)}${escaped(text.slice(start, end))}(?<${name}>${NUMBER})`, text, name);
}

/** Text as an expression: values may be any, runs of spaces any number. */
function escaped(marked: string): string {
  return (
    marked
      .split(new RegExp(`${OPEN}[^${CLOSE}]*${CLOSE}`))
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\s+/g, '\\s+'))
      // A number that is padded to a width has its blanks within the bracket.
      .map((part) => part.replace(/\\[([]$/, '$&\\s*'))
      .join(NUMBER)
  );
}

const AXIS = new RegExp(`\\b(?:step|iter\\w{0,8}|epoch)\\b[\\s:=#[]{0,4}(${OPEN}7${CLOSE})`, 'i');

/** The step in front of a label, where the line says one: the axis of the curve. */
function leading(text: string, start: number): string {
  const before = text.slice(0, start);
  const axis = AXIS.exec(before);
  if (!axis?.[1]) return '';
  const at = axis.index + axis[0].length - axis[1].length;
  return `${escaped(before.slice(axis.index, at))}(?<step>\\d+)${escaped(before.slice(at + axis[1].length))}`;
}

/** The pattern, if it reads the value out of the line it was made for. */
function tried(pattern: string, text: string, group: string): string | undefined {
  try {
    const value = new RegExp(pattern).exec(plain(text))?.groups?.[group];
    return value !== undefined && Number.isFinite(Number(value)) ? pattern : undefined;
  } catch {
    return undefined;
  }
}

/** `train.py:12 prints it`. */
export function whereOf({ file, line, sink }: Pick<Candidate, 'file' | 'line' | 'sink'>): string {
  return `${file}:${line} ${VERBS[sink]}`;
}

const VERBS: Readonly<Record<Sink, string>> = {
  log: 'prints it',
  jsonl: 'writes it as JSON lines',
  csv: 'writes it into a table',
  json: 'writes it as JSON',
  wandb: 'logs it to wandb',
  tensorboard: 'logs it to TensorBoard',
  lightning: 'logs it through Lightning',
  trainer: 'has the Trainer print it',
  keras: 'has Keras print it',
};
