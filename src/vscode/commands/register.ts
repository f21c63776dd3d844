import * as vscode from 'vscode';
import type { Ask } from '../../core/research/index.ts';
import type { Disposable } from '../../core/system/index.ts';
import { DisposableStore } from '../disposables.ts';
import { showError } from '../errors.ts';
import { messageText } from '../format.ts';
import type { Call, Command, Work } from './context.ts';
import { type CommandName, commandId } from './ids.ts';
import { targetOf, targetsOf } from './target.ts';

/**
 * Registers every command through the one wrapper: its argument becomes a target, its work shows progress and can be
 * cancelled, its failure is shown once and never thrown at VS Code.
 */
export function registerCommands(
  commands: Readonly<Record<CommandName, Command>>,
  log: vscode.LogOutputChannel,
): Disposable {
  const store = new DisposableStore();
  for (const [name, command] of Object.entries(commands) as [CommandName, Command][]) {
    store.add(
      vscode.commands.registerCommand(commandId(name), (argument?: unknown, selected?: unknown) =>
        run(name, command, argument, selected, log),
      ),
    );
  }
  return store;
}

async function run(
  name: CommandName,
  command: Command,
  argument: unknown,
  selected: unknown,
  log: vscode.LogOutputChannel,
): Promise<void> {
  let doing: string = name;
  const call: Call = {
    argument,
    targets: targetsOf(argument, selected),
    work: (work, body) => {
      doing = work.title;
      return withProgress(work, body);
    },
  };
  log.debug(`[command] ${name}`);
  try {
    await command(targetOf(argument), call);
  } catch (error) {
    // Not awaited: the command is over, the message may stand on the screen for long.
    void showError(error, doing, log);
  }
}

function withProgress<T>(work: Work, doing: (ask: Ask) => Promise<T>): Promise<T> {
  const location = work.cancellable ? vscode.ProgressLocation.Notification : { viewId: `research.${work.view}` };
  const options = { location, title: work.title, cancellable: work.cancellable ?? false };
  const done = vscode.window.withProgress(options, async (progress, token) => {
    const abort = new AbortController();
    const subscription = token.onCancellationRequested(() => abort.abort(new vscode.CancellationError()));
    let share = 0;
    const report: NonNullable<Ask['progress']>['report'] = (step) => {
      const increment = step.share === undefined ? undefined : Math.max(0, (step.share - share) * 100);
      share = Math.max(share, step.share ?? 0);
      progress.report({ message: messageText(step.text), ...(increment === undefined ? {} : { increment }) });
    };
    try {
      return await doing({ signal: abort.signal, progress: { report } });
    } finally {
      subscription.dispose();
    }
  });
  if (work.cancellable) {
    // The view's own progress line beside the notification, for whoever looks there.
    void vscode.window.withProgress({ location: { viewId: `research.${work.view}` } }, () =>
      Promise.resolve(done).then(
        () => {},
        () => {},
      ),
    );
  }
  return Promise.resolve(done);
}
