import { bounded, dataBlock, type Objective, quoted, type Summary } from '../domain/index.ts';
import { boundedTail } from './tail.ts';
import { cleanText, oneLine } from './text.ts';
import type { Outcome } from './types.ts';

/**
 * Ideas are told in full or in a line by so many at a time: a border that moved with each idea would change the prompt
 * from there on, and with it what the server has in its cache.
 */
const CHUNK = 30;
/** Characters of the ideas told in full; the newest chunk is, whatever it takes. */
const FULL = 100_000;
/** Ideas told in a line at most: a long search must still fit a context window. */
const LINES = 400;
const MAX = { title: 120, words: 600, details: 1_500, tail: 1_500 } as const;

const SAID: Readonly<Record<Outcome['verdict'], string>> = {
  baseline: 'the baseline',
  better: 'ran and was better',
  worse: 'ran and was worse',
  'no different': 'ran and made no difference beyond the noise',
  'no baseline': 'ran, and the baseline that it is compared with has not yet',
  'no number': 'ran to its end and gave no number of the objective',
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
export function historyBlock(history: readonly Outcome[], objective: Objective): string {
  const full = fullFrom(history, objective);
  const from = Math.max(0, chunkOf(full - LINES));
  const entries = history.slice(from).map((outcome, index) => {
    if (from + index >= full) return fullEntry(outcome, objective);
    return [heading(outcome), `  result: ${resultLine(outcome, objective)}`].join('\n');
  });
  return dataBlock('results', [...(from > 0 ? [`(${from} older ideas are not told.)`] : []), ...entries].join('\n'));
}

/** Those of the parents that the history tells in a line, in full; undefined where it tells all in full. */
export function parentsBlock(
  parents: readonly Outcome[],
  history: readonly Outcome[],
  objective: Objective,
): string | undefined {
  const told = new Set(history.slice(fullFrom(history, objective)).map(({ idea }) => idea.id));
  const rest = parents.filter(({ idea }) => !told.has(idea.id));
  return rest.length > 0 ? dataBlock('parents', rest.map((one) => fullEntry(one, objective)).join('\n')) : undefined;
}

/** The index of the first idea that is told in full. */
function fullFrom(history: readonly Outcome[], objective: Objective): number {
  const length = (from: number, to: number) =>
    history.slice(from, to).reduce((sum, outcome) => sum + fullEntry(outcome, objective).length, 0);
  let from = chunkOf(history.length - 1);
  let taken = length(from, history.length);
  while (from > 0) {
    taken += length(from - CHUNK, from);
    if (taken > FULL) break;
    from -= CHUNK;
  }
  return Math.max(0, from);
}

function chunkOf(index: number): number {
  return Math.floor(index / CHUNK) * CHUNK;
}

/** What came of one idea, in a line: the verdict, the objective with its spread, the distance to the baseline. */
export function resultLine({ verdict, objective: value, delta, reason }: Outcome, objective: Objective): string {
  const why = reason === undefined || reason === '' ? '' : ` (${oneLine(reason, MAX.words)})`;
  const number = value === undefined ? '' : `: ${oneLine(objective.metric, 80)} ${summaryText(value)}`;
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
