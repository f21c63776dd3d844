import { type CallHead, HumanError } from '../core/domain/index.ts';
import { type Column, printable, tableLines } from './columns.ts';
import type { Session } from './main.ts';
import { formatDuration } from './numbers.ts';

const COLUMNS: readonly Column[] = [
  { head: 'call', align: 'right' },
  { head: 'asked', spare: 3 },
  { head: 'for' },
  { head: 'model', spare: 1 },
  { head: 'in', align: 'right', spare: 4 },
  { head: 'out', align: 'right', spare: 4 },
  { head: 'cost', align: 'right' },
  { head: 'took', align: 'right', spare: 2 },
  { head: 'what came of it', shrinks: true },
];

/** Lists what was asked of models, newest first, or shows one call with its prompt and answer. */
export async function calls(
  { research, terminal }: Session,
  id: number | undefined,
  options: { readonly idea?: number },
): Promise<void> {
  if (id !== undefined) {
    if (options.idea !== undefined) {
      throw new HumanError('Name a call or an idea, not both.', { code: 'nothing-to-do' });
    }
    const text = await research.modelCallText(id);
    terminal.answer(await research.modelCall(id));
    for (const line of text.split('\n')) terminal.say(line.split('\t').map(printable).join('\t'));
    return;
  }
  const heads = await research.modelCalls(options.idea);
  terminal.answer(heads);
  if (heads.length === 0) {
    terminal.say('No model was asked yet.');
    return;
  }
  for (const line of tableLines(COLUMNS, heads.toReversed().map(cells), terminal.width)) terminal.say(line);
  terminal.note('"research-copilot calls 1" shows the prompt and the answer of call 1.');
}

function cells(call: CallHead): readonly string[] {
  const { usage, idea, round, cost } = call;
  const of = idea !== undefined ? ` of #${idea}` : round === undefined ? '' : ` of round ${round}`;
  const tokens = (many: number | undefined) => (many === undefined ? '' : `${usage?.estimated ? '~' : ''}${many}`);
  return [
    String(call.id),
    new Date(call.createdAt).toISOString().slice(0, 19).replace('T', ' '),
    `${call.purpose}${of}`,
    call.model,
    tokens(usage?.input),
    tokens(usage?.output),
    cost === undefined ? (usage ? 'unknown' : '') : String(Number(cost.toPrecision(4))),
    call.latencyMs === undefined ? '' : formatDuration(call.latencyMs),
    call.error === undefined ? call.state : `${call.state}: ${call.error}`,
  ];
}
