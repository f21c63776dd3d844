import * as vscode from 'vscode';
import type { CandidateId } from '../core/domain/index.ts';
import type { Session } from './session.ts';

export const ATTEMPTS_SCHEME = 'research-attempts';

/** Every answer that was given for a candidate, as a read-only document. */
export class AttemptDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #session: Session;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(session: Session) {
    this.#session = session;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(ATTEMPTS_SCHEME, this);
  }

  async open(candidate: CandidateId): Promise<void> {
    const uri = vscode.Uri.from({ scheme: ATTEMPTS_SCHEME, path: `/Attempts of ${candidate}.md` });
    // One that is open already may have got more of them.
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const candidate = /(\d+\.\d+)\.md$/.exec(uri.path)?.[1] ?? '';
    return (await this.#session.research()).attemptsText(candidate);
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
