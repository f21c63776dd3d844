import type { CallHead, Config, Millis } from '../domain/index.ts';
import { costOf, tokensOfLength } from './tokens.ts';

/** Over what a budget for model calls holds: one round of a base, the last 24 hours, the whole database. */
export const BUDGET_SPANS = ['round', 'day', 'total'] as const;
export type BudgetSpan = (typeof BUDGET_SPANS)[number];
export type BudgetUnit = 'money' | 'tokens';
export type CallBudgets = Config['models']['budgets'];

/** What calls took, or may take: tokens in and out, and money in the currency of the price table. */
export interface Use {
  readonly tokens: number;
  readonly money: number;
}

/** A budget that one more call might pass. */
export interface Overrun {
  readonly span: BudgetSpan;
  readonly unit: BudgetUnit;
  readonly limit: number;
  /** As it was raised by a person. */
  readonly room: number;
  readonly spent: number;
  readonly call: number;
}

/** A call under way that nothing was heard of for so long will not be answered: the process that asked is gone. */
const ANSWER_MS = 60 * 60_000;
export const DAY_MS = 24 * 60 * 60_000;

/** The most a call may take: all of its prompt, and the longest answer. No `money` where its model has no price. */
export function mostOf(
  inputTokens: number,
  outputTokens: number,
  prices: Config['prices'],
  model: string,
): { readonly tokens: number; readonly money: number | undefined } {
  const usage = { input: inputTokens, cachedInput: 0, output: outputTokens, reasoning: 0, estimated: true };
  return { tokens: inputTokens + outputTokens, money: costOf(usage, prices, model) };
}

/** What a call cost: as it was written down then, else by the prices of now; undefined where its model has none. */
export function costOfCall(
  { cost, usage, model }: Pick<CallHead, 'cost' | 'usage' | 'model'>,
  prices: Config['prices'],
): number | undefined {
  return cost ?? (usage && costOf(usage, prices, model));
}

/** What these calls took in all. One under way counts with the most it may take: it is as good as spent. */
export function useOf(calls: readonly CallHead[], prices: Config['prices'], now: Millis): Use {
  let [tokens, money] = [0, 0];
  for (const call of calls) {
    if (call.usage) {
      tokens += call.usage.input + call.usage.output;
      money += costOfCall(call, prices) ?? 0;
    } else if (call.state === 'asked' && now - call.createdAt < ANSWER_MS) {
      const { max_output_tokens: longest } = call.params;
      const most = mostOf(
        tokensOfLength(call.promptLength),
        typeof longest === 'number' ? longest : 0,
        prices,
        call.model,
      );
      tokens += most.tokens;
      money += most.money ?? 0;
    }
  }
  return { tokens, money };
}

/**
 * The first budget that one more call might pass; undefined where there is room.
 * @param raised how many times its own size a person has added to a budget
 */
export function overrunOf(
  budgets: CallBudgets,
  uses: Readonly<Record<BudgetSpan, Use>>,
  call: { readonly tokens: number; readonly money: number | undefined },
  raised: (span: BudgetSpan, unit: BudgetUnit) => number,
): Overrun | undefined {
  for (const span of BUDGET_SPANS) {
    for (const unit of ['money', 'tokens'] as const) {
      const limit = budgets[span]?.[unit];
      const most = call[unit];
      if (limit === undefined || most === undefined) continue;
      const spent = uses[span][unit];
      const room = limit * (1 + raised(span, unit));
      if (spent + most > room) return { span, unit, limit, room, spent, call: most };
    }
  }
  return undefined;
}

/** Whether any budget of this unit is set. */
export function isLimited(budgets: CallBudgets, unit: BudgetUnit): boolean {
  return BUDGET_SPANS.some((span) => budgets[span]?.[unit] !== undefined);
}
