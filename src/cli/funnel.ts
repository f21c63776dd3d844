import { FUNNEL_STAGES, type FunnelStage } from '../core/search/index.ts';
import { type Column, printable, tableLines } from './columns.ts';
import type { Session } from './main.ts';

const WORDS: Readonly<Record<FunnelStage, string>> = {
  proposed: 'proposed',
  distinct: 'distinct',
  applied: 'applied to the files',
  passed: 'passed the gates',
  ran: 'ran',
  succeeded: 'succeeded',
  ranked: 'ranked',
};
const LOSSES: readonly Column[] = [{ head: 'idea' }, { head: 'lost as' }, { head: 'reason', shrinks: true }];

/** How far ideas came, of one round or of all, and why each of the others did not. */
export async function funnel({ research, terminal }: Session, options: { readonly round?: number }): Promise<void> {
  const { counts, places } = await research.funnel(options.round);
  terminal.answer({ counts, places });
  if (places.length === 0) {
    terminal.say('There is no idea yet: "research-copilot ideas" asks for some.');
    return;
  }
  for (const stage of FUNNEL_STAGES) terminal.say(`${WORDS[stage].padEnd(22)} ${String(counts[stage]).padStart(5)}`);
  const lost = places.filter((place) => place.lost !== undefined);
  if (lost.length === 0) return;
  terminal.say('');
  const cells = lost.map(({ idea, lost: code, reason }) => [`#${idea}`, code ?? '', printable(reason ?? '')]);
  for (const line of tableLines(LOSSES, cells, terminal.width)) terminal.say(line);
}
