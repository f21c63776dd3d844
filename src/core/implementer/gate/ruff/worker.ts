import { parentPort } from 'node:worker_threads';
import { PositionEncoding, type Diagnostic as RuffDiagnostic, Workspace } from '@astral-sh/ruff-wasm-nodejs';
import { LineCounter, parseAllDocuments } from 'yaml';
import type { CheckAnswer, CheckRequest, Problem } from './protocol.ts';

/**
 * The thread that reads texts nobody here wrote. A text may keep it busy for ever or break it: its host watches the
 * clock, ends it and goes on.
 */

/** Everything that CPython refuses, names that are nowhere, and formats that fail when they are reached. */
const RULES = ['F404', 'F406', 'F407', 'F50', 'F52', 'F62', 'F7', 'F811', 'F821', 'F822', 'F823', 'PLE'];
/** A text with more is broken from top to bottom; the first ones say so. */
const MOST_PROBLEMS = 500;

const workspaces = new Map<string, Workspace>();

function workspace(target: string): Workspace {
  const known = workspaces.get(target);
  if (known) return known;
  const made = new Workspace({ 'target-version': target, lint: { select: RULES } }, PositionEncoding.Utf16);
  workspaces.set(target, made);
  return made;
}

function checkPython(text: string, target: string): readonly Problem[] {
  // A patch may not silence its own check: `# noqa` becomes a comment like any other.
  const unsilenced = text.replaceAll(/noqa/gi, 'n0qa');
  const found = workspace(target).check(unsilenced) as readonly RuffDiagnostic[];
  return found.slice(0, MOST_PROBLEMS).map((one) => ({
    rule: one.code ?? 'invalid-syntax',
    message: one.message,
    line: one.start_location.row,
    column: one.start_location.column,
    endLine: Math.max(one.start_location.row, one.end_location.row),
  }));
}

function checkYaml(text: string): readonly Problem[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  return [...documents]
    .flatMap((document) => document.errors)
    .slice(0, MOST_PROBLEMS)
    .map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      const at = { line: Math.max(1, line), column: Math.max(1, col) };
      return { rule: 'invalid-syntax', message: error.message, ...at, endLine: at.line };
    });
}

parentPort?.on('message', ({ id, language, text, target }: CheckRequest) => {
  let answer: CheckAnswer;
  try {
    answer = { id, problems: language === 'python' ? checkPython(text, target) : checkYaml(text) };
  } catch (error) {
    answer = { id, failed: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
});
parentPort?.postMessage('ready');
