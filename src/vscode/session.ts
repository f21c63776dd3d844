import * as vscode from 'vscode';
import { HumanError, isHumanError, messageOf } from '../core/domain/index.ts';
import type { OpenOptions, Research, ResearchState } from '../core/research.ts';
import type { Disposable, System } from '../core/system/index.ts';
import { DisposableStore } from './disposables.ts';
import { findPlace, type Place } from './workspace.ts';

export type SessionState =
  | Exclude<Place, { kind: 'repository' }>
  | { readonly kind: 'opening'; readonly folder: string }
  | { readonly kind: 'failed'; readonly folder: string; readonly message: string }
  | {
      readonly kind: 'open';
      readonly folder: string;
      readonly research: Research;
      readonly state: ResearchState;
      /** Folders of the workspace that are not worked in. */
      readonly others: number;
    };

export interface SessionParts {
  readonly system: System;
  readonly log: vscode.LogOutputChannel;
  /** Loads the core on first use and opens the repo. */
  readonly open: (options: Pick<OpenOptions, 'folder' | 'system'>) => Promise<Research>;
  /** Called with each repo that was opened, once its state shows. */
  readonly opened?: (research: Research) => Promise<void>;
}

/** The one open repo of this window, or why there is none. Views read `state`; commands call `research()`. */
export class Session implements Disposable {
  readonly #parts: SessionParts;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions = new DisposableStore();
  readonly #ofResearch = new DisposableStore();
  #state: SessionState = { kind: 'no-folder' };
  #generation = 0;
  #refreshing = false;
  #again = false;
  #reopening: Promise<void> = Promise.resolve();
  /** Fires after `state` changed. */
  readonly onDidChange = this.#changed.event;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#subscriptions.add(this.#changed);
    this.#subscriptions.add(vscode.workspace.onDidChangeWorkspaceFolders(() => void this.reopen()));
    this.#subscriptions.add(vscode.workspace.onDidGrantWorkspaceTrust(() => void this.reopen()));
    // The ideator may be one of them.
    this.#subscriptions.add(vscode.lm.onDidChangeChatModels(() => void this.refresh()));
    this.#subscriptions.add(
      vscode.window.onDidChangeWindowState((window) => {
        if (!window.focused || this.#state.kind === 'opening') return;
        // What was done elsewhere meanwhile: a commit in a terminal moves the base behind.
        void (this.#state.kind === 'open' ? this.refresh() : this.reopen());
      }),
    );
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Looks again at what is there and opens it; never throws: a failure is a state that the views show. */
  reopen(): Promise<void> {
    this.#reopening = this.#reopening.then(() => this.#reopen());
    return this.#reopening;
  }

  /** Resolves when the opening under way came to its end. */
  settled(): Promise<void> {
    return this.#reopening;
  }

  /**
   * The open repo.
   * @throws HumanError when there is none, saying what to do
   */
  async research(): Promise<Research> {
    await this.#reopening;
    if (this.#state.kind !== 'open') await this.reopen();
    const state = this.#state;
    if (state.kind === 'open') return state.research;
    throw new HumanError(whyClosed(state), {
      code: state.kind,
      actions: state.kind === 'untrusted' ? [{ title: 'Manage Trust', command: 'workbench.trust.manage' }] : [],
    });
  }

  /** The newest `ResearchState`. @throws HumanError as `research()` */
  async now(): Promise<ResearchState> {
    const research = await this.research();
    return await research.state();
  }

  /** Reads the state again; calls while one is under way become one more. */
  async refresh(): Promise<void> {
    if (this.#state.kind !== 'open') return;
    if (this.#refreshing) {
      this.#again = true;
      return;
    }
    this.#refreshing = true;
    try {
      do {
        this.#again = false;
        const { research, folder, others } = this.#state;
        const generation = this.#generation;
        const state = await research.state();
        if (generation !== this.#generation) return;
        this.#set({ kind: 'open', folder, research, state, others });
      } while (this.#again && this.#state.kind === 'open');
    } catch (error) {
      this.#parts.log.error(`[state] ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    } finally {
      this.#refreshing = false;
    }
  }

  async #reopen(): Promise<void> {
    const { system, log, open } = this.#parts;
    this.#generation += 1;
    try {
      const folders = (vscode.workspace.workspaceFolders ?? [])
        .filter((folder) => folder.uri.scheme === 'file')
        .map((folder) => folder.uri.fsPath);
      const place = await findPlace(system, folders, vscode.workspace.isTrusted);
      const before = this.#state;
      if (place.kind === 'repository' && before.kind === 'open' && before.folder === place.folder) {
        await this.refresh();
        return;
      }
      await this.#close();
      if (place.kind !== 'repository') {
        this.#set(place);
        return;
      }
      this.#set({ kind: 'opening', folder: place.folder });
      const research = await open({ folder: place.folder, system });
      this.#ofResearch.add(research.onDidChange(() => void this.refresh()));
      this.#ofResearch.add(this.#watchHead(research.root));
      const state = await research.state();
      this.#set({ kind: 'open', folder: place.folder, research, state, others: place.others });
      await this.#parts.opened?.(research);
      log.info(
        `[session] opened ${state.root}${place.others > 0 ? ` (${place.others} more folders are not used)` : ''}`,
      );
    } catch (error) {
      const folder = this.#state.kind === 'opening' ? this.#state.folder : '';
      log.error(`[session] ${isHumanError(error) ? error.message : ((error as Error).stack ?? String(error))}`);
      this.#set({ kind: 'failed', folder, message: messageOf(error) });
    }
  }

  /** Commits, checkouts and merges are written there. A linked worktree has it elsewhere: there the focus must do. */
  #watchHead(root: string): Disposable {
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(root, '.git/logs/HEAD'));
    watcher.onDidChange(() => void this.refresh());
    watcher.onDidCreate(() => void this.refresh());
    return watcher;
  }

  #set(state: SessionState): void {
    this.#state = state;
    this.#changed.fire();
  }

  async #close(): Promise<void> {
    this.#ofResearch.clear();
    const before = this.#state;
    if (before.kind === 'open') await before.research.close();
  }

  async close(): Promise<void> {
    this.#generation += 1;
    await this.#close();
    this.dispose();
  }

  dispose(): void {
    this.#ofResearch.dispose();
    this.#subscriptions.dispose();
  }
}

function whyClosed(state: Exclude<SessionState, { kind: 'open' }>): string {
  switch (state.kind) {
    case 'no-folder':
      return 'No folder is open. Open the folder of a training repository first.';
    case 'untrusted':
      return 'This folder is open in Restricted Mode. Research Copilot runs git and the commands of research.yaml: trust the folder first.';
    case 'no-git':
      return 'The program git was not found. Install git 2.30 or newer and make sure that it is on the PATH of VS Code.';
    case 'no-repository':
      return `${state.folder} is not in a git repository. Initialize one and commit your code first.`;
    case 'no-commits':
      return `The repository in ${state.folder} has no commit yet. Commit your code first.`;
    case 'opening':
      return `${state.folder} is still being opened. Try again in a moment.`;
    case 'failed':
      return state.message;
  }
}
