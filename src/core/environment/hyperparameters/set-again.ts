import { type LogicalLine, splitTokens, type Token } from './python.ts';

/**
 * For each name of a module where it was last set to something new. A literal that stands before that place is not what
 * the program goes on with. What reads the name itself (`lr = float(os.environ.get('LR', lr))`) builds on the literal.
 */
export function lastSet(lines: readonly LogicalLine[]): Map<string, number> {
  return new Map(ofModule(lines).flatMap((line) => targetsOf(line.tokens).map(({ text, start }) => [text, start])));
}

/** The lines that run with the module: none of a function or a class, but those of `if`, `for` and `try`. */
function ofModule(lines: readonly LogicalLine[]): LogicalLine[] {
  let inside = Number.POSITIVE_INFINITY;
  return lines.filter(({ indent, tokens }) => {
    if (indent <= inside)
      inside = /^(def|class|async)$/.test(tokens[0]?.text ?? '') ? indent : Number.POSITIVE_INFINITY;
    return inside === Number.POSITIVE_INFINITY;
  });
}

/** The names that a line sets: of `a = b = 1`, `a, b = c`, `a: int = 1`, `for a in b`. */
function targetsOf(tokens: readonly Token[]): Token[] {
  if (tokens[0]?.text === 'for') {
    const end = tokens.findIndex(({ text }) => text === 'in');
    return tokens.slice(1, end).filter(({ kind }) => kind === 'name');
  }
  const parts = splitTokens(tokens, '=');
  const read = new Set(parts.pop()?.map(({ text }) => text));
  return parts
    .flatMap((part) => splitTokens(part, ','))
    .flatMap(([name, after]) => (name?.kind === 'name' && (!after || after.text === ':') ? [name] : []))
    .filter(({ text }) => !read.has(text));
}
