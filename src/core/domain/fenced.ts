/** A text of somebody else's with a mark on every line: no line of it can end the quotation. */
export function quoted(text: string, mark = '| '): string {
  return (
    text
      .trimEnd()
      // Also at what other programs take for the end of a line.
      .split(/\r\n?|[\n\v\f\u0085\u2028\u2029]/)
      .map((line) => `${mark}${line}`)
      .join('\n')
  );
}

/** A text of somebody else's in a Markdown fence that is longer than any in it: the text cannot end it. */
export function fenced(text: string, language = ''): string {
  let longest = 2;
  for (const [run] of text.matchAll(/`{3,}/g)) longest = Math.max(longest, run.length);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}`;
}
