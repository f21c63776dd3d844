import type { Environment, Finding, Severity } from '../../domain/index.ts';
import { programFiles } from '../../environment/index.ts';
import type { Texts } from '../types.ts';
import { codeLines, type FileChange, inCall, MOST_LINE } from './changed.ts';
import { swapsIn } from './data.ts';
import { outsideProgram } from './program.ts';
import { changedSettings } from './settings.ts';
import { sidesOf } from './texts.ts';
import { type Touched, touched } from './touched.ts';

/** Functions that compute the objective, by the names that training code gives them. */
const EVALUATES =
  /^(\s{0,200})(?:async\s+)?def\s+(_{0,2}(?:run_|do_|compute_)?(?:evaluat\w{0,40}|eval(?:_\w{0,40})?|valid(?:ate|ation)(?:_\w{0,40})?|estimate_loss|val_\w{0,40}|test_step|metrics?))\s*\(/;
/** What is held back for evaluation, and how it is taken. */
const SPLIT =
  /(?:^|[^\w.])(?:--)?((?:val|valid|validation|eval|test)[_-](?:split|frac|fraction|ratio|portion|data|set|dataset|files?|path|dir|bin|tokens|size|seed)\w{0,20}|test_size)["']?(?:,[^#\n]{0,200}?\bdefault\s{0,4}=|\s{0,20}(?:[:=](?!=)|\s\d))/gi;
const SAMPLES =
  /(?:^|[^\w.])(?:--)?((?:val|valid|validation|eval)[_-](?:iters|steps|batches|batch_size)|(?:val|valid|validation|eval|test)_(?:data)?(?:loaders?|dl))["']?(?:,[^#\n]{0,200}?\bdefault\s{0,4}=|\s{0,20}(?:[:=](?!=)|\s\d))/gi;
const PRINTS = /\b(?:print|log\w{0,20}|write|info|echo|report|emit|print0|add_scalar)\s*\(|\becho\b/i;

export type EvaluationRules = Pick<Environment, 'run' | 'evaluate' | 'objective'>;

/**
 * Where a patch touches how the objective is measured. The line that prints the metric, what is held back for
 * evaluation, and the files of the `evaluate` command alone are refused: a better number from there says nothing. The
 * inside of a function that evaluates, and how many samples it takes, are for a person to judge.
 */
export function checkEvaluation(files: Texts, changed: readonly FileChange[], rules: EvaluationRules): Finding[] {
  const evaluator = evaluateOnly(files, rules);
  const metric = metricPattern(rules.objective.metric);
  const set = assigned(rules.objective.metric);
  const outside = outsideProgram(files, changed, rules);
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
    const [held, sampled] = [SPLIT, SAMPLES].map((pattern) => changedSettings(change, sides, lines, pattern));
    const reports = reporter(change, metric);
    for (const one of lines) {
      // What ends in a colon opens a block, and gives nothing a value.
      const text = one.text.slice(0, MOST_LINE).replace(change.python ? /:\s{0,20}(?:#.*)?$/ : /$^/, '');
      if (reports(one)) {
        // Where `evaluate` measures, what a run prints is a picture on the way.
        const severity = rules.evaluate === undefined ? 'error' : 'info';
        add(
          severity,
          one.at,
          `This changes a line that reports ${rules.objective.metric}. Leave every such line as it is.`,
        );
      } else if (held?.has(one)) {
        add('error', one.at, `This changes ${held.get(one)}, what is held back for evaluation. Leave it as it is.`);
      } else if (sampled?.has(one)) {
        const what = sampled.get(one);
        add(
          'warning',
          one.at,
          `This changes ${what}: see that the objective is measured on the samples that the baseline was.`,
        );
      } else if (change.python && change.before !== undefined && set.test(text)) {
        add(
          rules.evaluate === undefined ? 'warning' : 'info',
          one.at,
          `This changes what ${rules.objective.metric} is set to: see that it measures the same.`,
        );
      }
    }
    for (const { line, was, is } of swapsIn(change, sides.old, sides.now)) {
      if (findings.some((one) => one.path === path && one.line === line)) continue;
      add('warning', line, `This names other data (before: ${was}; now: ${is}): see that what is held back stays so.`);
    }
    for (const { name, line } of touchedFunctions(change)) {
      add('warning', line, `This changes ${name}, which computes the objective: see that it measures the same.`);
    }
  }
  return once(findings);
}

/**
 * Whether a line names the metric in a text that is printed or logged, in one line or in a call over several. Python
 * that merely computes with a variable of that name reports nothing.
 */
function reporter(change: FileChange, metric: RegExp): (one: Touched) => boolean {
  const sides = { old: codeLines(change.before ?? '', change), now: codeLines(change.after ?? '', change) };
  return ({ text, line, gone }) => {
    const short = text.slice(0, MOST_LINE);
    const code = gone ? sides.old : sides.now;
    const own = code[line - 1]?.slice(0, MOST_LINE) ?? '';
    if (!metric.test(change.python ? withoutCode(short, own) : short)) return false;
    if (PRINTS.test(change.python ? own : short)) return true;
    return change.python && inCall(code, line, PRINTS);
  };
}

/** What is text and no code in a line of Python. */
function withoutCode(line: string, code: string): string {
  return Array.from({ length: line.length }, (_, at) => (code[at] === line[at] ? ' ' : line[at])).join('');
}

/** `val_loss` is also printed as `val loss` and `val-loss`. */
function metricPattern(metric: string): RegExp {
  const escaped = metric
    .slice(0, 100)
    .split(/[\s_/-]+/)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(?<![A-Za-z0-9_])${escaped.join('[\\s_/-]')}(?![A-Za-z0-9_])`, 'i');
}

/** A statement that gives the metric its value: by its name, as an attribute, or under its key. */
function assigned(metric: string): RegExp {
  const parts = metric
    .slice(0, 100)
    .split(/[\s_/.-]+/)
    .map((part) => part.replaceAll(/[^\w]/g, '\\$&'));
  const [name, key] = [parts.join('_'), parts.join('[\\s_/.-]')];
  const operator = '\\s{0,20}(?:[-+*/@%|&^]|//|\\*\\*)?=(?!=)';
  return new RegExp(
    `^\\s{0,200}(?:[\\w.]{1,80}\\s{0,4},\\s{0,4}){0,8}(?:\\w{1,80}\\.){0,4}${name}(?:\\s{0,4},\\s{0,4}[\\w.]{1,80}){0,8}${operator}|["']${key}["']\\s{0,4}(?:\\]${operator}|:)`,
    'i',
  );
}

interface Stretch {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

function evaluating(lines: readonly string[]): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const [index, line] of lines.entries()) {
    const [, indent = '', name = ''] = EVALUATES.exec(line) ?? [];
    if (name === '') continue;
    let end = index + 1;
    while (end < lines.length && (lines[end]?.trim() === '' || depth(lines[end] ?? '') > indent.length)) end += 1;
    found.push({ name, from: index + 1, to: end });
  }
  return found;
}

function depth(line: string): number {
  return line.length - line.trimStart().length;
}

function touchedFunctions(change: FileChange): readonly { readonly name: string; readonly line: number }[] {
  if (!change.python || change.before === undefined) return [];
  const found = new Map<string, number>();
  const old = codeLines(change.before, change);
  const now = codeLines(change.after ?? '', change);
  const known = evaluating(old);
  for (const { name, from, to } of known) {
    const gone = change.removed.find(({ line }) => line >= from && line <= to && old[line - 1]?.trim() !== '');
    if (gone) found.set(name, evaluating(now).find((one) => one.name === name)?.from ?? 1);
  }
  for (const { name, from, to } of evaluating(now)) {
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

function once(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter((one) => {
    const key = `${one.path}:${one.line}:${one.message}`;
    return !seen.has(key) && seen.add(key);
  });
}
