import type { BoxReport } from '../workers/index.ts';
import type { Ask } from './types.ts';

/** Names that fit a progress line; the others are counted. */
const NAMED = 3;

/**
 * Asks boxes how they are, all at once. Each answer counts as it comes: one that hangs holds no other up, and an abort
 * loses none that came. Progress names who is waited for.
 * @throws the reason of `ask.signal` when it aborts before the last one answered
 */
export async function askBoxes(
  names: readonly string[],
  check: (name: string) => Promise<BoxReport>,
  ask: Ask,
): Promise<readonly BoxReport[]> {
  const waiting = new Set(names);
  const tell = () => ask.progress?.report(progressOf(waiting, names.length));
  tell();
  return Promise.all(
    names.map(async (name) => {
      const report = await check(name);
      waiting.delete(name);
      tell();
      return report;
    }),
  );
}

/** `1 of 5 answered, waiting for a, b, c and 1 more`. */
export function progressOf(
  waiting: ReadonlySet<string>,
  all: number,
): { readonly text: string; readonly share: number } {
  const names = [...waiting];
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const whom = `waiting for ${names.slice(0, NAMED).join(', ')}${more}`;
  const done = all - names.length;
  const share = done / Math.max(1, all);
  if (names.length === 0) return { text: `${all} of ${all} answered`, share };
  return { text: done === 0 ? whom : `${done} of ${all} answered, ${whom}`, share };
}
