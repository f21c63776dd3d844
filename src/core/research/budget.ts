import { type CallHead, type Config, HumanError } from '../domain/index.ts';
import {
  BUDGET_SPANS,
  type BudgetSpan,
  type BudgetUnit,
  type CallBudgets,
  type CallGate,
  DAY_MS,
  isLimited,
  mostOf,
  type Overrun,
  overrunOf,
  useOf,
} from '../models/index.ts';
import type { Parts } from './parts.ts';

/** What a person said while this process lives. */
export interface BudgetAnswers {
  /** How often each budget was raised. */
  readonly raised: Map<string, number>;
  /** The calls that waited for the same answer when raising a budget was refused. */
  readonly refused: Map<string, ReadonlySet<number>>;
  /** Calls that are written down and not let through yet: they have taken nothing. */
  readonly waiting: Set<number>;
}

type Call = Parameters<CallGate>[0];

/**
 * Before a call that may pass a budget of `models.budgets`: asks whether the budget is raised by its own size. A call is
 * counted with the most it may take from the moment it is let through, so that two at once cannot share the same rest.
 * @throws HumanError `budget` where the answer is no, or nobody can answer
 */
export async function requireBudget(parts: Parts, config: Config, call: Call): Promise<void> {
  const budgets = budgetsOf(parts, config.models.budgets);
  if (!isLimited(budgets, 'money') && !isLimited(budgets, 'tokens')) return;
  const { waiting } = parts.budgetAnswers;
  waiting.add(call.id);
  try {
    const signal = call.signal ?? new AbortController().signal;
    await parts.turns.take('model budget', signal, async () => {
      if (isLimited(budgets, 'money')) await requirePrice(parts, config.prices, call.model, call.id);
      await requireRoom(parts, config.prices, budgets, call);
    });
  } finally {
    waiting.delete(call.id);
  }
}

/** The host's settings win, number by number. */
function budgetsOf({ host }: Parts, budgets: CallBudgets): CallBudgets {
  const own = host.modelSettings().budgets ?? {};
  return Object.fromEntries(
    BUDGET_SPANS.map((span) => [
      span,
      own[span] === undefined ? budgets[span] : { ...budgets[span], money: own[span] },
    ]),
  );
}

/**
 * A model whose price is not known is not one that costs nothing: with a budget in money a person has to say so.
 * @throws HumanError `budget`
 */
export async function requirePrice(
  parts: Parts,
  prices: Config['prices'],
  model: string,
  call?: number,
): Promise<void> {
  const key = `price of ${model}`;
  if (mostOf(1, 1, prices, model).money !== undefined || parts.budgetAnswers.raised.has(key)) return;
  await requireYes(parts, key, call, {
    message: `What ${model} costs is unknown, and you set a budget in money. Ask it all the same?`,
    detail: `prices in config.yaml has none for ${model}. What it costs will not be counted until there is one; a model that costs nothing has { input: 0, output: 0 }.`,
    yes: 'Ask It',
    no: `Nothing was asked of ${model}: you set a budget in money, and what it costs is unknown. Write its price under prices in config.yaml, { input: 0, output: 0 } where it costs nothing.`,
  });
}

async function requireRoom(parts: Parts, prices: Config['prices'], budgets: CallBudgets, call: Call): Promise<void> {
  const { raised, waiting } = parts.budgetAnswers;
  const most = mostOf(call.inputTokens, call.outputTokens, prices, call.model);
  const keyOf = (span: BudgetSpan, unit: BudgetUnit) =>
    span === 'round' ? `${unit} a round ${call.base}/${call.round}` : `${unit} a ${span}`;
  for (;;) {
    const others = (await parts.store.calls()).filter((one) => !waiting.has(one.id));
    const now = parts.system.clock.now();
    const use = (of: (one: CallHead) => boolean) => useOf(others.filter(of), prices, now);
    const uses = {
      round: use((one) => call.round !== undefined && one.round === call.round && one.base === call.base),
      day: use((one) => now - one.createdAt < DAY_MS),
      total: use(() => true),
    };
    const over = overrunOf(budgets, uses, most, (span, unit) => raised.get(keyOf(span, unit)) ?? 0);
    if (!over) return;
    await requireYes(parts, keyOf(over.span, over.unit), call.id, wordsOf(over, call.model));
  }
}

interface Words {
  readonly message: string;
  readonly detail: string;
  readonly yes: string;
  /** What the refusal says. */
  readonly no: string;
}

/** One question for all calls that wait: a no to one holds for the others, and for none that is asked later. */
async function requireYes(parts: Parts, key: string, call: number | undefined, { no, ...words }: Words): Promise<void> {
  const { raised, refused, waiting } = parts.budgetAnswers;
  const saidNo = call !== undefined && refused.get(key)?.has(call);
  if (!saidNo && (await parts.host.confirm({ kind: 'model-budget', ...words }))) {
    raised.set(key, (raised.get(key) ?? 0) + 1);
    return;
  }
  if (!saidNo) refused.set(key, new Set(waiting));
  throw new HumanError(no, { code: 'budget' });
}

const OVER: Readonly<Record<BudgetSpan, string>> = {
  round: 'of this round',
  day: 'of the last 24 hours',
  total: 'of this repository',
};

function wordsOf({ span, unit, limit, room, spent, call }: Overrun, model: string): Words {
  const shown = (amount: number) =>
    unit === 'tokens' ? `${Math.round(amount).toLocaleString('en')} tokens` : String(Number(amount.toPrecision(3)));
  const sum = `Model calls ${OVER[span]} took ${shown(spent)} of your budget of ${shown(room)}, and the next one, of ${model}, may take up to ${shown(call)}.`;
  const where = `models.budgets.${span}.${unit} in config.yaml`;
  return {
    message: `${sum} Allow another ${shown(limit)}?`,
    detail: `The budget is ${where}. What you allow holds until Research Copilot is closed here.`,
    yes: `Allow Another ${shown(limit)}`,
    no: `Nothing was asked. ${sum} Raise ${where}${unit === 'money' ? ' (or the setting of it in VS Code)' : ''}, or wait.`,
  };
}
