import * as vscode from 'vscode';
import { commandOfKey, isPressed, NOTHING } from '../views/view-keys.ts';
import type { CommandParts, Commands } from './context.ts';
import { commandId } from './ids.ts';

/** The keys of our own views. VS Code has no words for the line under the cursor in a key's condition, so it is asked. */
export function keyCommands({ views }: Pick<CommandParts, 'views'>): Commands {
  return {
    async pressKey(_target, { argument }) {
      if (!isPressed(argument)) return;
      const { view, key } = argument;
      const lines = await views.underCursor(view);
      const [line] = lines;
      const command = line && commandOfKey(view, key, line.node);
      if (command !== undefined) {
        await vscode.commands.executeCommand(commandId(command), line, lines);
      } else if (key === 'open') {
        // What Enter does in every list: folds, unfolds, and what a click would do.
        await vscode.commands.executeCommand('list.select');
      } else {
        void vscode.window.setStatusBarMessage(`$(info) ${NOTHING[key]}`, 4000);
      }
    },
  };
}
