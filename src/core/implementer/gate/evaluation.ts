import type { Environment, Finding, Severity } from '../../domain/index.ts';
import { programFiles } from '../../environment/index.ts';
import type { Texts } from '../types.ts';
import { codeLines, type FileChange, HASH_COMMENTS, MOST_LINE } from './changed.ts';
import { swapsIn } from './data.ts';
import { heldChanges } from './held.ts';
import { assigned, evaluating, prefixedNames, redirects, setsSplit } from './measured.ts';
import { outsideProgram } from './program.ts';
import { keyOf, namedAs, reporter } from './reports.ts';
import { changedSettings } from './settings.ts';
import { sidesOf } from './texts.ts';
import { touched } from './touched.ts';
import { changedConditions, lossOfEvaluation } from './when.ts';

/** What is held back for evaluation, and how it is taken. */
const SPLIT =
  /(?:^|[^\w.])(?:--)?((?:train[_-](?:val[_-])?)?(?:val|valid|validation|eval|test)[_-](?:split|frac|fraction|ratio|portion|data|set|dataset|files?|path|dir|bin|tokens|size|seed)\w{0,20}|test_size)["']?(?:,[^#\n]{0,200}?\bdefault\s{0,4}=|\s{0,20}(?:[:=](?!=)|\s\d))/gi;
const SAMPLES =
  /(?:^|[^\w.])(?:--)?((?:val|valid|validation|eval)[_-](?:num[_-])?(?:iters|steps|batches|batch_size|samples|examples|episodes)|(?:limit|max|num|n)[_-](?:val|valid|validation|eval|test)[_-](?:iters|steps|batches|samples|examples|episodes|tokens)|(?:val|valid|validation|eval|test)_(?:data)?(?:loaders?|dl)|(?:val|test|eval)(?:set|loader)|(?:\w{0,20}(?:data|dataset|loader|ds|dl|images|labels)|[xXyY])_(?:val|valid|validation|eval|test))["']?(?:,[^#\n]{0,200}?\bdefault\s{0,4}=|\s{0,20}(?:[:=](?!=)|\s\d))/gi;

/** What a run learns: its values are texts, in settings without quotes. */
const TASK =
  /(?:^|[^\w.])(?:--)?((?:env|gym|task|dataset|benchmark)[_-](?:id|name)|gym_env|dataset|benchmark)["']?(?:,[^#\n]{0,200}?\bdefault\s{0,4}=|\s{0,4}(?::\s{0,4}str\s{0,4})?(?:=(?=\s{0,4}["'])|:(?=\s{0,4}["'])))/gi;
const TASK_FLAG = /(?:^|\s)--((?:env|gym|task|dataset|benchmark)[_-](?:id|name)|dataset|benchmark)[ =]["']?[\w./]/gi;
const TASK_SETTING = /^\s{0,200}((?:env|gym|task|dataset|benchmark)[_-](?:id|name)|dataset|benchmark)\s{0,4}[:=]/gi;
/** What a run begins with. */
const START =
  /(?:^|[^\w.])(?:--)?(init_from|init[_-]checkpoint|(?:ckpt|checkpoint)[_-]path|resume(?:[_-]from(?:[_-]checkpoint)?)?|load[_-]from|finetune[_-]from|warm[_-]start[_-]from)["']?(?:,[^#\n]{0,200}?\bdefault\s{0,4}=|\s{0,20}(?::\s{0,4}\w{1,20}\s{0,4}(?==))?(?:[:=](?!=)))/gi;
/** How long it trains. */
const LENGTH =
  /(?:^|[^\w.])(?:--)?((?:max|num|total|n|train)[_-](?:train[_-])?(?:iters|iterations|steps|epochs|timesteps|updates)|epochs)["']?(?:,[^#\n]{0,200}?\bdefault\s{0,4}=|\s{0,20}(?:[:=](?!=)|\s\d))/gi;

/** What ends in a colon opens a block, and gives nothing a value. */
const HEAD_ENDS = /:\s{0,20}$/;

const REPORTS = ({ objective }: EvaluationRules) =>
  `This changes a line that reports ${objective.metric}. Leave every such line as it is.`;
const MAY_REPORT = ({ objective }: EvaluationRules) =>
  `This may change what is reported of ${objective.metric}: see that it is what was measured.`;

export type EvaluationRules = Pick<Environment, 'run' | 'evaluate' | 'objective'> & Partial<Environment>;

/**
 * Where a patch touches how the objective is measured. The line that prints the metric, what is held back for
 * evaluation, and the files of the `evaluate` command alone are refused: a better number from there says nothing. The
 * inside of a function that evaluates, and how many samples it takes, are for a person to judge.
 */
export function checkEvaluation(files: Texts, changed: readonly FileChange[], rules: EvaluationRules): Finding[] {
  const evaluator = evaluateOnly(files, rules);
  const named = namedAs(rules);
  const set = assigned(rules.objective.metric);
  const prefixed = prefixedNames(rules.objective.metric);
  const outside = outsideProgram(files, changed, rules);
  const doubt = rules.evaluate === undefined ? 'warning' : 'info';
  const findings: Finding[] = [];
  for (const change of changed) {
    const { path } = change;
    const add = (severity: Severity, line: number, message: string) =>
      findings.push({ gate: 'evaluation', code: 'touches-evaluation', path, line, message, severity });
    const role = evaluator.get(path);
    if (role === 'script') {
      add('error', change.added[0]?.line ?? 1, `${path} is what the evaluate command runs; a patch may not change it.`);
      continue;
    }
    if (role === 'import') {
      add(
        'warning',
        change.added[0]?.line ?? 1,
        `${path} is used by the evaluate command only: see that it measures the same.`,
      );
    }
    if (change.after === null && outside(path)) continue;
    const sides = sidesOf(change);
    const lines = touched(change);
    const changedBy = (pattern: RegExp) => changedSettings(change, sides, lines, pattern);
    const [held, sampled, start, length] = [SPLIT, SAMPLES, START, LENGTH].map(changedBy);
    const tasks = change.shell ? TASK_FLAG : HASH_COMMENTS.test(path) ? TASK_SETTING : TASK;
    const task = change.before === undefined ? undefined : changedBy(tasks);
    const among = new Set(lines.map(keyOf));
    const reports = outside(path) ? () => undefined : reporter(change, sides, named);
    for (const one of lines) {
      const side = one.gone ? sides.old : sides.now;
      const [code, text] = [side.code, side.said].map((all) => (all[one.line - 1] ?? '').slice(0, MOST_LINE));
      const verdict = reports(one, among);
      if (verdict === 'error' || (verdict && !held?.has(one))) {
        // Where `evaluate` measures, what a run prints is a picture on the way.
        const severity = rules.evaluate === undefined ? verdict : 'info';
        add(severity, one.at, verdict === 'error' ? REPORTS(rules) : MAY_REPORT(rules));
      } else if (held?.has(one)) {
        add('error', one.at, `This changes ${held.get(one)}, what is held back for evaluation. Leave it as it is.`);
      } else if (sampled?.has(one)) {
        const what = sampled.get(one);
        add(
          'warning',
          one.at,
          `This changes ${what}: see that the objective is measured on the samples that the baseline was.`,
        );
      } else if (task?.has(one)) {
        add('warning', one.at, `This changes ${task.get(one)}: see that the run learns, and is measured on, the same.`);
      } else if (start?.has(one)) {
        add('warning', one.at, `This changes ${start.get(one)}: see that the run begins with nothing learnt before.`);
      } else if (length?.has(one)) {
        add('info', one.at, `This changes ${length.get(one)}: the run may train longer or shorter than the baseline.`);
      } else if (change.python && redirects(code ?? '')) {
        add(doubt, one.at, 'This changes how the run prints: see that its numbers are printed as they are.');
      } else if (change.python && change.before !== undefined && setsSplit(text ?? '')) {
        add(doubt, one.at, 'This changes a number of the evaluation: see that it measures the same.');
      } else if (change.python && change.before !== undefined && prefixed.test(text ?? '')) {
        add(doubt, one.at, MAY_REPORT(rules));
      } else if (change.python && change.before !== undefined && set.test((text ?? '').replace(HEAD_ENDS, ''))) {
        add(doubt, one.at, `This changes what ${rules.objective.metric} is set to: see that it measures the same.`);
      }
    }
    for (const { line, was, is } of swapsIn(change, sides.old, sides.now)) {
      if (findings.some((one) => one.path === path && one.line === line)) continue;
      add('warning', line, `This names other data (before: ${was}; now: ${is}): see that what is held back stays so.`);
    }
    for (const { line, message } of heldChanges(change, sides, lines)) {
      if (!findings.some((one) => one.path === path && one.line === line)) add('warning', line, message);
    }
    const reported = (line: number) => reports({ line, at: line, gone: false, text: '' }, new Set()) === 'error';
    for (const { at } of change.python && change.before !== undefined
      ? changedConditions(lines, sides.now, reported)
      : []) {
      add(doubt, at, `This changes when ${rules.objective.metric} is reported: see that it is as often, good or bad.`);
    }
    for (const { at } of lossOfEvaluation(change, lines, sides.now)) {
      add(
        'warning',
        at,
        'This changes the loss only where the model is measured: see that it is what the baseline has.',
      );
    }
    for (const { name, line } of touchedFunctions(change, rules.objective.metric)) {
      add('warning', line, `This changes ${name}, which computes the objective: see that it measures the same.`);
    }
  }
  return once(findings);
}

function touchedFunctions(
  change: FileChange,
  metric: string,
): readonly { readonly name: string; readonly line: number }[] {
  if (!change.python || change.before === undefined) return [];
  const found = new Map<string, number>();
  const old = codeLines(change.before, change);
  const now = codeLines(change.after ?? '', change);
  const known = evaluating(old, metric);
  for (const { name, from, to } of known) {
    const gone = change.removed.find(({ line }) => line >= from && line <= to && old[line - 1]?.trim() !== '');
    if (gone) found.set(name, evaluating(now, metric).find((one) => one.name === name)?.from ?? 1);
  }
  for (const { name, from, to } of evaluating(now, metric)) {
    if (!known.some((one) => one.name === name)) continue;
    const written = change.added.find(({ line }) => line >= from && line <= to && now[line - 1]?.trim() !== '');
    if (written) found.set(name, written.line);
  }
  return [...found].map(([name, line]) => ({ name, line }));
}

/** The files of the evaluate command that training does not use: what both use has to be changeable. */
function evaluateOnly(files: Texts, rules: EvaluationRules): ReadonlyMap<string, 'script' | 'import'> {
  if (rules.evaluate === undefined) return new Map();
  const trains = new Set(programFiles(files, { run: rules.run }));
  const named = programFiles(files, { run: rules.evaluate }).filter((path) => !trains.has(path));
  return new Map(named.map((path) => [path, rules.evaluate?.includes(path) ? 'script' : 'import'] as const));
}

/** Each finding once, and no doubt about a line that is refused. */
function once(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  const refused = new Set(findings.filter((one) => one.severity === 'error').map((one) => `${one.path}:${one.line}`));
  return findings.filter((one) => {
    if (one.severity !== 'error' && refused.has(`${one.path}:${one.line}`)) return false;
    const key = `${one.path}:${one.line}:${one.message}`;
    return !seen.has(key) && seen.add(key);
  });
}
