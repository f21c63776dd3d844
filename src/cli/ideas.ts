import { printable } from './columns.ts';
import type { Session } from './main.ts';

/** Prints every answer that was given for a candidate, what came of its edits, and the patch. */
export async function attempts({ research, terminal }: Session, candidate: string): Promise<void> {
  const text = await research.attemptsText(candidate);
  terminal.answer(await research.attempts(candidate));
  for (const line of text.split('\n')) terminal.say(line.split('\t').map(printable).join('\t'));
}

/** Gives a failed or rejected candidate into a person's hands and says in which folder. */
export async function continueByHand({ research, terminal }: Session, from: string): Promise<void> {
  const { candidate, review } = await research.continueByHand(from);
  terminal.answer({ candidate, folder: review.folder });
  terminal.say(`#${candidate.id} is yours to write, in ${review.folder}`);
  terminal.say(`"research-copilot finish ${candidate.id}" takes what you wrote, once it passes the gates.`);
}

/** Takes what a person wrote as the candidate's patch. */
export async function finishByHand({ research, terminal }: Session, id: string): Promise<void> {
  const candidate = await research.finishByHand(id);
  terminal.answer(candidate);
  for (const { severity, path, line, message } of candidate.findings) {
    terminal.note(printable(`${severity}: ${path}${line === undefined ? '' : `:${line}`}: ${message}`));
  }
  if (candidate.duplicateOf !== undefined) terminal.note(`It is the same patch as #${candidate.duplicateOf}.`);
  terminal.say(`#${id} passed the gates. "research-copilot approve ${id}" approves it.`);
}
