import type { Refusal } from '../refusal.ts';
import type { Texts } from '../types.ts';
import { nearestLines } from './nearest.ts';

const MOST_REFUSALS = 6;

/** What a model is told about an answer that was not taken: the code, what it sent, and what really stands there. */
export function feedbackText(refusals: readonly Refusal[], files: Texts): string {
  const shown = refusals.slice(0, MOST_REFUSALS).map((refusal, index) => {
    const parts = [`${index + 1}. ${refusal.code}: ${refusal.message}`];
    if (refusal.search && refusal.search.length > 0) parts.push(`The SEARCH you sent:\n${fenced(refusal.search)}`);
    const text = refusal.path === undefined ? undefined : files.get(refusal.path);
    const showLines = refusal.code === 'no-match' || refusal.code === 'elided-code';
    const near = showLines && text !== undefined && refusal.search ? nearestLines(text, refusal.search) : undefined;
    if (near) parts.push(`The nearest lines of ${refusal.path}, as they stand there:\n${fenced(near)}`);
    if (refusal.made && refusal.made.length > 0) {
      parts.push(`The lines there, as your answer makes them:\n${fenced(refusal.made)}`);
    }
    return parts.join('\n');
  });
  const more = refusals.length - shown.length;
  return [
    'Your answer was not applied, not even a part of it:',
    ...shown,
    ...(more > 0 ? [`… and ${more} more like these.`] : []),
    'Send the whole change again: all blocks, also those that were right. SEARCH must quote lines of the files exactly as they stand, before any change.',
  ].join('\n\n');
}

function fenced(lines: readonly string[]): string {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`{3,}/g)].map(([run]) => run.length)));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${lines.join('\n')}\n${fence}`;
}
