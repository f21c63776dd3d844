import { type LogicalLine, logicalLines, splitTokens, stringValue, type Token } from '../hyperparameters/python.ts';
import { argumentsOf, keywords } from '../hyperparameters/tokens.ts';

/** A call of a Python program as its source has it. */
export interface Call {
  /** The last name: `log` of `self.run.log(…)`. */
  readonly name: string;
  /** What stands before it: `self.run`; empty for a plain name. */
  readonly receiver: string;
  readonly arguments: readonly (readonly Token[])[];
  readonly named: ReadonlyMap<string, readonly Token[]>;
  /** 1-based. */
  readonly line: number;
}

/** Larger files hold no program a person wrote. */
const MOST_CHARACTERS = 400_000;
/** A longer statement is a table of data; nested brackets make reading it slow. */
const MOST_TOKENS = 1000;

/** The statements of a Python file; none of one that is too large to be a program. */
export function statements(text: string): LogicalLine[] {
  return text.length > MOST_CHARACTERS ? [] : logicalLines(text);
}

/** Every call in the statements, outer before inner. */
export function callsOf(text: string, lines: readonly LogicalLine[]): Call[] {
  const found: Call[] = [];
  let line = 1;
  let counted = 0;
  for (const { tokens } of lines) {
    if (tokens.length > MOST_TOKENS) continue;
    tokens.forEach((token, index) => {
      const before = tokens[index - 1];
      if (
        token.kind !== 'name' ||
        tokens[index + 1]?.text !== '(' ||
        before?.text === 'def' ||
        before?.text === 'class'
      )
        return;
      const parts = argumentsOf(tokens, index + 1).filter((part) => part.length > 0);
      line += text.slice(counted, token.start).split('\n').length - 1;
      counted = token.start;
      found.push({
        name: token.text,
        receiver: receiverOf(tokens, index),
        arguments: parts,
        named: keywords(parts),
        line,
      });
    });
  }
  return found;
}

/** `self.logger` before `.info`: only names joined by dots. */
function receiverOf(tokens: readonly Token[], index: number): string {
  const parts: string[] = [];
  for (let at = index - 1; tokens[at]?.text === '.'; at -= 2) {
    const name = tokens[at - 1];
    if (name?.kind !== 'name') break;
    parts.unshift(name.text);
  }
  return parts.join('.');
}

/** What a text token names; the body of an f-string, with its braces. */
export function nameIn(token: Token | undefined): string | undefined {
  const live = token?.kind === 'string' ? /^[fF](["'])([^"'\\]{1,200})\1$/.exec(token.text)?.[2] : undefined;
  return live ?? stringValue(token);
}

/** The keys of a dict literal that are texts; of f-strings with their braces. */
export function dictKeys(tokens: readonly Token[]): { readonly name: string; readonly value: readonly Token[] }[] {
  if (tokens[0]?.text === 'dict' && tokens[1]?.text === '(') {
    return [...keywords(argumentsOf(tokens, 1))].map(([name, value]) => ({ name, value }));
  }
  if (tokens[0]?.text !== '{' || tokens.at(-1)?.text !== '}') return [];
  return splitTokens(tokens.slice(1, -1), ',').flatMap((part) => {
    const [key, value] = splitTokens(part, ':');
    const name = key?.length === 1 ? nameIn(key[0]) : undefined;
    return name !== undefined && value ? [{ name, value }] : [];
  });
}

/** The source of tokens, without the spaces between them. */
export function sourceOf(tokens: readonly Token[]): string {
  return tokens.map((token) => token.text).join('');
}
