import type { Context } from '../environment/index.ts';

const NAMED = 200;
const FIRST = 10;

/** What a prompt shows of a repository and leaves out, in a line, for the log. */
export function contextLine(context: Context): string {
  const { shown, out } = wordsOf(context);
  return `The prompt shows ${shown}. Left out, whole or in part: ${out || 'nothing'}.`;
}

/** What a prompt shows of a repository, for a person who agrees to it: files and bytes, and what is left out and why. */
export function contextWords(context: Context): string {
  const { shown, out } = wordsOf(context);
  const lines = context.files.map(({ path, text, form }) => {
    const size = `${Buffer.byteLength(text)} bytes`;
    return `${path} (${form === 'outline' ? `outline, ${size}` : size})`;
  });
  return [
    `${shown}, and the results of runs. What changes in them later is sent under the same rules.`,
    // Before the files: a list may be longer than what shows it.
    ...(out === '' ? [] : [`Left out, whole or in part: ${out}.`]),
    listed(lines, '\n', NAMED),
  ].join('\n');
}

/** How much is shown, and the first of what is not; empty where nothing is left out. */
function wordsOf({ files, leftOut }: Context): { readonly shown: string; readonly out: string } {
  const bytes = files.reduce((sum, file) => sum + Buffer.byteLength(file.text), 0);
  const out = leftOut.map(({ path, why }) => `${path} (${why})`);
  return { shown: `${files.length} files, ${bytes} bytes`, out: listed(out, '; ', FIRST) };
}

function listed(all: readonly string[], separator: string, most: number): string {
  const more = all.length > most ? [`… and ${all.length - most} more`] : [];
  return [...all.slice(0, most), ...more].join(separator);
}
