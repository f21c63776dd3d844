import type { Severity } from '../../../domain/index.ts';
import { depthOf } from '../changed.ts';
import type { Problem } from './protocol.ts';

export interface Judged extends Problem {
  readonly severity: Severity;
}

/** Fails when it is reached, whatever the data: as sure as a syntax error. */
const CERTAIN =
  /^(?:F404|F406|F407|F62[12]|F50[1235678]|F509|F52[145]|F70[1-7]|F82[123]|PLE0(?:100|101|115|116|117|118|241|704)|PLE1(?:132|142|300|307|700))$/;
/** What only wastes an argument, and what annotations of array shapes are written in. */
const IGNORED = /^(?:F504|F522|F523)$/;
const SHAPES = /^[ \t]*(?:from|import)[ \t]+(?:jaxtyping|torchtyping)\b/m;
const LAZY = /^(?:async[ \t]+)?def[ \t]+__getattr__\b|^__getattr__\b/m;
const NEWER = /on Python \d\.\d+ \(syntax was added|`?requires-python`? = /;

/**
 * The problems of the new text that the old one does not have, each name once. Compared by rule and words, never by
 * line, since lines move; of errors that are worded alike, by how many there are.
 * @param added the lines of the new text that the patch wrote, 1-based
 */
export function freshProblems<T extends Problem>(
  before: readonly Problem[],
  after: readonly T[],
  added: ReadonlySet<number>,
): readonly T[] {
  const old = counted(before);
  const now = new Map<string, T[]>();
  for (const problem of after) {
    const key = keyOf(problem);
    now.set(key, [...(now.get(key) ?? []), problem]);
  }
  const fresh: T[] = [];
  for (const [key, problems] of now) {
    const had = old.get(key) ?? 0;
    const more = isSyntax(problems[0]) ? problems.length - had : had > 0 ? 0 : 1;
    if (more <= 0) continue;
    const ours = problems.filter((one) => added.has(one.line));
    const others = problems.filter((one) => !added.has(one.line));
    fresh.push(...[...ours, ...others].slice(0, more));
  }
  return fresh.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** How bad a problem of Python is; undefined where it is none. @param known whether the job's Python is */
export function judge(problem: Problem, text: string, known: boolean): Judged | undefined {
  const { rule, message } = problem;
  if (IGNORED.test(rule)) return undefined;
  // `Float[Tensor, "batch dim"]`: the words in quotes are names of axes, not of variables.
  const quoted = rule === 'F722' || (rule === 'F821' && insideQuotes(text, problem));
  if (quoted && SHAPES.test(text)) return undefined;
  // A module that makes its names when they are asked for may offer any; a decorator may keep what it is given.
  if (rule === 'F822' && LAZY.test(text)) return undefined;
  if (rule === 'F811' && isDecorated(text.split('\n'), problem.line)) return undefined;
  if (NEWER.test(message)) return { ...problem, severity: known ? 'error' : 'warning' };
  if (isSyntax(problem)) return { ...problem, severity: 'error' };
  return { ...problem, severity: CERTAIN.test(rule) ? 'error' : 'warning' };
}

function isSyntax(problem: Problem | undefined): boolean {
  return problem?.rule === 'invalid-syntax';
}

function counted(problems: readonly Problem[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const problem of problems) counts.set(keyOf(problem), (counts.get(keyOf(problem)) ?? 0) + 1);
  return counts;
}

function keyOf({ rule, message }: Problem): string {
  return `${rule} ${message.replaceAll(/\b(line|lines|column) \d+/g, '$1')}`;
}

/** How many lines the decorators of a definition may take. */
const DECORATORS = 30;

/** Whether a decorator stands over the definition on this line, perhaps over several lines or with others below it. */
function isDecorated(lines: readonly string[], line: number): boolean {
  const own = depthOf(lines[line - 1] ?? '');
  if (!/^\s*(?:async\s+)?(?:def|class)\b/.test(lines[line - 1] ?? '')) return false;
  for (let at = line - 2; at >= Math.max(0, line - 2 - DECORATORS); at -= 1) {
    const text = lines[at] ?? '';
    if (text.trim() === '' || /^\s*[#)\]}]/.test(text) || depthOf(text) > own) continue;
    return depthOf(text) === own && text.trimStart().startsWith('@');
  }
  return false;
}

function insideQuotes(text: string, { line, column }: Problem): boolean {
  const before = (text.split('\n')[line - 1] ?? '').slice(0, column - 1);
  return (before.match(/["']/g)?.length ?? 0) % 2 === 1;
}
