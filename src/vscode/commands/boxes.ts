import * as path from 'node:path';
import * as vscode from 'vscode';
import { appendBox, boxesFile, sshAliases } from '../boxes-file.ts';
import { plural } from '../format.ts';
import type { CommandParts, Commands } from './context.ts';
import { ask, choose } from './pick.ts';

/** Boxes: naming them and looking at them. */
export function boxCommands({ session, system }: CommandParts): Commands {
  return {
    async addBox() {
      const kind = await choose('Add Box', 'What kind of machine?', [
        { label: '$(device-desktop) This machine', description: 'runs beside VS Code', value: 'local' as const },
        { label: '$(vm) An ssh host', description: 'a GPU box you reach by ssh', value: 'ssh' as const },
        {
          label: '$(server-environment) A Slurm cluster',
          description: 'through its login node',
          value: 'slurm' as const,
        },
      ]);
      const host = kind === 'local' ? undefined : await askHost(await sshAliases(system));
      const name = await ask({
        title: 'Add Box',
        prompt: 'A short name for it',
        value: kind === 'local' ? 'here' : (host ?? '').replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, ''),
        validateInput: (text) =>
          /^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$/.test(text) ? undefined : 'Letters, digits, dots and dashes',
      });
      const file = boxesFile(system);
      const line = await appendBox(system.files, file, { name, kind, ...(host === undefined ? {} : { host }) });
      const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
      await vscode.window.showTextDocument(document, { selection: new vscode.Range(line, 0, line, 0) });
      await session.refresh();
      const check = 'Check It';
      const chosen = await vscode.window.showInformationMessage(`${name} is in ${path.basename(file)}.`, check);
      if (chosen === check) await vscode.commands.executeCommand('research.checkBoxes', { box: name });
    },

    async checkBoxes(target, call) {
      const research = await session.research();
      const names = target.box === undefined ? undefined : [target.box];
      const reports = await call.work(
        { title: 'Checking boxes', view: 'boxes', cancellable: target.box === undefined },
        (to) => research.checkBoxes({ ...to, ...(names ? { names } : {}) }),
      );
      await session.refresh();
      const bad = reports.filter((report) => !report.reachable || report.problems.length > 0);
      if (bad.length === 0) {
        void vscode.window.setStatusBarMessage(`$(pass) ${plural(reports.length, 'box', 'boxes')} ready`, 5000);
        return;
      }
      const words = bad.map(
        (report) =>
          `${report.box}: ${report.problems.map((one) => `${one.what}. ${one.fix}`).join(' ') || 'does not answer'}`,
      );
      void vscode.window.showWarningMessage(words.join('\n'));
    },
  };
}

async function askHost(aliases: readonly string[]): Promise<string> {
  const other = '$(edit) Another host…';
  if (aliases.length > 0) {
    const items = [
      ...aliases.map((label) => ({ label, description: 'from ~/.ssh/config' })),
      { label: other, description: '' },
    ];
    const chosen = await vscode.window.showQuickPick(items, { title: 'Add Box', placeHolder: 'Which host?' });
    if (!chosen) throw new vscode.CancellationError();
    if (chosen.label !== other) return chosen.label;
  }
  return ask({
    title: 'Add Box',
    prompt: 'An alias of ~/.ssh/config, or a host name',
    validateInput: (text) =>
      /^[^-\s][^\s]*$/.test(text) ? undefined : 'A host name without spaces; it may not start with a dash',
  });
}
