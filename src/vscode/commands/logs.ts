import * as vscode from 'vscode';
import { HumanError } from '../../core/domain/index.ts';
import { runName } from '../views/run-words.ts';
import type { CommandParts, Commands } from './context.ts';
import { pickRun } from './pick.ts';

/** What a run printed, and where it did so. */
export function logCommands({ session, logs, system }: CommandParts): Commands {
  return {
    async openLog(target) {
      const research = await session.research();
      const run = await pickRun('Open Log', await research.state(), target, () => true, 'There is no run yet.');
      logs.show(research, run, `Log ${runName(run)}`);
    },

    async openLogText(target) {
      const research = await session.research();
      const run = await pickRun('Open Log as Text', await research.state(), target, () => true, 'There is no run yet.');
      const file = research.logFile(run.id);
      if ((await system.files.info(file)) === undefined) {
        throw new HumanError(
          `Run ${run.id} has no log on this machine yet: it is ${run.state}${run.reason ? ` (${run.reason})` : ''}.`,
          {
            code: 'no-log',
          },
        );
      }
      const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
      await vscode.window.showTextDocument(document, { preview: true });
    },

    async openRunFolder(target) {
      const research = await session.research();
      const run = await pickRun(
        'Open Folder on the Box',
        await research.state(),
        target,
        (one) => one.box !== undefined && one.state !== 'queued',
        'No run has a folder on a box yet.',
      );
      const { program, args } = await research.terminal(run.id);
      const iconPath = new vscode.ThemeIcon('vm');
      const name = `${runName(run)} on ${run.box}`;
      vscode.window.createTerminal({ name, shellPath: program, shellArgs: [...args], iconPath }).show();
    },

    async copyRunId(target) {
      const state = await session.now();
      const run = await pickRun('Copy Run ID', state, target, () => true, 'There is no run yet.');
      await vscode.env.clipboard.writeText(run.id);
      void vscode.window.setStatusBarMessage(`$(copy) ${run.id} copied`, 3000);
    },
  };
}
