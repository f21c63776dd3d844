import { dataBlock, fenced } from '../../domain/index.ts';
import type { Op } from '../answer/ops.ts';
import type { Refusal } from '../refusal.ts';
import type { Texts } from '../types.ts';
import { nearestLines } from './nearest.ts';

const MOST_REFUSALS = 6;
const MOST_KEPT = 30;
const MOST_CHARS = 100;

/**
 * What a model is told about an answer that was not taken: the code, what it sent, and what really stands there.
 * @param standing the edits that are kept, and need not be sent again
 */
export function feedbackText(refusals: readonly Refusal[], files: Texts, standing: readonly Op[] = []): string {
  const shown = refusals.slice(0, MOST_REFUSALS).map((refusal, index) => {
    const parts = [`${index + 1}. ${refusal.code}: ${refusal.message}`];
    if (refusal.search && refusal.search.length > 0) parts.push(`The SEARCH you sent:\n${quoted(refusal.search)}`);
    const text = refusal.path === undefined ? undefined : files.get(refusal.path);
    const showLines = refusal.code === 'no-match' || refusal.code === 'elided-code';
    const near = showLines && text !== undefined && refusal.search ? nearestLines(text, refusal.search) : undefined;
    if (near) parts.push(`The nearest lines of ${refusal.path}, as they stand there:\n${quoted(near)}`);
    if (refusal.made && refusal.made.length > 0) {
      parts.push(`The lines there, as your answer makes them:\n${quoted(refusal.made)}`);
    }
    return parts.join('\n');
  });
  const more = refusals.length - shown.length;
  const exactly = 'SEARCH must quote lines of the files exactly as they stand, before any change.';
  return [
    standing.length > 0
      ? 'Nothing is changed yet, because a part of your answer was not applied:'
      : 'Your answer was not applied, not even a part of it:',
    dataBlock('refused', [...shown, ...(more > 0 ? [`… and ${more} more like these.`] : [])].join('\n\n')),
    ...(standing.length > 0
      ? [
          `These edits found their place and are kept:\n${dataBlock('known', keptText(standing))}`,
          `Send everything else of the change, mended, and none of the kept edits again. ${exactly}`,
        ]
      : [`Send the whole change again: all blocks, also those that were right. ${exactly}`]),
  ].join('\n\n');
}

function keptText(standing: readonly Op[]): string {
  const lines = standing.slice(0, MOST_KEPT).map((op) => {
    const first = op.op === 'edit' ? op.search.find((line) => line.trim() !== '')?.trim() : undefined;
    const what = first === undefined ? op.op : `at ${JSON.stringify(first.slice(0, MOST_CHARS))}`;
    return `- ${op.path}: ${what}`;
  });
  const more = standing.length - lines.length;
  return [...lines, ...(more > 0 ? [`- … and ${more} more`] : [])].join('\n');
}

function quoted(lines: readonly string[]): string {
  return fenced(`${lines.join('\n')}\n`);
}
