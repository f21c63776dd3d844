const SIGNATURE = /^\s*(?:async\s+def|def|class|import|from)\b/;
const MOST_LINES = 60;

/** The lines of a file that say what it defines and imports. */
export function outline(text: string): string[] {
  const lines = text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => SIGNATURE.test(line));
  return lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), '(more)'] : lines;
}
