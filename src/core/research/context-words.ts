import type { Context } from '../environment/index.ts';

const NAMED = 200;
const FIRST = 10;

/** The same in a line, for the log. */
export function contextLine({ files, leftOut }: Context): string {
  const bytes = files.reduce((sum, file) => sum + Buffer.byteLength(file.text), 0);
  const out = leftOut.map(({ path, why }) => `${path} (${why})`);
  return `The prompt shows ${files.length} files, ${bytes} bytes. Left out, whole or in part: ${listed(out, '; ', FIRST) || 'nothing'}.`;
}

/** What a prompt shows of a repository, for a person who agrees to it: files and bytes, and what is left out and why. */
export function contextWords({ files, leftOut }: Context): string {
  const bytes = files.reduce((sum, file) => sum + Buffer.byteLength(file.text), 0);
  const lines = files.map(({ path, text, form }) => {
    const size = `${Buffer.byteLength(text)} bytes`;
    return `${path} (${form === 'outline' ? `outline, ${size}` : size})`;
  });
  const out = leftOut.map(({ path, why }) => `${path} (${why})`);
  return [
    `${files.length} files, ${bytes} bytes, and the results of runs. What changes in them later is sent under the same rules.`,
    // Before the files: a list may be longer than what shows it.
    ...(out.length === 0 ? [] : [`Left out, whole or in part: ${listed(out, '; ', FIRST)}.`]),
    listed(lines, '\n', NAMED),
  ].join('\n');
}

function listed(all: readonly string[], separator: string, most: number): string {
  const more = all.length > most ? [`… and ${all.length - most} more`] : [];
  return [...all.slice(0, most), ...more].join(separator);
}
