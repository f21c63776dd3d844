import * as vscode from 'vscode';
import { realSystem } from './core/system/index.ts';
import { AttemptDocuments } from './vscode/attempts.ts';
import { noticeBoxes } from './vscode/box-notices.ts';
import { registerCommands } from './vscode/commands/register.ts';
import { commandTable } from './vscode/commands/table.ts';
import { ContextKeys } from './vscode/context-keys.ts';
import { showDiagnostics } from './vscode/diagnostics.ts';
import { DisposableStore } from './vscode/disposables.ts';
import { ApiKeys, createHost } from './vscode/host.ts';
import { Leaderboards } from './vscode/leaderboard/panel.ts';
import { LogTerminals } from './vscode/log-terminal.ts';
import { ModelCallDocuments } from './vscode/model-calls.ts';
import { Reviews } from './vscode/review/reviews.ts';
import { Session } from './vscode/session.ts';
import { onDidChangeSettings } from './vscode/settings.ts';
import { createStatusBar } from './vscode/status-bar.ts';
import { offerInTerminals } from './vscode/terminal-path.ts';
import { Views } from './vscode/views/views.ts';
import { assistYaml } from './vscode/yaml-assist.ts';

let session: Session | undefined;

/** What the tests look at. */
export interface ExtensionApi {
  readonly session: Session;
  readonly reviews: Reviews;
  readonly views: Views;
}

export function activate(context: vscode.ExtensionContext): ExtensionApi {
  const system = realSystem();
  const store = new DisposableStore();
  context.subscriptions.push(store);
  const log = store.add(vscode.window.createOutputChannel('Research Copilot', { log: true }));
  const keys = new ContextKeys();
  const apiKeys = new ApiKeys(context.secrets);
  const host = createHost(context, apiKeys, log);
  const reviews = store.add(new Reviews(system, keys, log));
  const current = new Session({
    system,
    log,
    open: async (options) => {
      const core = await import('./core/research.ts');
      return core.openResearch({ ...options, host, holder: 'VS Code' });
    },
    // The reviews that were open when the window closed.
    opened: (research) => reviews.adopt(research),
  });
  session = current;
  store.add(
    current.onDidChange(() => {
      if (current.state.kind === 'open') void reviews.follow(current.state.state);
      else void reviews.endAll();
    }),
  );
  const leaderboards = store.add(new Leaderboards(context.extensionUri, current, system, log));
  const views = store.add(new Views(current, reviews, keys, system.clock));
  store.add(createStatusBar(current));
  store.add(noticeBoxes(current));
  store.add(showDiagnostics(current));
  store.add(assistYaml(system));
  store.add(onDidChangeSettings('model', () => void current.refresh()));
  const logs = store.add(new LogTerminals(current));
  const attempts = store.add(new AttemptDocuments(current));
  const modelCalls = store.add(new ModelCallDocuments(current));
  const parts = { session: current, reviews, leaderboards, logs, attempts, modelCalls, views, apiKeys, system, log };
  store.add(registerCommands(commandTable(parts), log));
  offerInTerminals(context);
  // Behind activation's back: the views show how it goes.
  void current.reopen();
  return { session: current, reviews, views };
}

export async function deactivate(): Promise<void> {
  await session?.close();
}
