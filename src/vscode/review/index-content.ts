import * as vscode from 'vscode';
import type { Spawn } from '../../core/system/index.ts';

const SCHEME = 'research-index';

/** The index's bytes of a file under review, as a read-only document: the left side where Git's own is not to be had. */
export class IndexContent implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #spawn: Spawn;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(spawn: Spawn) {
    this.#spawn = spawn;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  uri(folder: string, path: string): vscode.Uri {
    // The path keeps its extension, so that the left side is coloured like the right.
    return vscode.Uri.file(path).with({ scheme: SCHEME, path: `/${path}`, query: JSON.stringify({ folder, path }) });
  }

  /** Empty where the index holds no such file: a file the proposal adds. */
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { folder, path } = JSON.parse(uri.query) as { readonly folder: string; readonly path: string };
    const result = await this.#spawn.run('git', ['-C', folder, 'cat-file', 'blob', `:${path}`]);
    return result.code === 0 ? result.stdout.toString('utf8') : '';
  }

  /** The index of a review changed. */
  refresh(folder: string): void {
    for (const document of vscode.workspace.textDocuments) {
      if (document.uri.scheme !== SCHEME) continue;
      const query = JSON.parse(document.uri.query) as { readonly folder: string };
      if (query.folder === folder) this.#changed.fire(document.uri);
    }
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
