/** A number in the code that looks like a hyperparameter. */
export interface Knob {
  readonly path: string;
  readonly name: string;
  readonly literal: string;
  readonly line: number;
  /** Where the literal stands in its line. */
  readonly column: number;
}

const NUMBER = String.raw`-?\d[\d_]*(?:\.\d+)?(?:e-?\d+)?`;
const FLAG = new RegExp(String.raw`add_argument\(\s*["']--([\w-]+)["'].*?\bdefault=(${NUMBER})\b`, 'd');
const CONSTANT = new RegExp(String.raw`^([A-Za-z][A-Za-z0-9_]{2,})\s*(?::\s*\w+\s*)?=\s*(${NUMBER})\s*(?:#.*)?$`, 'd');
const FIELD = new RegExp(String.raw`^\s+([A-Za-z]\w{2,})\s*:\s*(?:int|float)\s*=\s*(${NUMBER})\s*(?:#.*)?$`, 'd');
/** What changes how a run is measured or how long it is, not how well it learns. */
const NOT_TUNABLE = /interval|seed|log|eval|max_iters|num_iters|steps|epochs|workers|port|history|characters/i;

export function knobsOf(files: ReadonlyMap<string, string>): Knob[] {
  const found: Knob[] = [];
  for (const [path, text] of files) {
    if (!path.endsWith('.py')) continue;
    text.split('\n').forEach((content, line) => {
      const match = FLAG.exec(content) ?? CONSTANT.exec(content) ?? FIELD.exec(content);
      const [, name, literal] = match ?? [];
      const column = match?.indices?.[2]?.[0];
      if (name === undefined || literal === undefined || column === undefined || NOT_TUNABLE.test(name)) return;
      found.push({ path, name, literal, line, column });
    });
  }
  return found;
}

/** The lines of a Python function, from its `def` to its last line; 0-based, end exclusive. */
export function functionLines(
  text: string,
  name: string,
): { readonly start: number; readonly end: number } | undefined {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^\\s*def ${name}\\(`).test(line));
  if (start < 0) return undefined;
  const indent = indentOf(lines[start] ?? '');
  let end = start + 1;
  for (let at = start + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.trim() === '') continue;
    if (indentOf(line) <= indent) break;
    end = at + 1;
  }
  return { start, end };
}

export function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
