import { type Change, place, type Replacement, readChanges } from './changes.ts';
import { type Knob, knobsOf } from './code.ts';
import type { ReadPrompt } from './prompt.ts';

/** A search/replace answer for the idea in a prompt: every SEARCH is cut from the prompt's own files. */
export function answerPatch(prompt: ReadPrompt): string {
  const spelled = readChanges(prompt.words);
  const changes = spelled.length > 0 ? spelled : guessChanges(prompt);
  const blocks = changes.flatMap((change) => {
    const replacement = place(change, prompt.files);
    return replacement ? [blockOf(change, replacement, prompt.files.get(change.path) ?? '')] : [];
  });
  if (blocks.length === 0) return 'I found nothing in these files that the idea names, so there is nothing to change.';
  return `Here is the change.\n\n${blocks.join('\n\n')}\n`;
}

function blockOf(change: Change, { start, end, lines }: Replacement, text: string): string {
  const all = text.split('\n');
  const [from, to] = unique(all, start, end);
  const before = all.slice(from, start);
  const after = all.slice(end, to);
  return [
    reason(change),
    '',
    change.path,
    '```python',
    '<<<<<<< SEARCH',
    ...all.slice(from, to),
    '=======',
    ...[...before, ...lines, ...after],
    '>>>>>>> REPLACE',
    '```',
  ].join('\n');
}

/** Widens a span upwards, then downwards, until its lines stand once in the file. */
function unique(all: readonly string[], start: number, end: number): [number, number] {
  let [from, to] = [start, end];
  const count = () => {
    const wanted = all.slice(from, to).join('\n');
    let found = 0;
    for (let at = 0; at + (to - from) <= all.length; at += 1) {
      if (all.slice(at, at + (to - from)).join('\n') === wanted) found += 1;
    }
    return found;
  };
  while (count() > 1 && (from > 0 || to < all.length)) {
    if (from > 0) from -= 1;
    else to += 1;
  }
  return [from, to];
}

function reason(change: Change): string {
  switch (change.kind) {
    case 'set':
      return `\`${change.name}\` goes to ${change.to}, as the idea asks.`;
    case 'line':
      return `The line \`${change.old}\` makes room for what the idea needs.`;
    case 'function':
      return `\`${change.name}\` does what the idea describes.`;
  }
}

/** An idea in a person's own words: the number it names most plainly, moved the way it says. */
function guessChanges(prompt: ReadPrompt): Change[] {
  const words = prompt.words.toLowerCase();
  const named = knobsOf(prompt.files)
    .filter(({ name }) => spellings(name).some((spelling) => words.includes(spelling)))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
  if (!named) return [];
  const { path, name, literal: from } = named;
  return [{ kind: 'set', path, name, from, to: wantedValue(named, words) }];
}

function spellings(name: string): string[] {
  const plain = name.toLowerCase();
  return [plain, plain.replaceAll(/[_-]/g, ' ')];
}

function wantedValue(knob: Knob, words: string): string {
  for (const spelling of spellings(knob.name)) {
    const number = new RegExp(`${spelling}[^.\\n]{0,40}?\\bto (-?\\d[\\d.]*(?:e-?\\d+)?)`).exec(words)?.[1];
    if (number !== undefined) return number.replace(/\.$/, '');
  }
  return scaled(knob.literal, /lower|halv|half|reduc|smaller|less|decreas/.test(words) ? 0.5 : 2);
}

/** A literal times a factor, written as code writes it: an integer stays one, zero becomes something small. */
export function scaled(literal: string, factor: number): string {
  const value = Number(literal.replaceAll('_', ''));
  const isInteger = !/[.e]/.test(literal);
  if (value === 0) return isInteger ? '1' : String(Number((0.025 * factor).toPrecision(3)));
  const next = value * factor;
  if (isInteger) return String(Math.max(1, Math.round(next)));
  const text = String(Number(next.toPrecision(3)));
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** One search/replace block, as an answer writes it. */
export function searchReplace(path: string, search: string, replace: string): string {
  return `${path}\n\`\`\`python\n<<<<<<< SEARCH\n${search}\n=======\n${replace}\n>>>>>>> REPLACE\n\`\`\`\n`;
}
