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
  answers?: Answers,
): { readonly told?: Objective; readonly open?: string } {
  const logged = readLogged(program);
  const named = namedMetrics(program, files);
  const wanted = new Map(named.flatMap(({ name, goal }) => (goal && !measureOf(name) ? [[name, goal] as const] : [])));
  const found = candidatesOf(logged, reads, wanted);
  const candidates = found.filter((one) => isReadable(one, program));
  const lost = found.find((one) => one.measure.split !== 'train' && !candidates.includes(one));
  const results = candidates.filter(({ measure }) => measure.split !== 'train');
  for (const one of named) {
    const found = matching(one, candidates);
    if (found)
      return { told: objectiveOf(found, program, { goal: one.goal, reason: `${one.where}; ${whereOf(found)}` }) };
  }
  const own = fromResultsAlone(results, candidates, program);
  const rival = own.told && rivalOf(own.told, program, files, reads);
  if (own.told && rival === undefined) return own;
  const open = results.length === 0 && lost ? unreadable(lost) : (rival ?? own.open ?? '');
  return answered(open, answers, candidates, program);
}

/** Programs beside that are named for judging what was trained. */
const JUDGE = /(^|\/)(eval|evaluate|evaluation|validate|test|score)\w{0,20}\.py$/;

/** Why a loss that no part of the data is named for may not be what counts: another program prints a result. */
function rivalOf({ objective, place }: Objective, program: Texts, files: Texts, reads: LineReader): string | undefined {
  const measure = measureOf(objective.value.metric);
  if (!measure || measure.task || measure.split !== 'none') return undefined;
  const judges = [...files].filter(
    ([file]) => JUDGE.test(file) && !/(^|\/)tests?\/|(^|\/)test_/.test(file) && !program.has(file),
  );
  const [other] = candidatesOf(readLogged(new Map(judges)), reads).filter((one) => one.measure.task);
  if (!other) return undefined;
  return `${objective.value.metric} (${place.file}:${place.line}) may be of training, and ${other.name} (${whereOf(other)}) is another program's: make that one evaluate, or have the run print it`;
}

const FILES: readonly Sink[] = ['jsonl', 'csv', 'json'];

/** Whether the product can get at a number where the program leaves it. */
function isReadable(candidate: Candidate, program: Texts): boolean {
  if (FILES.includes(candidate.sink)) return fileOf(candidate, program) !== undefined;
  if (candidate.sink !== 'wandb') return true;
  return [...program.values()].some((text) => /\bwandb\b|tensorboard/i.test(text));
}

function unreadable({ name, file, line }: Candidate): string {
  return `${name} (${file}:${line}) goes where it cannot be read: print it, or write it as JSON lines or a table with a fixed name`;
}

/** What a model said, where the program reports a number of that very name. */
function answered(
  open: string,
  answers: Answers | undefined,
  candidates: readonly Candidate[],
  program: Texts,
): { readonly told?: Objective; readonly open?: string } {
  if (answers?.metric === undefined) return { open };
  const { metric, goal, from } = answers;
  const found = candidates
    .toSorted((a, b) => SINKS.indexOf(a.sink) - SINKS.indexOf(b.sink))
    .find(({ name }) => name === metric);
  if (!found)
    return { open: `${open}; ${from} said ${JSON.stringify(metric.slice(0, 80))}, which nothing prints or logs` };
  return { told: objectiveOf(found, program, { goal, reason: `${from} says so; ${whereOf(found)}` }) };
}

function fromResultsAlone(
  results: readonly Candidate[],
  candidates: readonly Candidate[],
  program: Texts,
): { readonly told?: Objective; readonly open?: string } {
  if (results.length === 0) return { open: nothing(candidates) };
  const held = results.filter(({ measure }) => measure.split === 'val');
  const tested = results.filter(({ measure }) => measure.split === 'test');
  const pool = held.length > 0 ? held : tested.length > 0 ? tested : results;
  return chosen(pool, program);
}

function nothing(candidates: readonly Candidate[]): string {
  const [first] = candidates;
  return first
    ? `only ${first.name} of training was found (${whereOf(first)}); a result on other data is needed`
    : 'nothing that is printed or logged could be recognised as a result';
}

/** One of the results, if they are all one number or one of them is the task's own. */
function chosen(pool: readonly Candidate[], program: Texts): { readonly told?: Objective; readonly open?: string } {
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
  return { told: objectiveOf(best, program, { reason: `${whereOf(best)}${beside}` }) };
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
  const order = candidates.toSorted((a, b) => SINKS.indexOf(a.sink) - SINKS.indexOf(b.sink));
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
    const name = columns.find((column) => measureOf(column));
    return name === undefined ? [] : [{ name, where: `a column of ${file}` }];
  });
}

const RULES = [
  /\bmetric_for_best_model["']?\s*[:=]\s*["']([\w/ .-]+)["']/,
  /\bmonitor["']?\s*[:=]\s*["']?([\w/.-]+)["']?/,
  /\b(?:optimized_metric|objective_metric|metric_name)["']?\s*[:=]\s*["']?([\w/.-]+)["']?/,
] as const;

function fromProgram(program: Texts): Named[] {
  const found: Named[] = [];
  for (const [file, text] of program) {
    if (!/\.(py|ya?ml)$/.test(file)) continue;
    for (const rule of RULES) {
      const hit = firstLine(text, rule);
      if (!hit?.match[1] || !measureOf(hit.match[1])) continue;
      const goal = directionNear(text, hit.line);
      found.push({
        name: hit.match[1],
        ...(goal ? { goal } : {}),
        where: `${file}:${hit.line} keeps the best ${hit.match[1]}`,
      });
    }
    if (isPython(file)) found.push(...comparedWithBest(file, text), ...foldedIntoBest(file, text));
  }
  return found;
}

/** `mode="max"`, `greater_is_better=True`, `direction: minimize` within a few lines. */
function directionNear(text: string, line: number): Measure['goal'] | undefined {
  const near = text
    .split('\n')
    .slice(Math.max(0, line - 4), line + 4)
    .join('\n');
  if (
    /greater_is_better["']?\s*[:=]\s*["']?true|\bmode["']?\s*[:=]\s*["']?max|direction["']?\s*[:=]\s*["']?maximize/i.test(
      near,
    )
  )
    return 'maximize';
  if (
    /greater_is_better["']?\s*[:=]\s*["']?false|\bmode["']?\s*[:=]\s*["']?min|direction["']?\s*[:=]\s*["']?minimize/i.test(
      near,
    )
  )
    return 'minimize';
  return undefined;
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
    /\b(?:\w+\.)*\w*best\w*\s*=\s*(min|max)\(\s*(?:\w+\.)*\w*best\w*\s*,\s*(?:\w+\.)*(\w+)(?:\[["']([\w/]+)["']\])?/,
  );
  const name = hit?.match[3] ?? hit?.match[2];
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
  program: Texts,
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
  const source = fileOf(candidate, program);
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
