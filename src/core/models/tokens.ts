import type { Config, TokenUsage } from '../domain/index.ts';

/** Characters a token, measured over training repos (3.40 to 4.56 with o200k): 3.3 is a safe upper bound of tokens. */
const CHARACTERS_PER_TOKEN = 3.3;

/** Tokens of a text, rounded up; never too few for source code. */
export function estimateTokens(text: string): number {
  return tokensOfLength(text.length);
}

/** The same, of a text of so many characters. */
export function tokensOfLength(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** What we count ourselves where the server tells no usage. */
export function estimateUsage(input: string, output: string): TokenUsage {
  return {
    input: estimateTokens(input),
    cachedInput: 0,
    output: estimateTokens(output),
    reasoning: 0,
    estimated: true,
  };
}

/**
 * What a call cost in the currency of the price table, or undefined for a model without a price. `input` holds the
 * cached tokens too, and `output` the reasoning, as OpenAI counts them.
 */
export function costOf(usage: TokenUsage, prices: Config['prices'], model: string): number | undefined {
  const price = Object.hasOwn(prices, model) ? prices[model] : undefined;
  if (!price) return undefined;
  const cached = Math.min(usage.cachedInput, usage.input);
  const fresh = usage.input - cached;
  return (fresh * price.input + cached * (price.cached ?? price.input) + usage.output * price.output) / 1e6;
}
