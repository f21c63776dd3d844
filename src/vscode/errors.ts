import * as vscode from 'vscode';
import { type ErrorAction, isHumanError, messageOf } from '../core/domain/index.ts';
import { messageText } from './format.ts';

const ISSUES = 'https://github.com/research-copilot/research-copilot/issues/new';

/** True for the ways in which a person or VS Code says "never mind": shown to nobody. */
export function isCancelled(error: unknown): boolean {
  if (error instanceof vscode.CancellationError) return true;
  const name = error instanceof Error ? error.name : '';
  return name === 'AbortError' || name === 'Canceled' || name === 'CancelledError';
}

/**
 * Shows a failure, once, to the person who asked. A HumanError is shown as it is, with its actions; anything else is
 * a bug of ours: its stack goes to the log and the message offers to report it.
 * @param doing what was being done, for the log and for bugs: `Generate Ideas`
 */
export async function showError(error: unknown, doing: string, log: vscode.LogOutputChannel): Promise<void> {
  if (isCancelled(error)) {
    log.info(`[${doing}] cancelled`);
    return;
  }
  if (isHumanError(error)) {
    log.warn(`[${doing}] ${error.code}: ${error.message}`);
    const titles = error.actions.map((action) => action.title);
    const chosen = await vscode.window.showErrorMessage(messageText(error.message), ...titles);
    const action = error.actions.find((one) => one.title === chosen);
    if (action) await perform(action);
    return;
  }
  log.error(`[${doing}] ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const report = 'Report Issue';
  const show = 'Show Log';
  const chosen = await vscode.window.showErrorMessage(
    `${doing} failed because of an error inside Research Copilot: ${messageText(messageOf(error))}`,
    report,
    show,
  );
  if (chosen === report) await reportIssue(doing, error);
  if (chosen === show) log.show(true);
}

async function perform(action: ErrorAction): Promise<void> {
  if (action.command) await vscode.commands.executeCommand(action.command, ...(action.args ?? []));
  if (action.file) {
    const line = Math.max(0, (action.file.line ?? 1) - 1);
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(action.file.path));
    await vscode.window.showTextDocument(document, { selection: new vscode.Range(line, 0, line, 0) });
  }
}

/** Opens a filled-in issue in the browser: the message and where in our bundles, never data of the repository. */
async function reportIssue(doing: string, error: unknown): Promise<void> {
  const stack = error instanceof Error ? (error.stack ?? '') : String(error);
  const frames = stack
    .split('\n')
    .slice(1, 9)
    .map((frame) => frame.replace(/\(?(?:[A-Za-z]:)?[^\s()]*[/\\](dist[/\\][^\s()]*)\)?/, '$1'))
    .join('\n');
  const body = `What I did: ${doing}\nVS Code ${vscode.version} on ${process.platform}\n\n\`\`\`\n${messageOf(error)}\n${frames}\n\`\`\`\n`;
  const query = new URLSearchParams({ title: `${doing}: ${messageOf(error).slice(0, 80)}`, body });
  await vscode.env.openExternal(vscode.Uri.parse(`${ISSUES}?${query.toString()}`));
}
