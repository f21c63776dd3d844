import { HumanError } from '../core/domain/index.ts';
import { printable } from './columns.ts';
import { withProgress } from './commands.ts';
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
export async function finishByHand(session: Session, id: string): Promise<void> {
  const { research, terminal, signal } = session;
  const candidate = await withProgress(session, (progress) => research.finishByHand(id, { signal, progress }));
  terminal.answer(candidate);
  for (const { severity, path, line, message } of candidate.findings) {
    terminal.note(printable(`${severity}: ${path}${line === undefined ? '' : `:${line}`}: ${message}`));
  }
  if (candidate.duplicateOf !== undefined) terminal.note(`It is the same patch as #${candidate.duplicateOf}.`);
  terminal.say(`#${id} passed the gates. "research-copilot approve ${id}" approves it.`);
}

interface Words {
  readonly title?: string;
  readonly hypothesis?: string;
  readonly details?: string;
  readonly expected?: string;
  readonly risk?: string;
}

/** Adds an idea of a person's own to the current round. */
export async function addIdea({ research, terminal }: Session, title: string, words: Words): Promise<void> {
  const idea = await research.addIdea({ ...words, title });
  terminal.answer(idea);
  terminal.say(`Added #${idea.id}. "research-copilot review ${idea.id}" makes a patch of it and shows it.`);
}

/** Changes the words of an idea. @throws HumanError `nothing-to-do` where none is given */
export async function editIdea({ research, terminal }: Session, id: number, words: Words): Promise<void> {
  if (Object.values(words).every((word) => word === undefined)) {
    throw new HumanError('Say what to change: --title, --hypothesis, --details, --expected or --risk.', {
      code: 'nothing-to-do',
    });
  }
  const idea = await research.editIdea(id, words);
  terminal.answer(idea);
  terminal.say(`#${id} is changed: ${printable(idea.title)}`);
}

export async function pinIdea(
  { research, terminal }: Session,
  id: number,
  options: { readonly undo?: boolean },
): Promise<void> {
  await research.pinIdea(id, options.undo !== true);
  terminal.answer({ idea: id, pinned: options.undo !== true });
  terminal.say(
    options.undo
      ? `#${id} is no longer pinned.`
      : `#${id} is pinned: the next round tries it and builds on it first, and a clean-up keeps it.`,
  );
}

export async function rejectIdea(
  { research, terminal }: Session,
  id: number,
  options: { readonly reason: string },
): Promise<void> {
  await research.rejectIdea(id, options.reason);
  terminal.answer({ idea: id, rejection: options.reason });
  terminal.say(
    `#${id} is rejected. The ideator will be told why. "research-copilot ideas restore ${id}" takes it back.`,
  );
}

export async function restoreIdea({ research, terminal }: Session, id: number): Promise<void> {
  await research.restoreIdea(id);
  terminal.answer({ idea: id });
  terminal.say(`#${id} stands again.`);
}

/** Prints what to aim for, and says where it is edited. */
export async function brief({ research, terminal }: Session): Promise<void> {
  const { text, file } = await research.brief();
  terminal.answer({ text, file });
  if (text.trim() === '') terminal.say('There is no brief yet.');
  for (const line of text.trimEnd().split('\n')) if (text.trim() !== '') terminal.say(printable(line));
  terminal.note(`Edit it in ${file}; the next proposal reads it as it stands there.`);
}
