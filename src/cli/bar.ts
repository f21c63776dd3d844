import { cut, printable } from './columns.ts';

const SIZE = 24;
/** A terminal that is narrower than this gets a shorter bar, so that the words keep most of the line. */
const ROOMY = 80;

/** One line of progress that fits a terminal of so many columns: bar, percent, words. */
export function barLine(step: { readonly text: string; readonly share: number }, columns: number): string {
  const size = columns < ROOMY ? SIZE / 2 : SIZE;
  const share = Math.min(1, Math.max(0, step.share));
  const full = Math.round(share * size);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  // The last column stays free: some terminals wrap as soon as it is written.
  return cut(` ${'█'.repeat(full)}${'░'.repeat(size - full)} ${percent} ${printable(step.text)}`, columns - 1);
}
