import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Finding } from '../../core/domain/index.ts';
import type { FileDiff } from '../../core/git/index.ts';
import type { ReviewHandle } from '../../core/research/index.ts';
import type { Clock, Disposable } from '../../core/system/index.ts';
import { DisposableStore } from '../disposables.ts';
import type { GitExtension, GitRepository } from '../git-extension.ts';
import type { IndexContent } from './index-content.ts';
import { linesOf } from './places.ts';

/** Edits of the native buttons come in bursts; the state is read again after this silence. */
const QUIET_MS = 150;
/** A watcher that is young or on a network drive misses changes: the state is read again this often all the same. */
const POLL_MS = 5000;

export interface ReviewParts {
  readonly git: GitExtension;
  readonly index: IndexContent;
  readonly clock: Clock;
  readonly log: vscode.LogOutputChannel;
}

/**
 * One candidate under review in this window: its worktree opened in the Git extension, its diff editors, and what is
 * still to be decided. Git's index and working tree are the truth; this only reads them again after any change.
 */
export class OpenReview implements Disposable {
  readonly handle: ReviewHandle;
  readonly title: string;
  readonly #parts: ReviewParts;
  readonly #store = new DisposableStore();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  #repository: GitRepository | undefined;
  #undecided: readonly FileDiff[] = [];
  #findings: readonly Finding[];
  #checking: Promise<void> = Promise.resolve();
  #checkAgain = false;
  #scheduled: Disposable | undefined;
  #reading: Promise<void> = Promise.resolve();
  #acting: Promise<unknown> = Promise.resolve();
  #ended = false;

  constructor(handle: ReviewHandle, parts: ReviewParts) {
    this.handle = handle;
    this.#parts = parts;
    this.#findings = handle.candidate.findings;
    this.title = `#${handle.candidate.id} ${handle.idea.title}`;
  }

  get folder(): string {
    return this.handle.review.folder;
  }

  get id(): string {
    return this.handle.candidate.id;
  }

  /** Index against working tree: not yet decided. */
  get undecided(): readonly FileDiff[] {
    return this.#undecided;
  }

  /** Files that a person changed and the proposal does not. */
  get fresh(): readonly FileDiff[] {
    return this.#undecided.filter(
      (file) => !this.handle.files.some((one) => one.path === file.path || one.oldPath === file.path),
    );
  }

  /** What a decision about a file is about: of one that moved, its old place too. */
  partsOf(repositoryPath: string): readonly FileDiff[] {
    const oldPath = this.handle.files.find((one) => one.path === repositoryPath)?.oldPath;
    return [repositoryPath, ...(oldPath === undefined ? [] : [oldPath])].flatMap((one) => this.undecidedOf(one) ?? []);
  }

  /** What the gates see in the worktree as it stands now. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** Resolves when the gates have seen the worktree's last change. */
  get checked(): Promise<void> {
    return this.#checking;
  }

  /** True where Git's own Stage and Revert buttons show beside ours. */
  get native(): boolean {
    return this.#repository !== undefined;
  }

  async start(): Promise<void> {
    this.#repository = await this.#parts.git.open(this.folder);
    if (this.#repository) this.#store.add(this.#repository.state.onDidChange(() => this.schedule()));
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(this.folder, '**'));
    this.#store.add(watcher);
    this.#store.add(watcher.onDidChange(() => this.schedule()));
    this.#store.add(watcher.onDidCreate(() => this.schedule()));
    this.#store.add(watcher.onDidDelete(() => this.schedule()));
    this.#store.add(
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && this.pathOf(document.uri) !== undefined) this.schedule();
      }),
    );
    this.#store.add(
      vscode.workspace.onDidSaveTextDocument((document) => {
        if (this.pathOf(document.uri) !== undefined) this.schedule();
      }),
    );
    this.#store.add(this.#parts.clock.every(POLL_MS, () => void this.refresh()));
    await this.refresh();
  }

  /** The repository path of a file of this worktree. */
  pathOf(uri: vscode.Uri): string | undefined {
    if (uri.scheme !== 'file') return undefined;
    const relative = path.relative(this.folder, uri.fsPath);
    if (relative === '' || relative.startsWith('..') || path.isAbsolute(relative)) return undefined;
    return relative.split(path.sep).join('/');
  }

  fileUri(repositoryPath: string): vscode.Uri {
    return vscode.Uri.joinPath(vscode.Uri.file(this.folder), repositoryPath);
  }

  undecidedOf(repositoryPath: string): FileDiff | undefined {
    return this.#undecided.find((file) => file.path === repositoryPath);
  }

  // ---- looking

  /** The whole idea in one editor. */
  async openAll(): Promise<void> {
    const resources = await Promise.all(
      this.handle.files.map(async (file) => {
        const [left, right] = await this.#sides(file);
        return [this.fileUri(file.path), left, right] as const;
      }),
    );
    await vscode.commands.executeCommand('vscode.changes', this.title, resources);
    // A preview would give way to the first single file that is looked at.
    await vscode.commands.executeCommand('workbench.action.keepEditor');
  }

  /** One file, at a hunk where one is named. */
  async openFile(repositoryPath: string, hunk?: string): Promise<void> {
    const file = this.handle.files.find((one) => one.path === repositoryPath);
    const [left, right] = await this.#sides(file ?? { path: repositoryPath, kind: 'modified' });
    const place = this.undecidedOf(repositoryPath)?.hunks.find((one) => one.id === hunk);
    const line = place ? linesOf(place, Number.MAX_SAFE_INTEGER).first : undefined;
    const options: vscode.TextDocumentShowOptions = {
      preview: true,
      ...(line === undefined ? {} : { selection: new vscode.Range(line, 0, line, 0) }),
    };
    const empty = this.#parts.index.uri(this.folder, repositoryPath);
    const name = path.posix.basename(repositoryPath);
    const title = `${file?.oldPath === undefined ? name : movedName(file.oldPath, file.path)} (#${this.id})`;
    await vscode.commands.executeCommand('vscode.diff', left ?? empty, right ?? empty, title, options);
  }

  async #sides(
    file: Pick<FileDiff, 'path' | 'oldPath' | 'kind'>,
  ): Promise<[vscode.Uri | undefined, vscode.Uri | undefined]> {
    const right = this.fileUri(file.path);
    const own = this.#parts.index.uri(this.folder, file.path);
    // Git's document of a file that its index does not hold is an error page; ours is empty.
    if (file.kind === 'added') return [own, right];
    if (file.oldPath !== undefined) return [this.#parts.index.uri(this.folder, file.path, file.oldPath), right];
    const left = this.#repository ? ((await this.#parts.git.indexUri(right)) ?? own) : own;
    return [left, file.kind === 'deleted' ? undefined : right];
  }

  /**
   * After a restart VS Code shows the whole-idea editor again, but empty: it is replaced by a full one where it was
   * in front, and closed where it was not.
   */
  async replaceRestored(): Promise<void> {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => this.#isWhole(tab));
    if (tabs.length === 0) return;
    const inFront = tabs.some((tab) => tab.isActive);
    await vscode.window.tabGroups.close(tabs, true);
    if (inFront) await this.openAll();
  }

  // ---- deciding

  /** Does one accept, reject or undo after everything typed is on disk, one at a time; then reads what came of it. */
  act<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#acting.then(async () => {
      await this.save();
      try {
        return await action();
      } finally {
        await this.refresh();
      }
    });
    this.#acting = done.catch(() => {});
    return done;
  }

  /** Writes what is typed in this worktree to disk: hunks are counted there. */
  async save(): Promise<void> {
    for (const document of vscode.workspace.textDocuments) {
      if (document.isDirty && this.pathOf(document.uri) !== undefined) await document.save();
    }
  }

  /** Reads the state again soon: after native Stage and Revert, after typing. */
  schedule(): void {
    if (this.#ended) return;
    this.#scheduled?.dispose();
    this.#scheduled = this.#parts.clock.after(QUIET_MS, () => {
      void this.save().then(() => this.refresh());
    });
  }

  refresh(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read());
    return this.#reading;
  }

  async #read(): Promise<void> {
    if (this.#ended) return;
    try {
      const undecided = await this.handle.review.undecided();
      const same = JSON.stringify(undecided) === JSON.stringify(this.#undecided);
      this.#undecided = undecided;
      if (same) return;
      this.#check();
      this.#parts.index.refresh(this.folder);
      this.#changed.fire();
      // Makes the Git extension read its index again now; our own buttons need not wait for it.
      void this.#repository?.status().catch(() => {});
    } catch (error) {
      this.#parts.log.warn(`[review] ${this.id}: ${String(error)}`);
    }
  }

  /** Lets the gates look again, beside the reading: a check under way is followed by one more. */
  #check(): void {
    if (this.#checkAgain) return;
    this.#checkAgain = true;
    this.#checking = this.#checking.then(async () => {
      this.#checkAgain = false;
      if (this.#ended) return;
      try {
        const findings = await this.handle.check('proposed');
        if (this.#ended || JSON.stringify(findings) === JSON.stringify(this.#findings)) return;
        this.#findings = findings;
        this.#changed.fire();
      } catch (error) {
        this.#parts.log.warn(`[review] ${this.id}: ${String(error)}`);
      }
    });
  }

  // ---- ending

  /** Closes its editors and its repository in the Git extension. The worktree is the core's to remove. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => this.#isOurs(tab));
    if (tabs.length > 0) await vscode.window.tabGroups.close(tabs, true);
    this.dispose();
    if (this.#repository) await this.#parts.git.close(this.#repository);
  }

  #isOurs(tab: vscode.Tab): boolean {
    const { input } = tab;
    if (input instanceof vscode.TabInputTextDiff) return this.pathOf(input.modified) !== undefined;
    if (input instanceof vscode.TabInputText) return this.pathOf(input.uri) !== undefined;
    return this.#isWhole(tab);
  }

  /** The multi-file diff has no class of its own in the stable API; its label begins with our title. */
  #isWhole({ input, label }: vscode.Tab): boolean {
    const known = [vscode.TabInputText, vscode.TabInputTextDiff, vscode.TabInputCustom, vscode.TabInputWebview];
    return label.startsWith(this.title) && !known.some((kind) => input instanceof kind);
  }

  dispose(): void {
    this.#ended = true;
    this.#scheduled?.dispose();
    this.#store.dispose();
    this.#changed.dispose();
  }
}

/** How a file that moved is called: by its names where they differ, else by its folders. */
function movedName(from: string, to: string): string {
  const [before, after] = [path.posix.basename(from), path.posix.basename(to)];
  return before === after ? `${from} → ${to}` : `${before} → ${after}`;
}
