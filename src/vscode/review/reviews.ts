import * as vscode from 'vscode';
import { HumanError } from '../../core/domain/index.ts';
import type { Research, ResearchState, ReviewHandle } from '../../core/research/index.ts';
import type { Disposable, System } from '../../core/system/index.ts';
import type { Target } from '../commands/target.ts';
import type { ContextKeys } from '../context-keys.ts';
import { DisposableStore } from '../disposables.ts';
import { GitExtension } from '../git-extension.ts';
import type { ReviewFile } from '../views/ideas-tree.ts';
import { FindingMarks } from './finding-marks.ts';
import { IndexContent } from './index-content.ts';
import { registerLenses } from './lenses.ts';
import { OpenReview } from './open-review.ts';
import { hunkAt } from './places.ts';
import { Reasons } from './reasons.ts';

export interface HunkTarget {
  readonly review: OpenReview;
  readonly path: string;
  readonly hunk: string;
}

/** The reviews open in this window, and what a command means when it names none. */
export class Reviews implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<void>());
  readonly #git: GitExtension;
  readonly #index: IndexContent;
  readonly #reasons: Reasons;
  readonly #marks: FindingMarks;
  readonly #keys: ContextKeys;
  readonly #system: System;
  readonly #log: vscode.LogOutputChannel;
  readonly #open = new Map<string, { readonly review: OpenReview; readonly registrations: DisposableStore }>();
  /** Candidates that a state once showed as ready. */
  readonly #seen = new Set<string>();
  readonly onDidChange = this.#changed.event;

  constructor(system: System, keys: ContextKeys, log: vscode.LogOutputChannel) {
    this.#system = system;
    this.#keys = keys;
    this.#log = log;
    this.#git = new GitExtension(system.files, log);
    this.#index = this.#store.add(new IndexContent(system.spawn));
    this.#reasons = this.#store.add(new Reasons());
    this.#marks = this.#store.add(new FindingMarks());
    keys.set('reviewing', false);
    keys.set('reviewFiles', []);
  }

  get all(): readonly OpenReview[] {
    return [...this.#open.values()].map((entry) => entry.review);
  }

  /** The review of a handle, opened in this window once. */
  async open(handle: ReviewHandle): Promise<OpenReview> {
    const known = this.#open.get(handle.candidate.id);
    if (known && known.review.folder === handle.review.folder) {
      await known.review.refresh();
      return known.review;
    }
    const review = new OpenReview(handle, {
      git: this.#git,
      index: this.#index,
      clock: this.#system.clock,
      log: this.#log,
    });
    const registrations = new DisposableStore();
    registrations.add(registerLenses(review));
    registrations.add(review.onDidChange(() => this.#update()));
    this.#open.set(handle.candidate.id, { review, registrations });
    await review.start();
    this.#update();
    return review;
  }

  /** Takes up the reviews whose worktree is still on disk, after a restart; opens no editor that was not open. */
  async adopt(research: Research): Promise<void> {
    for (const handle of await research.reviews()) await (await this.open(handle)).replaceRestored();
  }

  /** Ends the reviews whose candidate was decided elsewhere: in another window, in a terminal. */
  async follow(state: ResearchState): Promise<void> {
    const ready = new Set(
      state.rounds
        .flatMap((round) => round.ideas.flatMap((node) => node.candidates))
        .filter(({ state: now, byHand }) => now === 'ready' || (now === 'implementing' && byHand))
        .map((candidate) => candidate.id),
    );
    for (const review of this.all) {
      // One that began after this state was read is not in it.
      if (!ready.has(review.id) && review.handle.candidate.base === state.base?.id && this.#seen.has(review.id)) {
        await this.end(review.id);
      }
    }
    for (const id of ready) this.#seen.add(id);
  }

  /** Ends every review: another folder is open now. */
  async endAll(): Promise<void> {
    for (const review of this.all) await this.end(review.id);
    this.#seen.clear();
  }

  /** Ends the review of a candidate, if one is open here. */
  async end(candidate: string): Promise<void> {
    const entry = this.#open.get(candidate);
    if (!entry) return;
    this.#open.delete(candidate);
    entry.registrations.dispose();
    await entry.review.end();
    this.#update();
  }

  /** For the ideas view: the files of each open review. */
  files(): ReadonlyMap<string, readonly ReviewFile[]> {
    return new Map(
      this.all.map((review) => [
        review.id,
        [...review.handle.files, ...review.fresh].map((file) => {
          // A binary file or a deletion has no hunk to show, yet one decision to take.
          const undecided = review.partsOf(file.path).reduce((sum, open) => sum + Math.max(1, open.hunks.length), 0);
          const { path, oldPath, kind, added, removed } = file;
          return { path, kind, added, removed, undecided, ...(oldPath === undefined ? {} : { from: oldPath }) };
        }),
      ]),
    );
  }

  /** The review a command means: the one named, the one in the active editor, or the only one. */
  find(target: Target): OpenReview | undefined {
    if (target.candidate !== undefined) return this.#open.get(target.candidate)?.review;
    if (target.idea !== undefined) return this.all.find((review) => review.handle.idea.id === target.idea);
    const active = vscode.window.activeTextEditor?.document.uri;
    const shown = active && this.all.find((review) => review.pathOf(active) !== undefined);
    return shown ?? (this.all.length === 1 ? this.all[0] : undefined);
  }

  /** @throws HumanError `no-review` */
  require(target: Target): OpenReview {
    const review = this.find(target);
    if (review) return review;
    throw new HumanError('No review is open for this. Review an idea first.', {
      code: 'no-review',
      actions: [{ title: 'Review Idea', command: 'research.reviewIdea' }],
    });
  }

  /** The file a command means: the one named, or the one in the active editor. @throws HumanError `no-file` */
  requireFile(target: Target, argument: unknown): { readonly review: OpenReview; readonly path: string } {
    const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
    const shown = uri && this.all.find((review) => review.pathOf(uri) !== undefined);
    if (target.path === undefined && shown && uri) return { review: shown, path: shown.pathOf(uri) ?? '' };
    const review = this.require(target);
    if (target.path !== undefined) return { review, path: target.path };
    throw new HumanError('Open a file of the review first, or use the buttons in the Ideas view.', { code: 'no-file' });
  }

  /** The hunk a command means: the one named, or the one at the cursor. @throws HumanError `no-hunk` */
  requireHunk(target: Target, argument: unknown): HunkTarget {
    const { review, path } = this.requireFile(target, argument);
    if (target.hunk !== undefined) return { review, path, hunk: target.hunk };
    const editor = vscode.window.activeTextEditor;
    const line = editor && review.pathOf(editor.document.uri) === path ? editor.selection.active.line : 0;
    const lineCount = editor?.document.lineCount ?? Number.MAX_SAFE_INTEGER;
    const hunk = hunkAt(review.undecidedOf(path), line, lineCount);
    if (hunk) return { review, path, hunk: hunk.id };
    throw new HumanError(`Every hunk of ${path} is decided.`, {
      code: 'no-hunk',
      actions: [{ title: 'Next Hunk', command: 'research.nextHunk' }],
    });
  }

  #update(): void {
    this.#reasons.show(this.all);
    this.#marks.show(this.all);
    this.#keys.set('reviewing', this.#open.size > 0);
    this.#keys.set(
      'reviewFiles',
      this.all.flatMap((review) =>
        [...review.handle.files, ...review.fresh].map((file) => review.fileUri(file.path).fsPath),
      ),
    );
    this.#changed.fire();
  }

  dispose(): void {
    for (const { review, registrations } of this.#open.values()) {
      registrations.dispose();
      review.dispose();
    }
    this.#open.clear();
    this.#store.dispose();
  }
}
