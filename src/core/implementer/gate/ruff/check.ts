import type { Finding } from '../../../domain/index.ts';
import type { Texts } from '../../types.ts';
import { lineChanges } from '../added.ts';
import type { Checked, SyntaxChecker } from './checker.ts';
import { freshProblems, type Judged, judge } from './fresh.ts';
import type { Language, Problem } from './protocol.ts';
import { type PythonTarget, pythonTarget, ruffTarget } from './python-version.ts';
import { tomlProblem } from './toml.ts';

/** A patch that breaks more than this is broken from top to bottom; the first findings say so. */
const MOST_A_FILE = 20;

type Changes = ReadonlyMap<string, string | null>;
type Renames = ReadonlyMap<string, string>;

/**
 * Syntax errors and undefined names of the changed Python files that their texts in the base do not have (ruff), each
 * with its line. What only a newer Python takes is an error where the repository names its Python, else a warning;
 * a file that could not be read is a warning that says so.
 * @param renames new path to old path, for files that moved
 */
export async function checkPython(
  files: Texts,
  changes: Changes,
  checker: Pick<SyntaxChecker, 'check'>,
  renames: Renames = new Map(),
): Promise<Finding[]> {
  const target = pythonTarget(
    new Map([...files, ...[...changes].flatMap(([path, text]) => (text === null ? [] : [[path, text] as const]))]),
  );
  const findings: Finding[] = [];
  for (const [path, after] of changes) {
    if (after === null || !/\.pyw?$/.test(path)) continue;
    findings.push(...(await checkFile(path, files.get(renames.get(path) ?? path), after, 'python', target, checker)));
  }
  return findings;
}

/** New errors in the changed YAML, JSON and TOML files, as `checkPython` gives those of Python. */
export async function checkConfigs(
  files: Texts,
  changes: Changes,
  checker: Pick<SyntaxChecker, 'check'>,
  renames: Renames = new Map(),
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [path, after] of changes) {
    if (after === null) continue;
    const before = files.get(renames.get(path) ?? path);
    if (/\.ya?ml$/.test(path)) {
      findings.push(...(await checkFile(path, before, after, 'yaml', { minor: 10, known: false }, checker)));
    }
    const problem = /\.(?:json|ipynb)$/.test(path) ? jsonProblem : path.endsWith('.toml') ? tomlProblem : undefined;
    const found = problem?.(after);
    if (!problem || !found || (before !== undefined && problem(before))) continue;
    findings.push({
      gate: 'syntax',
      code: 'syntax',
      path,
      line: found.line,
      message: found.message,
      severity: 'error',
    });
  }
  return findings;
}

async function checkFile(
  path: string,
  before: string | undefined,
  after: string,
  language: Language,
  target: PythonTarget,
  checker: Pick<SyntaxChecker, 'check'>,
): Promise<Finding[]> {
  const now = await checker.check(after, language, ruffTarget(target));
  if (!now.ok) return [unread(path, now.why)];
  if (now.problems.length === 0) return [];
  const then: Checked =
    before === undefined ? { ok: true, problems: [] } : await checker.check(before, language, ruffTarget(target));
  if (!then.ok) return [unread(path, then.why)];
  const judged = (one: Problem): Judged | [] =>
    language === 'python' ? (judge(one, after, target.known) ?? []) : { ...one, severity: 'error' };
  const added = new Set(lineChanges(before ?? '', after).added.map((one) => one.line));
  const fresh = freshProblems(then.problems, now.problems.flatMap(judged), added).slice(0, MOST_A_FILE);
  return fresh.map((one) => ({
    gate: 'syntax',
    code: one.rule.startsWith('F82') ? 'undefined-name' : 'syntax',
    path,
    line: one.line,
    ...(one.endLine > one.line ? { endLine: one.endLine } : {}),
    message: `${one.message.split('. Consider specifying')[0]}${one.rule === 'invalid-syntax' ? '' : ` (${one.rule})`}.`,
    severity: one.severity,
  }));
}

function unread(path: string, why: string): Finding {
  const message = `${path} was not checked for syntax errors and undefined names: ${why}. Read it with more care.`;
  return { gate: 'syntax', code: 'not-checked', path, message, severity: 'warning' };
}

/** A text, or what Python writes and reads where JSON has no number. */
const NO_NUMBER = /"[^"\\\n]*(?:\\.[^"\\\n]*)*"|\b(?:Infinity|NaN)\b/g;

/** As long as it was: a fault is told by its place. */
function asNumber(token: string): string {
  return token.startsWith('"') ? token : '1'.repeat(token.length);
}

function jsonProblem(text: string): { readonly line: number; readonly message: string } | undefined {
  try {
    const plain = text.replace(/^\uFEFF/, '');
    JSON.parse(/\b(?:Infinity|NaN)\b/.test(plain) ? plain.replaceAll(NO_NUMBER, asNumber) : plain);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const at = /position (\d+)/.exec(message)?.[1];
    const line = at === undefined ? text.split('\n').length : text.slice(0, Number(at)).split('\n').length;
    return { line, message: `Not JSON: ${message}.` };
  }
}
