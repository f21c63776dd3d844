import * as vscode from 'vscode';
import { isEnd } from '../core/domain/index.ts';
import type { Disposable } from '../core/system/index.ts';
import { commandId } from './commands/ids.ts';
import { DisposableStore } from './disposables.ts';
import { escapeMarkdown, plural, withoutIcons } from './format.ts';
import type { Session } from './session.ts';

/** One item, only while something is going on. */
export function createStatusBar(session: Session): Disposable {
  const store = new DisposableStore();
  const item = store.add(vscode.window.createStatusBarItem('research.status', vscode.StatusBarAlignment.Left, 0));
  item.name = 'Research Copilot';
  item.command = commandId('openLeaderboard');
  const update = () => {
    const state = session.state.kind === 'open' ? session.state.state : undefined;
    const live = state?.runs.filter((run) => !isEnd(run.state)) ?? [];
    const waiting = live.filter((run) => ['queued', 'waiting'].includes(run.state)).length;
    const running = live.length - waiting;
    const working = state?.requests.find(
      (request) => request.state === 'taken' && request.kind !== 'run' && request.kind !== 'baseline',
    );
    const words: string[] = [];
    if (state?.search) words.push(state.search.state === 'paused' ? 'search paused' : 'searching');
    else if (working) words.push(working.progress?.text ?? working.kind.replaceAll('-', ' '));
    if (running > 0) words.push(`${plural(running, 'run')}`);
    if (waiting > 0) words.push(`${waiting} waiting`);
    if (words.length === 0) {
      item.hide();
      return;
    }
    item.text = `$(${state?.search?.state === 'paused' && running === 0 ? 'debug-pause' : 'sync~spin'}) ${withoutIcons(words.join(', '))}`;
    const lines = live
      .slice(0, 10)
      .map((run) =>
        escapeMarkdown(
          `${run.candidate ? `#${run.candidate}` : 'baseline'} seed ${run.seed}: ${run.state}${run.box ? ` on ${run.box}` : ''}`,
        ),
      );
    item.tooltip = new vscode.MarkdownString(['Research Copilot', ...lines].join('\n\n'));
    item.show();
  };
  store.add(session.onDidChange(update));
  update();
  return store;
}
