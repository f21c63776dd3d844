import * as path from 'node:path';
import * as vscode from 'vscode';
import { HumanError } from '../../core/domain/index.ts';
import { appendBox, boxesFile, lineOfBox, sshAliases } from '../boxes-file.ts';
import { messageText } from '../format.ts';
import { checkSummary } from '../views/box-words.ts';
import type { TreeNode } from '../views/tree-node.ts';
import type { Call, CommandParts, Commands } from './context.ts';
import { ask, choose, pickBoxName } from './pick.ts';
import type { Target } from './target.ts';

/** Boxes: naming them and looking at them. */
export function boxCommands({ session, system }: CommandParts): Commands {
  const boxOf = async (title: string, target: Target) =>
    target.box ?? pickBoxName(title, (await (await session.research()).state()).boxes);

  /** Asks one box, or all of them. The view shows each answer as it comes; what is wrong is said once at the end. */
  const check = async (name: string | undefined, call: Call) => {
    const research = await session.research();
    const title = name === undefined ? 'Checking boxes' : `Checking ${name}`;
    const reports = await call.work({ title, view: 'boxes', cancellable: true }, (to) =>
      research.checkBoxes({ ...to, ...(name === undefined ? {} : { names: [name] }) }),
    );
    await session.refresh();
    const said = checkSummary(reports);
    if (said.ok) {
      void vscode.window.setStatusBarMessage(`$(pass) ${said.text}`, 5000);
      return;
    }
    const show = 'Show Boxes';
    // Not awaited: the check is over, the message may stand on the screen for long.
    void vscode.window.showWarningMessage(messageText(said.text), show).then((chosen) => {
      if (chosen === show) void vscode.commands.executeCommand('research.boxes.focus');
    });
  };

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
      await check(target.box, call);
    },

    async checkBox(target, call) {
      await check(await boxOf('Check This Box', target), call);
    },

    async openBoxTerminal(target) {
      const name = await boxOf('Open Terminal on Box', target);
      const { program, args } = await (await session.research()).boxTerminal(name);
      const options = { name, shellPath: program, shellArgs: [...args], iconPath: new vscode.ThemeIcon('vm') };
      vscode.window.createTerminal(options).show();
    },

    async editBoxes(target) {
      const file = boxesFile(system);
      const text = await system.files.readText(file);
      if (text === undefined) {
        throw new HumanError(`There is no ${file} yet: without it, this machine is the only box. Add a box first.`, {
          code: 'no-boxes-file',
          actions: [{ title: 'Add Box', command: 'research.addBox' }],
        });
      }
      const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
      const line = target.line === undefined ? lineOfBox(text, target.box ?? '') : target.line - 1;
      await vscode.window.showTextDocument(document, { selection: new vscode.Range(line, 0, line, 0) });
    },

    async copyFix(_target, call) {
      const text = (call.argument as Partial<TreeNode> | undefined)?.copy;
      if (text === undefined) return;
      await vscode.env.clipboard.writeText(text);
      void vscode.window.setStatusBarMessage('$(copy) Fix copied', 3000);
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
