import * as vscode from 'vscode';
import type { Spawn } from '../../core/system/index.ts';
import { ReadOnlyDocuments } from '../documents.ts';

const SCHEME = 'research-index';

/** The index's bytes of a file under review, as a read-only document: the left side where Git's own is not to be had. */
export class IndexContent extends ReadOnlyDocuments {
  readonly #spawn: Spawn;

  constructor(spawn: Spawn) {
    super(SCHEME);
    this.#spawn = spawn;
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
    this.renew(({ query }) => (JSON.parse(query) as { readonly folder: string }).folder === folder);
  }
}
