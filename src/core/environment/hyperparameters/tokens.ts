import { depthAfter, splitTokens, type Token } from './python.ts';

/** The arguments of the call whose bracket stands at `open`. */
export function argumentsOf(tokens: readonly Token[], open: number): Token[][] {
  let depth = 0;
  let close = open;
  for (; close < tokens.length; close += 1) {
    const token = tokens[close];
    if (token?.kind === 'op') depth = depthAfter(depth, token.text);
    if (depth === 0) break;
  }
  return splitTokens(tokens.slice(open + 1, close), ',');
}

/** The arguments that are given by name. */
export function keywords(parts: readonly (readonly Token[])[]): Map<string, readonly Token[]> {
  return new Map(
    parts.flatMap((part) => (part[0]?.kind === 'name' && part[1]?.text === '=' ? [[part[0].text, part.slice(2)]] : [])),
  );
}
