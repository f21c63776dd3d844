import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Files } from '../core/system/index.ts';

/** What we use of the built-in Git extension's API, version 1. */
interface GitApi {
  readonly repositories: readonly GitRepository[];
  readonly onDidOpenRepository: vscode.Event<GitRepository>;
  openRepository?(root: vscode.Uri): Promise<GitRepository | null>;
  toGitUri(uri: vscode.Uri, ref: string): vscode.Uri;
}

export interface GitRepository {
  readonly rootUri: vscode.Uri;
  readonly state: { readonly onDidChange: vscode.Event<void> };
  status(): Promise<void>;
}

interface GitExports {
  readonly enabled: boolean;
  getAPI(version: 1): GitApi;
}

/** The built-in Git extension, as far as a review uses it. Everything here may be missing: then it gives undefined. */
export class GitExtension {
  readonly #files: Pick<Files, 'realPath'>;
  readonly #log: vscode.LogOutputChannel;

  constructor(files: Pick<Files, 'realPath'>, log: vscode.LogOutputChannel) {
    this.#files = files;
    this.#log = log;
  }

  /** Opens exactly this folder as a repository; undefined in an editor that cannot, or with git disabled. */
  async open(folder: string): Promise<GitRepository | undefined> {
    const api = await this.#api();
    try {
      const repository = await api?.openRepository?.(vscode.Uri.file(folder));
      // The API answers with the nearest repository it has, which may be the one around this folder.
      if (repository && (await this.#same(repository.rootUri.fsPath, folder))) return repository;
    } catch (error) {
      this.#log.warn(`[git] ${folder} could not be opened in the Git extension: ${String(error)}`);
    }
    return undefined;
  }

  /** The index side of a file. Only sensible after `open` gave a repository. */
  async indexUri(file: vscode.Uri): Promise<vscode.Uri | undefined> {
    return (await this.#api())?.toGitUri(file, '~');
  }

  async close(repository: GitRepository): Promise<void> {
    const api = await this.#api();
    if (!api?.repositories.some((one) => one.rootUri.toString() === repository.rootUri.toString())) return;
    await vscode.commands.executeCommand('git.close', repository.rootUri);
  }

  async #same(a: string, b: string): Promise<boolean> {
    const [left, right] = await Promise.all([this.#files.realPath(a), this.#files.realPath(b)]);
    return left !== undefined && right !== undefined && path.relative(left, right) === '';
  }

  async #api(): Promise<GitApi | undefined> {
    const extension = vscode.extensions.getExtension<GitExports>('vscode.git');
    if (!extension) return undefined;
    try {
      const exports = extension.isActive ? extension.exports : await extension.activate();
      return exports.enabled ? exports.getAPI(1) : undefined;
    } catch (error) {
      this.#log.warn(`[git] the Git extension is not available: ${String(error)}`);
      return undefined;
    }
  }
}
