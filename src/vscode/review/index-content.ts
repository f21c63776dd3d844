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

  /** @param from what the file was called before, for one that moved */
  uri(folder: string, path: string, from?: string): vscode.Uri {
    // The path keeps its extension, so that the left side is coloured like the right.
    const query = JSON.stringify(from === undefined ? { folder, path } : { folder, path, from });
    return vscode.Uri.file(path).with({ scheme: SCHEME, path: `/${from ?? path}`, query });
  }

  /** Of a file that moved and is not accepted yet, what it was; empty where the index holds none: one that is added. */
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { folder, path, from } = JSON.parse(uri.query) as Readonly<Record<'folder' | 'path', string>> & {
      readonly from?: string;
    };
    for (const name of [`:${path}`, ...(from === undefined ? [] : [`HEAD:${from}`])]) {
      const result = await this.#spawn.run('git', ['-C', folder, 'cat-file', 'blob', name]);
      if (result.code === 0) return result.stdout.toString('utf8');
    }
    return '';
  }

  /** The index of a review changed. */
  refresh(folder: string): void {
    this.renew(({ query }) => (JSON.parse(query) as { readonly folder: string }).folder === folder);
  }
}
