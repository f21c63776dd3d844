import * as vscode from 'vscode';

/** The keys that `when` clauses of package.json read. */
export type ContextKey =
  | 'state'
  | 'environment'
  | 'ideator'
  | 'search'
  | 'hasIdeas'
  | 'hasDropped'
  | 'hasReady'
  | 'hasApproved'
  | 'hasRuns'
  | 'hasLiveRuns'
  | 'hasBoxes'
  | 'queue'
  | 'reviewing'
  | 'reviewFiles';

/** Sets `research.<key>`, and only when it changed: each call crosses to the window. */
export class ContextKeys {
  readonly #known = new Map<ContextKey, string>();

  set(key: ContextKey, value: string | boolean | readonly string[]): void {
    const text = JSON.stringify(value);
    if (this.#known.get(key) === text) return;
    this.#known.set(key, text);
    void vscode.commands.executeCommand('setContext', `research.${key}`, value);
  }
}
