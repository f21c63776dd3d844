import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import { ideaText, mainParents } from './columns.ts';
import { doubtOf } from './doubt.ts';
import { boxesOf, FAILED_STATUSES, isLive, lookOf, seedsOf } from './status.ts';

export interface Filter {
  readonly test: (row: LeaderboardRow) => boolean;
  /** What of the text could not be understood, in words; such a part filters nothing. */
  readonly problems: readonly string[];
  readonly empty: boolean;
}

type Test = (row: LeaderboardRow) => boolean;

/** Fields that hold words: `field:word`, several with commas. */
const WORDS: Readonly<Record<string, (row: LeaderboardRow) => readonly (string | undefined)[]>> = {
  status: (row) => [
    row.status,
    lookOf(row.status).words,
    isLive(row.status) ? 'live' : undefined,
    FAILED_STATUSES.has(row.status) ? 'failed' : undefined,
  ],
  box: (row) => boxesOf(row),
  lane: (row) => [row.lane],
  kind: (row) => [row.kind],
  move: (row) => [row.move],
  class: (row) => [row.comparisonClass],
  title: (row) => [row.title],
  parent: (row) => mainParents(row).flatMap((parent) => [parent, `#${parent}`, parent.split('.')[0]]),
  is: (row) => [
    row.improved ? 'improved' : undefined,
    row.rank === 1 ? 'best' : undefined,
    row.rank === undefined ? 'unranked' : 'ranked',
    isLive(row.status) ? 'live' : undefined,
    row.byHand ? 'by-hand' : undefined,
    doubtOf(row)?.state,
  ],
};

/** Fields that hold a number: `field:1`, `field<1`, `field>=1`. */
const NUMBERS: Readonly<Record<string, (row: LeaderboardRow) => number | undefined>> = {
  round: (row) => row.round,
  idea: (row) => row.idea,
  rank: (row) => row.rank,
  value: (row) => row.objective?.mean,
  delta: (row) => row.delta,
  sigmas: (row) => row.sigmas,
  seeds: (row) => seedsOf(row).done,
};

export const FILTER_FIELDS: readonly string[] = [...Object.keys(WORDS), ...Object.keys(NUMBERS)];

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  ':': (a, b) => a === b,
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** Parts of the text: `word`, `"two words"`, `field:value`, `field:"a value"`, each with an optional leading dash. */
const PART = /(-?)(?:([A-Za-z]+)(!=|<=|>=|[:=<>]))?(?:"([^"]*)"?|(\S+))/g;

const haystacks = new WeakMap<LeaderboardRow, string>();

function haystack(row: LeaderboardRow): string {
  let text = haystacks.get(row);
  if (text === undefined) {
    text = [
      row.title,
      ideaText(row),
      row.status,
      lookOf(row.status).words,
      row.lane,
      row.move,
      row.kind,
      row.byHand ? 'by hand' : undefined,
    ]
      .concat(boxesOf(row))
      .join('\n')
      .toLowerCase();
    haystacks.set(row, text);
  }
  return text;
}

function wordTest(word: string): Test {
  const wanted = word.toLowerCase();
  return (row) => haystack(row).includes(wanted);
}

function fieldTest(field: string, operator: string, value: string): Test | string {
  const wordsOf = WORDS[field];
  if (wordsOf) {
    if (operator !== ':' && operator !== '=' && operator !== '!=') return `${field} holds words: use ${field}:…`;
    const wanted = value.toLowerCase().split(',').filter(Boolean);
    if (wanted.length === 0) return `${field}: needs a value`;
    const has: Test = (row) =>
      wordsOf(row).some(
        (text) => text !== undefined && wanted.some((each) => matches(field, text.toLowerCase(), each)),
      );
    return operator === '!=' ? (row) => !has(row) : has;
  }
  const numberOf = NUMBERS[field];
  const holds = COMPARE[operator];
  if (!numberOf || !holds) return `no field ${field}`;
  const options = value
    .replaceAll('\u2212', '-')
    .split(',')
    .filter(Boolean)
    .map((each) => Number(each.replace(/^#/, '')));
  if (options.length === 0 || options.some(Number.isNaN)) return `${field}${operator} needs a number`;
  return (row) => {
    const number = numberOf(row);
    return number !== undefined && options.some((each) => holds(number, each));
  };
}

function matches(field: string, text: string, wanted: string): boolean {
  return field === 'parent' || field === 'is' ? text === wanted : text.includes(wanted);
}

/**
 * Reads the filter box: words that must all be found, and fields such as `status:running`, `box:lambda-1`,
 * `round:0,1`, `delta<0`; a leading dash turns a part around. Unfinished or unknown parts are told, not obeyed.
 */
export function parseFilter(text: string): Filter {
  const tests: Test[] = [];
  const problems: string[] = [];
  for (const [whole, dash, field, operator, quoted, bare] of text.matchAll(PART)) {
    const value = quoted ?? bare ?? '';
    const name = field?.toLowerCase();
    let test: Test | string;
    if (name !== undefined && operator !== undefined && FILTER_FIELDS.includes(name)) {
      test = fieldTest(name, operator, value);
    } else {
      const word = name === undefined ? value : whole.slice(dash?.length ?? 0);
      if (word === '') continue;
      test = wordTest(word);
    }
    if (typeof test === 'string') {
      problems.push(test);
      continue;
    }
    const found = test;
    tests.push(dash ? (row) => !found(row) : found);
  }
  return { test: (row) => tests.every((each) => each(row)), problems, empty: tests.length === 0 };
}
