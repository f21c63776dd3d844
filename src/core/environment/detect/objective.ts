import type { Environment } from '../../domain/index.ts';
import type { Answers } from './answers.ts';
import { type Candidate, candidatesOf, type LineReader, whereOf } from './candidates.ts';
import { type Finding, firstLine, isPython, list, type Texts } from './evidence.ts';
import { readLogged, type Sink } from './logged.ts';
import { type Measure, measureOf } from './measures.ts';
import { fileOf } from './metric-files.ts';

/** The objective and what it needs to be read. */
export interface Objective {
  readonly objective: Finding<Environment['objective']>;
  readonly metrics?: Finding<Environment['metrics']>;
  readonly env?: Finding<Environment['env']>;
  /** Where the program reports it. */
  readonly place: Place;
}

/** A line of the program, 1-based, and what it reports there. */
export interface Place {
  readonly file: string;
  readonly line: number;
  /** The source of the value. */
  readonly value: string;
}

/** A metric that a document or the code names as the one that counts. */
interface Named {
  readonly name: string;
  readonly goal?: Measure['goal'];
  readonly where: string;
}

/** The files that a candidate is read from, where it is not in the log. */
type Source = (candidate: Candidate) => ReturnType<typeof fileOf>;

/** The run's own log first: it needs nothing else. */
const SINKS: readonly Sink[] = ['log', 'keras', 'trainer', 'lightning', 'jsonl', 'csv', 'json', 'wandb', 'tensorboard'];

/**
 * The one number: what a document or a checkpoint rule names, else the only result of validation, else the task's own
 * measure before the loss that stands for it. Open where two results would do, with both.
 * @param program the files of the run command; @param files all of the repository, for its documents
 */
export function detectObjective(
  program: Texts,
  files: Texts,
  reads: LineReader,
  { answers, run = '' }: { readonly answers?: Answers | undefined; readonly run?: string | undefined } = {},
): { readonly told?: Objective; readonly open?: string } {
  const logged = readLogged(program);
  const source: Source = (candidate) => fileOf(candidate, program, run);
  const named = namedMetrics(program, files);
  const wanted = new Map(named.flatMap(({ name, goal }) => (goal && !measureOf(name) ? [[name, goal] as const] : [])));
  const found = candidatesOf(logged, reads, wanted);
  const candidates = found.filter((one) => isReadable(one, program, run));
  const unread = found.filter((one) => one.measure.split !== 'train' && !candidates.includes(one));
  const lost = unread.find(({ name }) => named.some((one) => one.name === name)) ?? unread[0];
  const results = candidates.filter(({ measure }) => measure.split !== 'train');
  for (const one of named) {
    const found = matching(one, candidates);
    if (found)
      return { told: objectiveOf(found, source, { goal: one.goal, reason: `${one.where}; ${whereOf(found)}` }) };
  }
  const own = fromResultsAlone(results, candidates, source);
  const rival = own.told && (unheard(own.told, named) ?? rivalOf(own.told, program, files, reads));
  const hidden = lost && own.told && isBareLoss(own.told) ? unreadable(lost, program, run) : undefined;
  if (own.told && rival === undefined && hidden === undefined) return own;
  const open = results.length === 0 && lost ? unreadable(lost, program, run) : (rival ?? hidden ?? own.open ?? '');
  return answered(open, answers, candidates, source);
}

/** Why a loss that no part of the data is named for does not count: the program keeps the best of another number. */
function unheard({ objective }: Objective, named: readonly Named[]): string | undefined {
  if (measureOf(objective.value.metric)?.split !== 'none') return undefined;
  const other = named.find(({ name }) => /^(val|test)$/.test(measureOf(name)?.split ?? ''));
  return other && `${other.where}, but nothing prints or logs it in a way that can be read`;
}

/** Whether it is a loss, and no part of the data is named for it: it may well be of training. */
function isBareLoss({ objective }: Objective): boolean {
  const measure = measureOf(objective.value.metric);
  return measure !== undefined && !measure.task && measure.split === 'none';
}

/** Programs beside that are named for judging what was trained. */
const JUDGE = /(^|\/)(eval|evaluate|evaluation|validate|test|score)\w{0,20}\.py$/;

/** Why a loss that no part of the data is named for may not be what counts: another program prints a result. */
function rivalOf({ objective, place }: Objective, program: Texts, files: Texts, reads: LineReader): string | undefined {
  if (!isBareLoss({ objective, place })) return undefined;
  const judges = [...files].filter(
    ([file]) => JUDGE.test(file) && !/(^|\/)tests?\/|(^|\/)test_/.test(file) && !program.has(file),
  );
  const [other] = candidatesOf(readLogged(new Map(judges)), reads).filter((one) => one.measure.task);
  if (!other) return undefined;
  return `${objective.value.metric} (${place.file}:${place.line}) may be of training, and ${other.name} (${whereOf(other)}) is another program's: make that one evaluate, or have the run print it`;
}

const FILES: readonly Sink[] = ['jsonl', 'csv', 'json'];

/** Whether the product can get at a number where the program leaves it. */
function isReadable(candidate: Candidate, program: Texts, run: string): boolean {
  if (candidate.sink === 'lightning' || FILES.includes(candidate.sink))
    return fileOf(candidate, program, run) !== undefined;
  if (candidate.sink !== 'wandb') return true;
  if (switchOf(program, run) !== undefined) return false;
  return [...program.values()].some((text) => /\bwandb\b|tensorboard/i.test(text));
}

/** The flag that turns wandb on, where the command does not give it. */
function switchOf(program: Texts, run: string): string | undefined {
  for (const text of program.values()) {
    const flag =
      /add_argument\(\s*["'](--(?:(?:use|log|enable|with)[_-])?wandb|--track)["'][^)]{0,200}\bstore_true\b/.exec(
        text,
      )?.[1];
    if (flag !== undefined && !`${run} `.includes(`${flag} `)) return flag;
  }
  return undefined;
}

function unreadable({ name, file, line, sink }: Candidate, program: Texts, run: string): string {
  const flag = sink === 'wandb' ? switchOf(program, run) : undefined;
  if (flag !== undefined)
    return `${name} (${file}:${line}) is logged with ${flag} only, which the run command does not give`;
  if (sink === 'lightning')
    return `${name} (${file}:${line}) goes to no logger, for the configs that are chosen name none: give the run command one, such as logger=csv`;
  return `${name} (${file}:${line}) goes where it cannot be read: print it, or write it as JSON lines or a table with a fixed name`;
}

/** What a model said, where the program reports a number of that very name. */
function answered(
  open: string,
  answers: Answers | undefined,
  candidates: readonly Candidate[],
  source: Source,
): { readonly told?: Objective; readonly open?: string } {
  if (answers?.metric === undefined) return { open };
  const { metric, goal, from } = answers;
  const found = candidates
    .toSorted((a, b) => SINKS.indexOf(a.sink) - SINKS.indexOf(b.sink))
    .find(({ name }) => name === metric);
  if (!found)
    return { open: `${open}; ${from} said ${JSON.stringify(metric.slice(0, 80))}, which nothing prints or logs` };
  return { told: objectiveOf(found, source, { goal, reason: `${from} says so; ${whereOf(found)}` }) };
}

function fromResultsAlone(
  results: readonly Candidate[],
  candidates: readonly Candidate[],
  source: Source,
): { readonly told?: Objective; readonly open?: string } {
  if (results.length === 0) return { open: nothing(candidates) };
  const held = results.filter(({ measure }) => measure.split === 'val');
  const tested = results.filter(({ measure }) => measure.split === 'test');
  const pool = held.length > 0 ? held : tested.length > 0 ? tested : results;
  return chosen(pool, source);
}

function nothing(candidates: readonly Candidate[]): string {
  const [first] = candidates;
  return first
    ? `only ${first.name} of training was found (${whereOf(first)}); a result on other data is needed`
    : 'nothing that is printed or logged could be recognised as a result';
}

/** One of the results, if they are all one number or one of them is the task's own. */
function chosen(pool: readonly Candidate[], source: Source): { readonly told?: Objective; readonly open?: string } {
  const tasks = pool.filter(({ measure }) => measure.task);
  const considered = tasks.length > 0 ? tasks : pool;
  const kinds = Map.groupBy(considered, ({ measure }) => measure.kind);
  if (kinds.size > 1) return { open: `${several(considered)}: which of them counts?` };
  const distinct = Map.groupBy(considered, ({ name }) => flat(name));
  const oneValue = new Set(considered.map(({ value }) => value.replaceAll('"', "'"))).size === 1;
  const logs = considered.filter(({ sink }) => sink === 'log');
  const names = new Set((logs.length > 0 ? logs : considered).map(({ name }) => flat(name)));
  if (distinct.size > 1 && names.size > 1 && !oneValue) {
    return { open: `the same measure has two names: ${several(considered)}. Which of them counts?` };
  }
  // Of a curve and the best so far, the curve says more.
  const [best] = considered.toSorted(
    (a, b) => SINKS.indexOf(a.sink) - SINKS.indexOf(b.sink) || Number(isBest(a.name)) - Number(isBest(b.name)),
  );
  if (!best) return { open: 'nothing that is printed or logged could be recognised as a result' };
  const others = [...new Set(pool.filter(({ measure }) => measure.kind !== best.measure.kind).map(({ name }) => name))];
  const beside = others.length > 0 ? `; the task's own measure, before ${list(others)}` : '';
  return { told: objectiveOf(best, source, { reason: `${whereOf(best)}${beside}` }) };
}

function isBest(name: string): boolean {
  return /(^|[_/])(best|max|min|running)([_/]|$)/i.test(name);
}

function several(candidates: readonly Candidate[]): string {
  const firsts = candidates.filter((one, index) => candidates.findIndex(({ name }) => name === one.name) === index);
  return list(firsts.map((one) => `${one.name} (${whereOf(one)})`));
}

function flat(name: string): string {
  const measure = measureOf(name);
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  const split = words.find((word) => /^(val|valid|validation|dev|eval|evaluation|test)$/.test(word)) ?? '';
  return `${split} ${measure?.kind ?? name}`;
}

/** The candidate that a document or rule means: the same name, or the only one that measures the same. */
function matching({ name }: Named, candidates: readonly Candidate[]): Candidate | undefined {
  const isHeld = ({ measure: { split } }: Candidate) => split === 'val' || split === 'test';
  // "Lower the loss" means the one on other data, where there is one.
  const held = measureOf(name)?.split === 'none' ? candidates.filter(isHeld) : [];
  const order = (held.length > 0 ? held : candidates).toSorted((a, b) => SINKS.indexOf(a.sink) - SINKS.indexOf(b.sink));
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  const exact = order.find((one) => plain(one.name) === plain(name) || plain(one.name) === `eval_${plain(name)}`);
  if (exact) return exact;
  const measure = measureOf(name);
  if (!measure) return undefined;
  const alike = order.filter(
    (one) =>
      one.measure.kind === measure.kind &&
      (measure.split === 'none' ? one.measure.split !== 'train' : one.measure.split === measure.split),
  );
  return new Set(alike.map((one) => flat(one.name))).size === 1 ? alike[0] : undefined;
}

/** What checkpoint rules, sweeps, tables of results and documents say that counts, the most definite first. */
function namedMetrics(program: Texts, files: Texts): Named[] {
  return [...fromResults(files), ...fromProgram(program), ...fromDocuments(files)];
}

/** A table of results that the repository keeps: its first column that is a result. */
function fromResults(files: Texts): Named[] {
  return [...files].flatMap(([file, text]) => {
    if (!/(^|\/)results?\.(tsv|csv)$/.test(file)) return [];
    const columns = (text.split('\n')[0] ?? '')
      .slice(0, 2000)
      .split(/[\t,]/)
      .map((column) => column.trim());
    const name = columns.find((column) => (measureOf(column)?.split ?? 'train') !== 'train');
    return name === undefined ? [] : [{ name, where: `a column of ${file}` }];
  });
}

const RULE =
  /\b(metric_for_best_model|optimized_metric|objective_metric|metric_name|monitor)["']?\s*[:=]\s*["']?([\w/.-]+)["']?/;

/** What the program keeps the best of, from what it says of the end to what it stops early by. */
function fromProgram(program: Texts): Named[] {
  const found: { readonly named: Named; readonly rank: number }[] = [];
  for (const [file, text] of program) {
    if (!/\.(py|ya?ml)$/.test(file)) continue;
    const rows = text.split('\n');
    for (const [at, row] of rows.entries()) {
      const [, rule, name] = (row.length > 2000 ? null : RULE.exec(row)) ?? [];
      const split = name === undefined ? undefined : measureOf(name)?.split;
      if (rule === undefined || name === undefined || split === undefined || split === 'train') continue;
      const rank = rule === 'monitor' ? rankOf(around(rows, at)) : 0;
      if (rank === undefined) continue;
      const goal = directionNear(rows, at);
      const where = `${file}:${at + 1} keeps the best ${name}`;
      found.push({ rank, named: { name, ...(goal ? { goal } : {}), where } });
    }
    if (!isPython(file)) continue;
    for (const named of [...comparedWithBest(file, text), ...foldedIntoBest(file, text)])
      found.push({ rank: 1, named });
  }
  return found.toSorted((a, b) => a.rank - b.rank).map(({ named }) => named);
}

/** What a `monitor` is for: a scheduler's says nothing of what counts. */
function rankOf(context: string): number | undefined {
  if (/checkpoint/i.test(context)) return 1;
  if (/early_?stop/i.test(context)) return 2;
  return /scheduler|plateau/i.test(context) ? undefined : 2;
}

const indentOf = (row: string) => row.length - row.trimStart().length;

/** A row with those before it that are of the same call or map, and the one that opens it. */
function around(rows: readonly string[], at: number): string {
  const own = rows[at] ?? '';
  let from = at;
  while (from > 0 && at - from < 8 && indentOf(rows[from - 1] ?? '') >= indentOf(own)) from -= 1;
  // `class_path` names what `init_args` are for.
  if (/^\s*(init_args|params|kwargs):/.test(rows[from - 1] ?? '')) from -= 1;
  // A statement of its own names what it calls; what stands above it is another.
  return /^\s*\w[\w.]*\s*=\s*[\w.]+\(/.test(own) ? own : rows.slice(Math.max(0, from - 1), at + 1).join('\n');
}

const MAXIMIZE =
  /greater_is_better["']?\s*[:=]\s*["']?true|\bmode["']?\s*[:=]\s*["']?max|direction["']?\s*[:=]\s*["']?maximize/i;
const MINIMIZE =
  /greater_is_better["']?\s*[:=]\s*["']?false|\bmode["']?\s*[:=]\s*["']?min|direction["']?\s*[:=]\s*["']?minimize/i;

/** `mode="max"`, `greater_is_better=True`, `direction: minimize`: in the row itself, else in its own call or map. */
function directionNear(rows: readonly string[], at: number): Measure['goal'] | undefined {
  const own = directionOf(rows[at] ?? '');
  if (own) return own;
  for (const step of [1, -1]) {
    for (let next = at + step; Math.abs(next - at) <= 4; next += step) {
      const row = rows[next] ?? '';
      if (row.trim() === '' || indentOf(row) !== indentOf(rows[at] ?? '') || RULE.test(row)) break;
      const told = directionOf(row);
      if (told) return told;
    }
  }
  return undefined;
}

function directionOf(row: string): Measure['goal'] | undefined {
  if (MAXIMIZE.test(row)) return 'maximize';
  return MINIMIZE.test(row) ? 'minimize' : undefined;
}

/** `if val_loss < best_val_loss`: what a checkpoint is kept for. */
function comparedWithBest(file: string, text: string): Named[] {
  const hit = firstLine(text, /\bif\s+(?:\w+\.)*(\w+)(?:\[["'](\w+)["']\])?\s*([<>])=?\s*(?:\w+\.)*(best\w*)/);
  const name = [hit?.match[1], hit?.match[2] ?? ''].filter(Boolean).join('_');
  const own =
    hit &&
    (measureOf(name)?.split === 'none'
      ? measureOf(hit.match[4] ?? '')?.split === 'none'
        ? name
        : (hit.match[4] ?? '').replace(/^best_/, '')
      : name);
  if (!hit || !own || !measureOf(own) || measureOf(own)?.split === 'train') return [];
  const goal = hit.match[3] === '<' ? 'minimize' : 'maximize';
  return [{ name: own, goal, where: `${file}:${hit.line} keeps the best ${own}` }];
}

/** `best = min(best, rmse)`. */
function foldedIntoBest(file: string, text: string): Named[] {
  const hit = firstLine(
    text,
    /\b(?:\w+\.)*\w*best\w*\s*=\s*(min|max)\(\s*(?:(?:\w+\.)*\w*best\w*\s*,\s*(?:\w+\.)*(\w+)(?:\[["']([\w/]+)["']\])?|(?:\w+\.)*(\w+)\s*,\s*(?:\w+\.)*\w*best)/,
  );
  const name = hit?.match[3] ?? hit?.match[2] ?? hit?.match[4];
  const measure = name === undefined ? undefined : measureOf(name);
  if (!hit || !name || !measure || measure.split === 'train') return [];
  return [
    {
      name,
      goal: hit.match[1] === 'min' ? 'minimize' : 'maximize',
      where: `${file}:${hit.line} keeps the best ${name}`,
    },
  ];
}

const WORDS = [
  /\blower\s+[`*]*([\w/-]+(?: (?:loss|error|perplexity|rate))?)[`*]*\s+is\s+better/i,
  /\bhigher\s+[`*]*([\w/-]+(?: (?:accuracy|score|reward|rate))?)[`*]*\s+is\s+better/i,
  /[`*]*([\w/-]+)[`*]*\s*\(?\s*[-:,(]?\s*(?:the )?lower(?: is|=)? better/i,
  /[`*]*([\w/-]+)[`*]*\s*\(?\s*[-:,(]?\s*(?:the )?higher(?: is|=)? better/i,
  /\b(?:lowest|minimi[sz]e|minimi[sz]ing|reduce)\s+(?:the\s+)?[`*]*([\w/-]+(?: (?:loss|error|perplexity|bpb|bits))?)/i,
  /\b(?:highest|maximi[sz]e|maximi[sz]ing|improve)\s+(?:the\s+)?[`*]*([\w/-]+(?: (?:accuracy|acc|score|reward|f1|rate|pass))?)/i,
  /grep\s+["'^]+(\w+):?/,
] as const;

/** Sentences of documents: "lower val_bpb is better", "maximize eval accuracy". */
function fromDocuments(files: Texts): Named[] {
  const documents = [...files].filter(([file]) => /^(program|readme|task|goal)[\w-]*(\.(md|rst|txt))?$/i.test(file));
  return documents.flatMap(([file, text]) =>
    WORDS.flatMap((words, index) => {
      const hit = firstLine(text, words);
      const name = hit?.match[1]?.replaceAll(/[`*]/g, '').trim();
      // A name that we do not know counts where it is written as one.
      const known = name !== undefined && (measureOf(name) !== undefined || hit?.match[0].includes(`\`${name}`));
      if (!hit || !name || !known || measureOf(name)?.split === 'train') return [];
      const goal = index === 6 ? undefined : index % 2 === 0 ? 'minimize' : 'maximize';
      return [{ name, ...(goal ? { goal } : {}), where: `${file}:${hit.line} says so` } as Named];
    }),
  );
}

function objectiveOf(
  candidate: Candidate,
  sourceOf: Source,
  { goal, reason }: { readonly goal?: Measure['goal'] | undefined; readonly reason: string },
): Objective {
  const value = { metric: candidate.name, goal: goal ?? candidate.measure.goal, summary: 'last' as const };
  const objective = { value, reason };
  const { file, line } = candidate;
  const place = { file, line, value: candidate.value };
  if (candidate.pattern) {
    return {
      objective,
      place,
      metrics: { value: [candidate.pattern], reason: `the line that ${file}:${line} prints` },
    };
  }
  const source = sourceOf(candidate);
  return {
    objective,
    place,
    ...(source ? { metrics: { value: source.globs.map((file) => ({ file })), reason: source.reason } } : {}),
    ...(source?.offline
      ? {
          env: {
            value: { WANDB_MODE: 'offline' },
            reason: `wandb writes into the run’s own folder, from where what ${file}:${line} logs is read`,
          },
        }
      : {}),
  };
}
