import * as path from 'node:path';
import * as vscode from 'vscode';
import { HumanError } from '../../core/domain/index.ts';
import { modelSettings } from '../settings.ts';
import type { CommandParts, Commands } from './context.ts';
import { ask, confirm } from './pick.ts';

/** The repository, its base, keys, upkeep. */
export function setupCommands({ session, apiKeys, log, system }: CommandParts): Commands {
  return {
    async setUp(_target, call) {
      const research = await session.research();
      const file = path.join(research.root, 'research.yaml');
      const state = await research.state();
      if (state.environment.ok || !state.environment.missing) {
        await show(file, state.environment.ok ? undefined : state.environment.diagnostics[0]?.line);
        return;
      }
      const read = (askModel: boolean) =>
        call.work(
          { title: askModel ? 'Asking the model for what stays open' : 'Reading the repository', view: 'ideas' },
          ({ signal }) => research.detect({ askModel, signal }),
        );
      let detected = await read(false);
      let draft = await showDraft(file, detected.yaml);
      const [write, askIt, discardIt] = ['Write research.yaml', 'Ask the Model', 'Discard'] as const;
      let mayAsk = state.ideator.lane === 'model';
      for (;;) {
        const asks = mayAsk && detected.open.length > 0;
        const chosen = await vscode.window.showInformationMessage(
          proposalWords(detected.open),
          ...[write, ...(asks ? [askIt] : []), discardIt],
        );
        // Without an answer the draft stays: saving it writes research.yaml as well.
        if (chosen === undefined || draft.isClosed) return;
        if (chosen === askIt) {
          mayAsk = false;
          if (draft.getText() !== detected.yaml) {
            await confirm(
              'Ask the model and write the draft anew?',
              'What you changed in the draft is replaced.',
              askIt,
            );
          }
          detected = await read(true);
          draft = await showDraft(file, detected.yaml);
          continue;
        }
        const yaml = draft.getText();
        await discard(draft);
        if (chosen !== write) return;
        await show(await research.writeEnvironment(yaml));
        await session.refresh();
        return;
      }
    },

    async newBase(_target, call) {
      const research = await session.research();
      const commit = {
        label: '$(git-commit) The last commit',
        description: 'HEAD, without what is not committed',
        dirty: false,
      };
      const dirty = {
        label: '$(diff) My files as they are now',
        description: 'a snapshot of the working tree',
        dirty: true,
      };
      const chosen = await vscode.window.showQuickPick([commit, dirty], {
        title: 'New Base',
        placeHolder: 'Measure against what?',
      });
      if (!chosen) return;
      const base = await call.work({ title: 'Taking the base', view: 'ideas' }, () =>
        research.newBase({ includeUncommitted: chosen.dirty }),
      );
      await session.refresh();
      const run = 'Run Baseline';
      const next = await vscode.window.showInformationMessage(
        `Base ${base.id} is commit ${base.commit.slice(0, 10)}. Results are compared within one base, so it needs a baseline of its own.`,
        run,
      );
      if (next === run) await vscode.commands.executeCommand('research.runBaseline');
    },

    async setApiKey() {
      const { namedServers } = await import('../../core/research.ts');
      const servers = await namedServers(system, modelSettings());
      const other = 'Another Server';
      const named = servers.map(({ origin, roles }) => ({ label: origin, description: roles.join(' and ') }));
      const chosen =
        named.length === 1
          ? named[0]
          : await vscode.window.showQuickPick([...named, { label: other, description: '' }], {
              title: 'Set API Key',
              placeHolder: 'The key of which server?',
            });
      if (!chosen) return;
      const origin = chosen.label === other ? new URL(await askAddress()).origin : chosen.label;
      const key = await ask({
        title: 'Set API Key',
        prompt: `The key for ${origin}. It is kept in VS Code's secret storage and sent to that server only. Leave it empty to forget the key.`,
        password: true,
      });
      try {
        await apiKeys.set(origin, key.trim() === '' ? undefined : key.trim());
      } catch (error) {
        const known = servers.find((one) => one.origin === origin)?.keyVariable;
        const variable = known
          ? `the variable ${known} works, set before VS Code starts`
          : 'name the variable that holds it as key_env in config.yaml';
        throw new HumanError(
          `The key could not be kept: VS Code's secret storage failed (${String(error)}). On Linux it needs a keyring; without one, ${variable}.`,
          { code: 'no-secret-storage', cause: error },
        );
      }
      void vscode.window.showInformationMessage(
        key.trim() === '' ? `The key for ${origin} was forgotten.` : `The key for ${origin} is set.`,
      );
    },

    async cleanUp(_target, call) {
      const research = await session.research();
      const items = await call.work({ title: 'Measuring', view: 'ideas' }, () => research.measureHousekeeping());
      const { formatBytes, plural } = await import('../format.ts');
      const choices = items.map((item) => ({
        label: item.what,
        description: `${formatBytes(item.bytes)}, ${plural(item.items, 'item')}`,
        id: item.id,
        picked: false,
      }));
      if (choices.length === 0) {
        void vscode.window.showInformationMessage('There is nothing to clean up.');
        return;
      }
      const chosen = await vscode.window.showQuickPick(choices, {
        title: 'Clean Up',
        placeHolder: 'What may be removed?',
        canPickMany: true,
      });
      if (!chosen || chosen.length === 0) return;
      await confirm(
        'Remove this?',
        `${chosen.map((choice) => `${choice.label}: ${choice.description}`).join('\n')}\n\nIt cannot be brought back.`,
        'Remove',
      );
      const freed = await call.work({ title: 'Cleaning up', view: 'ideas' }, () =>
        research.cleanUp(chosen.map((choice) => choice.id)),
      );
      void vscode.window.showInformationMessage(`${formatBytes(freed)} freed.`);
    },

    async refresh(_target, call) {
      await call.work({ title: 'Refreshing', view: 'ideas' }, () => session.reopen());
      await session.refresh();
    },

    async showOutput() {
      log.show(true);
    },
  };
}

/** What stands in the draft, in one sentence; why each is open stands at its place. */
function proposalWords(open: readonly string[]): string {
  const still = open.length === 0 ? '' : ` Still open, with the reason at its place: ${open.join(', ')}.`;
  return `This is what was found, with the reason for each line. Edit it as you like.${still}`;
}

function askAddress(): Promise<string> {
  return ask({
    title: 'Set API Key',
    prompt: 'Base URL of the model server',
    value: 'https://api.openai.com/v1',
    validateInput: notAnAddress,
  });
}

function notAnAddress(text: string): string | undefined {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '')
    ? undefined
    : 'Expected an address such as https://api.openai.com/v1';
}

async function show(file: string, line = 1): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
  const at = new vscode.Position(Math.max(0, line - 1), 0);
  await vscode.window.showTextDocument(document, { preview: false, selection: new vscode.Range(at, at) });
}

/** The proposed file in an editor, not on disk. */
async function showDraft(file: string, yaml: string): Promise<vscode.TextDocument> {
  const draft = await vscode.workspace.openTextDocument(vscode.Uri.file(file).with({ scheme: 'untitled' }));
  const edit = new vscode.WorkspaceEdit();
  edit.replace(draft.uri, new vscode.Range(0, 0, draft.lineCount, 0), yaml);
  await vscode.workspace.applyEdit(edit);
  await vscode.window.showTextDocument(draft, { preview: false });
  return draft;
}

/** Closes an unsaved draft without the question whether to save it. */
async function discard(draft: vscode.TextDocument): Promise<void> {
  await vscode.window.showTextDocument(draft);
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
}
