import {
  type CallHead,
  type Config,
  fenced,
  HumanError,
  type IdeaId,
  type ModelCall,
  type TokenUsage,
} from '../domain/index.ts';
import { costOfCall } from '../models/index.ts';
import { modelConfig, type Parts } from './parts.ts';

/** Every model call of the repository, or of one idea, as Markdown to be read; each is named `call N`. */
export async function readCalls(parts: Parts, idea?: IdeaId): Promise<string> {
  return callsText(await pricedCalls(parts, { idea }), idea);
}

/** One call to be read. @throws HumanError `no-call` */
export async function readCall(parts: Parts, id: number): Promise<string> {
  return callText(await requireCall(parts, id));
}

/** @throws HumanError `no-call` */
export async function requireCall(parts: Parts, id: number): Promise<ModelCall> {
  const call = await parts.store.call(id);
  if (call) return { ...call, ...costAt(call, await pricesOf(parts)) };
  throw new HumanError(
    `There is no model call ${id} in ${parts.store.file}. "Show Model Calls" lists those there are.`,
    {
      code: 'no-call',
    },
  );
}

/** Calls with what they cost: a price that was written down later holds for those that had none. */
export async function pricedCalls(
  parts: Parts,
  filter: Parameters<Parts['store']['calls']>[0] = {},
): Promise<readonly CallHead[]> {
  const prices = await pricesOf(parts);
  return (await parts.store.calls(filter)).map((call) => ({ ...call, ...costAt(call, prices) }));
}

/** None where config.yaml cannot be read: that is said where a model is asked, and no reason to show nothing. */
async function pricesOf(parts: Parts): Promise<Config['prices']> {
  return (await modelConfig(parts).catch(() => undefined))?.prices ?? {};
}

function costAt(call: Pick<CallHead, 'cost' | 'usage' | 'model'>, prices: Config['prices']): { cost?: number } {
  const cost = costOfCall(call, prices);
  return cost === undefined ? {} : { cost };
}

/** The list, newest first, with what all of them took and cost. */
export function callsText(calls: readonly CallHead[], idea?: IdeaId): string {
  const title = idea === undefined ? '# Model Calls' : `# Model Calls of #${idea}`;
  if (calls.length === 0) return `${title}\n\nNo model was asked yet.\n`;
  const head = ['call', 'asked', 'for', 'model', 'server', 'tokens', 'cost', 'took', 'what came of it'];
  const rows = calls
    .toReversed()
    .map((call) => [
      `call ${call.id}`,
      new Date(call.createdAt).toISOString(),
      callPurpose(call),
      call.model,
      call.server,
      call.usage ? `${mark(call.usage)}${call.usage.input} in, ${call.usage.output} out` : '',
      costWord(call),
      call.latencyMs === undefined ? '' : `${(call.latencyMs / 1000).toFixed(1)} s`,
      outcomeWord(call),
    ]);
  return `${title}\n\n${sumText(calls)}\n\n${table([head, ...rows])}\n`;
}

/** What the calls took and cost in all; a call whose model has no price is said, not counted as free. */
export function sumText(calls: readonly CallHead[]): string {
  const count = (state: CallHead['state']) => calls.filter((call) => call.state === state).length;
  const states = (['answered', 'failed', 'asked'] as const).flatMap((state) =>
    count(state) === 0 ? [] : [`${count(state)} ${state === 'asked' ? 'under way' : state}`],
  );
  const used = calls.flatMap((call) => call.usage ?? []);
  const sum = (of: (usage: TokenUsage) => number) => used.reduce((total, usage) => total + of(usage), 0);
  const tokens =
    `${sum((usage) => usage.input)} tokens in (${sum((usage) => usage.cachedInput)} of them from the server's cache), ` +
    `${sum((usage) => usage.output)} out (${sum((usage) => usage.reasoning)} of them thoughts)`;
  const unpriced = calls.filter((call) => call.usage && call.cost === undefined);
  const models = [...new Set(unpriced.map((call) => call.model))];
  const cost = calls.reduce((total, call) => total + (call.cost ?? 0), 0);
  const priced =
    models.length === 0
      ? `Cost: ${money(cost)}.`
      : `Cost: ${money(cost)}, and what ${unpriced.length} of them cost is unknown: prices in config.yaml has none for ${models.join(', ')}.`;
  return `${calls.length} in all: ${states.join(', ')}. ${tokens}. ${priced}`;
}

/** One call: what was sent word for word, what came back, and what it took. */
export function callText(call: ModelCall): string {
  const { usage } = call;
  const { left_out, ...params } = call.params;
  const facts = [
    `asked ${new Date(call.createdAt).toISOString()} of ${call.model} at ${call.server}`,
    `came to: ${outcomeWord(call)}`,
    ...(usage
      ? [
          `tokens: ${usage.input} in (${usage.cachedInput} of them from the server's cache), ${usage.output} out ` +
            `(${usage.reasoning} of them thoughts)${usage.estimated ? '; counted here, the server told none' : ''}`,
          `cost: ${call.cost === undefined ? `unknown: prices in config.yaml has none for ${call.model}` : money(call.cost)}`,
        ]
      : []),
    ...(call.latencyMs === undefined ? [] : [`took ${(call.latencyMs / 1000).toFixed(1)} s`]),
    `parameters: ${JSON.stringify(params)}`,
    ...leftOut(left_out),
    `key: ${call.key} (a call that was answered is never paid again under its key)`,
  ];
  const { answer } = call;
  return `${[
    `# Model call ${call.id}: ${callPurpose(call)}`,
    facts.map((fact) => `- ${oneLine(fact)}`).join('\n'),
    '## The prompt',
    ...call.messages.flatMap(({ role, content }) => [`### ${role}`, fenced(content)]),
    '## The answer',
    answer === undefined ? 'There is none.' : fenced(answer),
  ].join('\n\n')}\n`;
}

/** What of the repository the prompt left out, as it was kept with the call. */
function leftOut(kept: unknown): string[] {
  if (!Array.isArray(kept) || kept.length === 0) return [];
  return [`left out of the prompt: ${kept.map(String).join('; ')}`];
}

/** What a call was for: `ideas of round 3`, `patch of #12`. */
export function callPurpose({ purpose, idea, round }: Pick<CallHead, 'purpose' | 'idea' | 'round'>): string {
  const word = purpose === 'detect' ? 'setting up' : purpose;
  if (idea !== undefined) return `${word} of #${idea}`;
  return round === undefined ? word : `${word} of round ${round}`;
}

function outcomeWord({ state, error }: Pick<CallHead, 'state' | 'error'>): string {
  if (state === 'asked') return 'no answer yet';
  return error === undefined ? state : `${state}: ${oneLine(error)}`;
}

function costWord({ usage, cost }: CallHead): string {
  if (cost !== undefined) return money(cost);
  return usage ? 'unknown' : '';
}

/** An amount in whatever currency the price table is in: never rounded to nothing. */
function money(amount: number): string {
  if (amount === 0) return '0';
  return amount >= 0.01 ? amount.toFixed(4) : amount.toPrecision(2);
}

const mark = (usage: TokenUsage) => (usage.estimated ? '~' : '');
const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

/** Rows as a Markdown table whose columns also line up in plain text. */
function table(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => oneLine(cell).replaceAll('|', '\\|')));
  const widths = (clean[0] ?? []).map((_, column) => Math.max(3, ...clean.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const [head = [], ...rest] = clean;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}
