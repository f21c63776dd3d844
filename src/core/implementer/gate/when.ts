import { blockEnd, depthOf, type FileChange, MOST_LINE } from './changed.ts';
import type { Side } from './texts.ts';
import type { Touched } from './touched.ts';

/** Comparisons by how far a run is, and other conditions that are the same for good and bad numbers. */
const BY_PROGRESS =
  /\b[\w.]{0,60}(?:step|iter|epoch|rank|update|time|batch|idx|count|num_)\w{0,40}(?:\s{0,4}[-+*/%]\s{0,4}[\w.]{1,60})?\s{0,4}[<>]=?\s{0,4}[\w.]{1,60}/gi;
const BY_NUMBER = /[<>]|\b\w{0,20}(?:best|improved|better)\w{0,20}\b/i;
/** A condition that stands alone on its line, or begins there. */
const ASKS = /^\s{0,200}(?:if|elif)\b/;
const NOT_TRAINING = /\bnot\s{1,4}[\w.]{1,80}\.training\b|\.training\s{0,4}(?:==|is)\s{0,4}False\b/;
const SETS_LOSS = /^\s{0,200}(?:[\w.]{0,60}loss\w{0,20}\s{0,4}(?:[-+*/]|\*\*)?=(?!=)|return\b.{0,200}loss)/i;

/**
 * The written conditions by which good and bad numbers can be told, and on which what is reported of the metric hangs.
 * @param reports whether a line, 1-based, reports it
 */
export function changedConditions(
  lines: readonly Touched[],
  { code }: Side,
  reports: (line: number) => boolean,
): readonly Touched[] {
  const written = lines.filter((one) => {
    const line = (code[one.line - 1] ?? '').slice(0, MOST_LINE);
    return !one.gone && ASKS.test(line) && BY_NUMBER.test(line.replaceAll(BY_PROGRESS, ''));
  });
  return written.filter((one) => {
    const depth = depthOf(code[one.line - 1] ?? '');
    for (let at = one.line; at < code.length; at += 1) {
      const line = (code[at] ?? '').slice(0, MOST_LINE);
      if (line.trim() === '') continue;
      if (depthOf(line) <= depth && !/^\s*[)\]}]/.test(line)) break;
      // What follows a further condition hangs on that one.
      if (ASKS.test(line)) break;
      if (reports(at + 1)) return true;
    }
    return false;
  });
}

/** Lines that change the loss only where a model is measured, and not where it is trained. */
export function lossOfEvaluation(change: FileChange, lines: readonly Touched[], { code }: Side): readonly Touched[] {
  if (!change.python) return [];
  const blocks = code.flatMap((line, index) => {
    if (!ASKS.test(line.slice(0, MOST_LINE)) || !NOT_TRAINING.test(line.slice(0, MOST_LINE))) return [];
    return [{ from: index + 1, to: blockEnd(code, index + 1, depthOf(line)) }];
  });
  return lines.filter((one) => {
    const line = (code[one.line - 1] ?? '').slice(0, MOST_LINE);
    return !one.gone && SETS_LOSS.test(line) && blocks.some(({ from, to }) => one.line >= from && one.line <= to);
  });
}
