import * as vscode from 'vscode';

/** Read-only documents of one scheme, made when they are opened and again when what they show has changed. */
export abstract class ReadOnlyDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #scheme: string;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(scheme: string) {
    this.#scheme = scheme;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  abstract provideTextDocumentContent(uri: vscode.Uri): Promise<string>;

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }

  /** Opens one as it is now, also where it is open already. */
  protected async show(path: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: this.#scheme, path });
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }

  /** Has those that are open, or only some of them, made again. */
  protected renew(fits: (uri: vscode.Uri) => boolean = () => true): void {
    for (const { uri } of vscode.workspace.textDocuments) {
      if (uri.scheme === this.#scheme && fits(uri)) this.#changed.fire(uri);
    }
  }
}
