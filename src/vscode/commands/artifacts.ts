import * as path from 'node:path';
import * as vscode from 'vscode';
import { formatSize } from '../../core/domain/index.ts';
import { plural } from '../format.ts';
import type { CommandParts, Commands } from './context.ts';
import { pickRun } from './pick.ts';

/** Bringing the files that a run wrote. */
export function artifactCommands({ session }: CommandParts): Commands {
  return {
    async fetchArtifacts(target, call) {
      const research = await session.research();
      const run = await pickRun(
        'Fetch Artifacts',
        await research.state(),
        target,
        (one) => one.box !== undefined && one.state !== 'queued',
        'No run has been on a box yet.',
      );
      const to = await pickFolder(path.join(research.root, '.research', 'artifacts', run.id));
      const fetched = await call.work({ title: 'Fetching artifacts', view: 'runs', cancellable: true }, (options) =>
        research.fetchArtifacts(run.id, { ...options, ...(to === undefined ? {} : { to }) }),
      );
      const bytes = fetched.files.reduce((sum, file) => sum + file.size, 0);
      const skipped = fetched.skipped.map((one) => `${one.path}: ${one.why}`);
      const message = [
        `${plural(fetched.files.length, 'file')} (${formatSize(bytes)}) of run ${run.id} in ${fetched.folder}.`,
        ...(skipped.length === 0 ? [] : [`Left out: ${skipped.slice(0, 3).join('; ')}`]),
        ...(skipped.length > 3 ? [`and ${skipped.length - 3} more`] : []),
      ].join(' ');
      const show = skipped.length === 0 ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
      // Not waited for: the command is done.
      void show(message, 'Open Folder').then((answer) => {
        if (answer === undefined) return;
        void vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(fetched.folder));
      });
    },
  };
}

/** Where to: our own folder, which git does not see, or one that the person chooses. @returns undefined for our own */
async function pickFolder(own: string): Promise<string | undefined> {
  const ours = { label: '$(folder) .research/artifacts', description: 'in this repository, hidden from git' };
  const other = { label: '$(folder-opened) Another Folder…' };
  const choice = await vscode.window.showQuickPick([ours, other], { title: 'Fetch Artifacts', placeHolder: own });
  if (choice === undefined) throw new vscode.CancellationError();
  if (choice === ours) return undefined;
  const picked = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    openLabel: 'Fetch Here',
    title: 'Fetch Artifacts',
  });
  if (!picked?.[0]) throw new vscode.CancellationError();
  return picked[0].fsPath;
}
