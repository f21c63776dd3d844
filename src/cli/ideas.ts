import { printable } from './columns.ts';
import type { Session } from './main.ts';

/** Prints every answer that was given for a candidate, what came of its edits, and the patch. */
export async function attempts({ research, terminal }: Session, candidate: string): Promise<void> {
  const text = await research.attemptsText(candidate);
  terminal.answer(await research.attempts(candidate));
  for (const line of text.split('\n')) terminal.say(line.split('\t').map(printable).join('\t'));
}
