import type { Idea } from '../domain/index.ts';
import { areOpposite, stem } from './directions.ts';
import { plainNumbers, snakeNames, withNames } from './spelling.ts';

export type Words = Pick<Idea, 'title' | 'hypothesis' | 'details'>;

/**
 * From here on two ideas are twins. Over hand-made pairs (test/unit/ideator/similarity.test.ts) rewordings of one
 * idea lie above 0.75 and different ideas below, the closest at 0.74 ("dropout after attention", "after the MLP").
 * A missed twin costs one run, a false one an idea, so the limit leans to the high side.
 */
export const TWIN = 0.75;

const STOP = new Set(
  'a an and are as at be by for from in into is it its more of on or so than that the then this to use using we will with'.split(
    ' ',
  ),
);

/** The most that ideas come to which say opposite things: the words around those are the same as a rule. */
const OPPOSITE = 0.5;

/**
 * How close two ideas are in words, in [0, 1]; symmetric, 1 for equal texts. The smaller of two measures: the words
 * (tokens and letter trigrams, their mean) and the facts (names and numbers of code). Two ideas in the same
 * words about another parameter, or another value of it, are two experiments, and so are "raise it" and "lower it".
 * @param given what both build on: its facts say nothing about how close they are
 */
export function similarity(a: Words, b: Words, given: readonly Words[] = []): number {
  const [one, other, ...rest] = spelledAlike([a, b, ...given]) as [Words, Words, ...Words[]];
  const close = closeness(one, other, rest);
  return close > OPPOSITE && areOpposite(turned(one), turned(other)) ? OPPOSITE : close;
}

function closeness(a: Words, b: Words, given: readonly Words[]): number {
  const left = textOf(a);
  const right = textOf(b);
  const words = (jaccard(tokens(left), tokens(right)) + dice(trigrams(left), trigrams(right))) / 2;
  const shared = new Set(given.flatMap((words) => [...facts(words)]));
  const [factsA, factsB] = [without(facts(a), shared), without(facts(b), shared)];
  if (given.length > 0 && (factsA.size === 0) !== (factsB.size === 0)) return 0;
  return factsA.size === 0 && factsB.size === 0 ? words : Math.min(words, factsWeight(factsA, factsB));
}

/** The title and the details: what would be changed. A hypothesis says what that would do to other things. */
function turned({ title, details }: Words): string {
  return `${title}\n${details}`;
}

/** The same ideas with numbers written one way, and names as code spells them where one of these ideas does. */
function spelledAlike(ideas: readonly Words[]): Words[] {
  const plain = ideas.map((idea) => spelled(idea, (text) => plainNumbers(text.normalize('NFKC'))));
  const names = new Set(plain.flatMap(({ title, details }) => snakeNames(`${title} ${details}`)));
  // The same order for both sides: of two names that overlap the longer one counts.
  const ordered = [...names].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return plain.map((idea) => spelled(idea, (text) => withNames(text, ordered)));
}

function spelled({ title, hypothesis, details }: Words, write: (text: string) => string): Words {
  return { title: write(title), hypothesis: write(hypothesis), details: write(details) };
}

function textOf({ title, hypothesis, details }: Words): string {
  return `${title} ${hypothesis} ${details}`.toLowerCase();
}

function tokens(text: string): Set<string> {
  const all = text.match(/[\p{L}\p{N}_.]+/gu) ?? [];
  return new Set(all.map(stem).filter((word) => word !== '' && !STOP.has(word)));
}

function trigrams(text: string): Set<string> {
  const flat = ` ${text.replace(/[^\p{L}\p{N}]+/gu, ' ').trim()} `;
  const found = new Set<string>();
  for (let at = 0; at + 3 <= flat.length; at += 1) found.add(flat.slice(at, at + 3));
  return found;
}

/** Names as code spells them and numbers, of the title and the details: what would be changed, and to what. */
function facts({ title, details }: Words): Set<string> {
  const text = `${title} ${details}`;
  const found =
    text.match(
      /[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+|\b[A-Z]{3,}\b|[a-z]+[A-Z]\w*|(?<![\w.])(?:(?<=^|[\s([{=:,`"'])-)?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g,
    ) ?? [];
  return new Set(found.map((fact) => (/^-?\d/.test(fact) ? String(Number(fact)) : fact.toLowerCase())));
}

function factsWeight(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  // One text that names nothing says the other's idea in general words: the words alone decide, a little weaker.
  if (a.size === 0 || b.size === 0) return 0.9;
  return jaccard(a, b);
}

function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 && b.size === 0) return 1;
  const both = inBoth(a, b);
  return both / (a.size + b.size - both);
}

function dice(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size + b.size === 0) return 1;
  return (2 * inBoth(a, b)) / (a.size + b.size);
}

function inBoth(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let count = 0;
  for (const one of a) if (b.has(one)) count += 1;
  return count;
}

function without(from: ReadonlySet<string>, taken: ReadonlySet<string>): Set<string> {
  return new Set([...from].filter((one) => !taken.has(one)));
}
