import * as vscode from 'vscode';
import type { Diagnostic } from '../core/environment/index.ts';
import type { Disposable } from '../core/system/index.ts';
import { DisposableStore } from './disposables.ts';
import type { Session } from './session.ts';

/** The problems of research.yaml and boxes.yaml, each on its line; read again when one of them is saved. */
export function showDiagnostics(session: Session): Disposable {
  const store = new DisposableStore();
  const collection = store.add(vscode.languages.createDiagnosticCollection('research'));
  const update = () => {
    const state = session.state.kind === 'open' ? session.state.state : undefined;
    const environment =
      state && !state.environment.ok && !state.environment.missing ? state.environment.diagnostics : [];
    const all = [...environment, ...(state?.boxesProblems ?? [])];
    collection.clear();
    for (const [file, problems] of Map.groupBy(all, (problem) => problem.file)) {
      collection.set(vscode.Uri.file(file), problems.map(toDiagnostic));
    }
  };
  store.add(session.onDidChange(update));
  store.add(
    vscode.workspace.onDidSaveTextDocument(({ uri }) => {
      if (/[/\\](?:research|boxes|config)\.yaml$/.test(uri.fsPath)) void session.refresh();
    }),
  );
  const watcher = store.add(vscode.workspace.createFileSystemWatcher('**/research.yaml'));
  const changed = () => void session.refresh();
  store.add(watcher.onDidChange(changed));
  store.add(watcher.onDidCreate(changed));
  store.add(watcher.onDidDelete(changed));
  update();
  return store;
}

function toDiagnostic(problem: Diagnostic): vscode.Diagnostic {
  const range = new vscode.Range(problem.line - 1, problem.column - 1, problem.endLine - 1, problem.endColumn - 1);
  const diagnostic = new vscode.Diagnostic(range, problem.message, vscode.DiagnosticSeverity.Error);
  diagnostic.source = 'Research Copilot';
  if (problem.path !== '') diagnostic.code = problem.path;
  return diagnostic;
}
