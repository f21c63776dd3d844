import { dataBlock, type Objective, quoted, type Summary } from '../domain/index.ts';
import { bounded, boundedTail, cleanText, oneLine } from './text.ts';
import type { Outcome } from './types.ts';

/** Newest ideas told in full; older ones in a line each, so that a long search still fits a context window. */
const FULL = 60;
const LINES = 400;
const MAX = { title: 120, words: 600, details: 1_500, tail: 1_500 } as const;

const SAID: Readonly<Record<Outcome['verdict'], string>> = {
  baseline: 'the baseline',
  better: 'ran and was better',
  worse: 'ran and was worse',
  'no different': 'ran and made no difference beyond the noise',
  flagged: 'ran, but its number is too strange to be believed, and nobody has confirmed it',
  'failed to run': 'crashed when it ran',
  'failed to implement': 'never ran: it could not be turned into a patch. This says nothing about the idea',
  'not run': 'has not run yet',
  rejected: 'a person rejected it',
  dropped: 'never ran: it was dropped',
};

/**
 * Everything tried, as one data block: each idea with its outcome. Text of models, logs and people stands inside it
 * only, with the block's delimiter escaped and every line of it marked.
 */
export function historyBlock(history: readonly Outcome[], objective: Objective, parents: readonly Outcome[]): string {
  const told = history.slice(-LINES);
  const important = new Set(parents.map((outcome) => outcome.idea.id));
  const entries = told.map((outcome, index) => {
    const full = index >= told.length - FULL || important.has(outcome.idea.id);
    return full
      ? fullEntry(outcome, objective)
      : [heading(outcome), `  result: ${resultLine(outcome, objective)}`].join('\n');
  });
  return dataBlock('results', entries.join('\n'));
}

/** What came of one idea, in a line: the verdict, the objective with its spread, the distance to the baseline. */
export function resultLine({ verdict, objective: value, delta, reason }: Outcome, objective: Objective): string {
  const why = reason === undefined || reason === '' ? '' : ` (${oneLine(reason, MAX.words)})`;
  const number = value === undefined ? '' : `: ${objective.metric} ${summaryText(value)}`;
  const change = delta === undefined ? '' : `, ${delta > 0 ? '+' : ''}${round(delta)} against the baseline`;
  return `${SAID[verdict]}${why}${number}${change}`;
}

/** `2.3104 ± 0.0021 over 3 seeds`. */
export function summaryText({ mean, std, n }: Summary): string {
  return n > 1 ? `${round(mean)} ± ${round(std)} over ${n} seeds` : `${round(mean)} with one seed`;
}

function fullEntry(outcome: Outcome, objective: Objective): string {
  const { idea, curve, tail } = outcome;
  return [
    heading(outcome),
    `  why: ${oneLine(idea.hypothesis, MAX.words)}`,
    '  change:',
    quoted(bounded(cleanText(idea.details), MAX.details), '    | '),
    `  result: ${resultLine(outcome, objective)}`,
    ...(curve === undefined ? [] : [`  curve: ${oneLine(curve, MAX.words)}`]),
    ...(tail === undefined || tail === ''
      ? []
      : ['  last lines of its log:', quoted(boundedTail(tail, MAX.tail), '    | ')]),
  ].join('\n');
}

function heading({ idea, candidate }: Outcome): string {
  const on = idea.parents.filter((parent) => parent.role !== 'context').map((parent) => parent.candidate);
  return [
    `#${idea.id} "${oneLine(idea.title, MAX.title)}"`,
    ` (${candidate ? `candidate ${candidate.id}, ` : ''}round ${idea.round}, ${idea.move}`,
    on.length > 0 ? `, builds on ${on.join(' and ')})` : ')',
  ].join('');
}

/** Five significant digits. */
function round(value: number): string {
  return String(Number(value.toPrecision(5)));
}
