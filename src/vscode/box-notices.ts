import * as vscode from 'vscode';
import { messageText } from './format.ts';
import { newlyNeedy } from './needy-boxes.ts';
import type { Session } from './session.ts';

/** Says once of each box that only a person can let in again, and offers the check that may ask them. */
export function noticeBoxes(session: Session): vscode.Disposable {
  const told = new Set<string>();
  return session.onDidChange(() => {
    const boxes = session.state.kind === 'open' ? session.state.state.boxes : [];
    for (const { name, problem } of newlyNeedy(told, boxes)) void offerCheck(name, problem);
  });
}

async function offerCheck(name: string, problem: string): Promise<void> {
  const check = 'Check Boxes';
  const chosen = await vscode.window.showWarningMessage(messageText(`${name} needs attention. ${problem}`), check);
  if (chosen === check) await vscode.commands.executeCommand('research.checkBoxes', { box: name });
}
