import * as vscode from 'vscode';
import type { IdeaId } from '../core/domain/index.ts';
import { ATTEMPTS_SCHEME } from './attempts.ts';
import { ReadOnlyDocuments } from './documents.ts';
import type { Session } from './session.ts';

const SCHEME = 'research-calls';
/** Where a text of ours names a call: the first cell of the list, and whose answer an attempt is. */
const NAMED = /^(?:\| call (\d+) +\||\S+Z, model call (\d+)$)/gm;

/** What was asked of models, as read-only documents: a list whose rows link to prompt and answer of each call. */
export class ModelCallDocuments extends ReadOnlyDocuments implements vscode.DocumentLinkProvider {
  readonly #session: Session;
  readonly #registrations: vscode.Disposable;

  constructor(session: Session) {
    super(SCHEME);
    this.#session = session;
    this.#registrations = vscode.Disposable.from(
      vscode.languages.registerDocumentLinkProvider([{ scheme: SCHEME }, { scheme: ATTEMPTS_SCHEME }], this),
      // A list on screen follows what is asked meanwhile.
      session.onDidChange(() => this.renew()),
    );
  }

  openList(idea?: IdeaId): Promise<void> {
    return this.show(`/Model Calls${idea === undefined ? '' : ` of ${idea}`}.md`);
  }

  openCall(id: number): Promise<void> {
    return this.show(pathOf(id));
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
      const link = new vscode.DocumentLink(range, vscode.Uri.from({ scheme: SCHEME, path: pathOf(Number(id)) }));
      link.tooltip = 'Open its prompt and answer';
      return link;
    });
  }

  override dispose(): void {
    this.#registrations.dispose();
    super.dispose();
  }
}

function pathOf(id: number): string {
  return `/Model Call ${id}.md`;
}
