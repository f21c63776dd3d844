/** One token of TOML: a comment, a text, a bracket or equals sign, an end of line, or anything else. */
const TOKEN = /(#[^\n]*)|("""|''')|("(?:[^"\\\n]|\\.)*"|'[^'\n]*')|(["'])|([[{])|([\]}])|(=)|(\n)|([^\s#"'[\]{}=]+)/g;

/**
 * What cannot be TOML, with its line: a text or bracket that is not closed, a line that sets nothing. A cheap check
 * which says nothing about values: whoever reads the file does.
 */
export function tomlProblem(text: string): { readonly line: number; readonly message: string } | undefined {
  const scan = new RegExp(TOKEN);
  let line = 1;
  let depth = 0;
  let opened = 1;
  let words = 0;
  let sets = false;
  let header = false;
  for (let token = scan.exec(text); token; token = scan.exec(text)) {
    const [, , long, , stray, open, close, equals, end, word] = token;
    if (long !== undefined) {
      const closing = text.indexOf(long, scan.lastIndex);
      if (closing < 0) return { line, message: `Not TOML: the text that begins with ${long} is not closed.` };
      line += text.slice(scan.lastIndex, closing).split('\n').length - 1;
      scan.lastIndex = closing + 3;
      words += 1;
    } else if (stray !== undefined)
      return { line, message: `Not TOML: the text that begins with ${stray} is not closed.` };
    else if (open !== undefined) {
      if (depth === 0) opened = line;
      if (open === '[' && depth === 0 && words === 0 && !sets) header = true;
      depth += 1;
    } else if (close !== undefined) {
      depth -= 1;
      if (depth < 0) return { line, message: `Not TOML: ${close} closes nothing.` };
    } else if (equals !== undefined && depth === 0) sets = true;
    else if (end !== undefined) {
      if (depth === 0 && words > 0 && !sets && !header) return { line, message: 'Not TOML: this line sets nothing.' };
      line += 1;
      if (depth === 0) {
        words = 0;
        sets = false;
        header = false;
      }
    } else if (word !== undefined || token[3] !== undefined) words += 1;
  }
  return depth > 0 ? { line: opened, message: 'Not TOML: this bracket is not closed.' } : undefined;
}
