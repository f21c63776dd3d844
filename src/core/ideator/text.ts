const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Untrusted text without terminal escapes, control and invisible formatting characters; newline and tab stay. */
export function cleanText(text: string): string {
  return text
    .replace(ESCAPES, '')
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/[^\P{C}\n\t]/gu, '');
}

/** One line of at most `max` characters, an ellipsis where it was longer. */
export function oneLine(text: string, max: number): string {
  return bounded(cleanText(text).replace(/\s+/g, ' ').trim(), max);
}

/** At most `max` characters, an ellipsis where it was longer. Never half a surrogate pair. */
export function bounded(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, Math.max(0, max - 1));
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/**
 * The last lines of a log, at most `maxChars` characters with the mark of what is missing: whole lines where
 * possible, progress bars folded to their last state, no terminal escapes.
 */
export function boundedTail(text: string, maxChars: number): string {
  const folded = text
    .replace(/\r\n/g, '\n')
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').replace(/^.*\r/s, ''))
    .join('\n');
  const clean = cleanText(folded).trimEnd();
  if (clean.length <= maxChars) return clean;
  const mark = '…\n';
  const room = Math.max(0, maxChars - mark.length);
  const cut = clean.slice(clean.length - room).replace(/^[\uDC00-\uDFFF]/, '');
  const lineStart = cut.indexOf('\n');
  return mark + (lineStart >= 0 && lineStart < room / 2 ? cut.slice(lineStart + 1) : cut);
}
