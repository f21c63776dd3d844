import { boxDetails, boxLines, unreachableSentence } from './box-lines.ts';
import { withProgress } from './commands.ts';
import { EXIT } from './exit.ts';
import type { Session } from './main.ts';

/**
 * Lists the boxes; with `check` asks each of them first. After Ctrl+C it shows what came until then.
 * Gives the exit code: `EXIT.unreachable` where a box did not answer.
 */
export async function boxes(session: Session, options: { readonly check?: boolean }): Promise<number> {
  const { research, terminal, signal } = session;
  if (!options.check) {
    const nodes = await research.boxes();
    terminal.answer(nodes);
    for (const line of boxLines(nodes, terminal.width)) terminal.say(line);
    if (nodes.every((node) => node.report === undefined))
      terminal.note('"research-copilot boxes --check" asks each of them.');
    return EXIT.done;
  }
  await withProgress(session, (progress) => research.checkBoxes({ signal, progress })).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  const nodes = await research.boxes();
  const reports = nodes.flatMap(({ report }) => report ?? []);
  terminal.answer(reports);
  for (const line of boxLines(nodes, terminal.width)) terminal.say(line);
  for (const node of nodes) {
    const details = boxDetails(node, terminal.width);
    if (details.length > 0) terminal.say('');
    for (const line of details) terminal.say(line);
  }
  const gone = unreachableSentence(reports);
  if (gone === undefined) return EXIT.done;
  terminal.note(gone);
  return EXIT.unreachable;
}
