import * as vscode from 'vscode';
import type { IdeaId } from '../core/domain/index.ts';
import { ATTEMPTS_SCHEME } from './attempts.ts';
import type { Session } from './session.ts';

const SCHEME = 'research-calls';
/** Where a text of ours names a call: the first cell of the list, and whose answer an attempt is. */
const NAMED = /^(?:\| call (\d+) +\||\S+Z, model call (\d+)$)/gm;

/** What was asked of models, as read-only documents: a list whose rows link to prompt and answer of each call. */
export class ModelCallDocuments
  implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider, vscode.Disposable
{
  readonly #session: Session;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registrations: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(session: Session) {
    this.#session = session;
    this.#registrations = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.languages.registerDocumentLinkProvider([{ scheme: SCHEME }, { scheme: ATTEMPTS_SCHEME }], this),
      // A list on screen follows what is asked meanwhile.
      session.onDidChange(() => {
        for (const { uri } of vscode.workspace.textDocuments) if (uri.scheme === SCHEME) this.#changed.fire(uri);
      }),
      this.#changed,
    );
  }

  openList(idea?: IdeaId): Promise<void> {
    return this.#open(`/Model Calls${idea === undefined ? '' : ` of ${idea}`}.md`);
  }

  openCall(id: number): Promise<void> {
    return this.#open(pathOf(id));
  }

  async provideTextDocumentContent({ path }: vscode.Uri): Promise<string> {
    const research = await this.#session.research();
    const call = /^\/Model Call (\d+)\.md$/.exec(path)?.[1];
    if (call !== undefined) return research.modelCallText(Number(call));
    const idea = / of (\d+)\.md$/.exec(path)?.[1];
    return research.modelCallsText(idea === undefined ? undefined : Number(idea));
  }

  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    // A call's own text is somebody else's: nothing in it becomes a link of ours.
    if (document.uri.scheme === SCHEME && !document.uri.path.startsWith('/Model Calls')) return [];
    return [...document.getText().matchAll(NAMED)].map((match) => {
      const id = match[1] ?? match[2] ?? '';
      const words = /(?:model )?call \d+/.exec(match[0]);
      const from = match.index + (words?.index ?? 0);
      const range = new vscode.Range(
        document.positionAt(from),
        document.positionAt(from + (words?.[0].length ?? match[0].length)),
      );
      const link = new vscode.DocumentLink(range, uriOf(pathOf(Number(id))));
      link.tooltip = 'Open its prompt and answer';
      return link;
    });
  }

  dispose(): void {
    this.#registrations.dispose();
  }

  async #open(path: string): Promise<void> {
    const uri = uriOf(path);
    // One that is open already may have changed since.
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }
}

function pathOf(id: number): string {
  return `/Model Call ${id}.md`;
}

function uriOf(path: string): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path });
}
