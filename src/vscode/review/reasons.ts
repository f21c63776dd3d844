import * as vscode from 'vscode';
import type { Disposable } from '../../core/system/index.ts';
import type { Target } from '../commands/target.ts';
import { escapeMarkdown } from '../format.ts';
import type { OpenReview } from './open-review.ts';
import { inOrder, linesOf, reasonsOf } from './places.ts';

/** The hunk a thread stands beside, for the buttons on it. */
const targets = new WeakMap<vscode.CommentThread, Target>();

export function targetOfThread(argument: unknown): Target | undefined {
  return typeof argument === 'object' && argument !== null ? targets.get(argument as vscode.CommentThread) : undefined;
}

/** Why each hunk was proposed, in the implementer's words, as a folded comment beside it. */
export class Reasons implements Disposable {
  readonly #controller = vscode.comments.createCommentController('research.review', 'Research Copilot');
  readonly #threads = new Map<string, vscode.CommentThread>();

  /** Puts the comments of all open reviews where their hunks are now. */
  show(reviews: readonly OpenReview[]): void {
    const wanted = new Set<string>();
    for (const review of reviews) {
      const texts = reasonsOf(review.handle.candidate.reasons, review.handle.files, review.undecided);
      for (const { path, hunk } of inOrder(review.undecided)) {
        const reasons = texts.get(hunk.id);
        if (!reasons) continue;
        const key = `${review.id}/${path}/${hunk.id}`;
        wanted.add(key);
        const { first, last } = linesOf(hunk, Number.MAX_SAFE_INTEGER);
        const range = new vscode.Range(first, 0, last, 0);
        const thread = this.#threads.get(key) ?? this.#make(review.fileUri(path), range, reasons);
        thread.range = range;
        targets.set(thread, { candidate: review.id, path, hunk: hunk.id });
        this.#threads.set(key, thread);
      }
    }
    for (const [key, thread] of this.#threads) {
      if (wanted.has(key)) continue;
      thread.dispose();
      this.#threads.delete(key);
    }
  }

  #make(uri: vscode.Uri, range: vscode.Range, reasons: readonly string[]): vscode.CommentThread {
    const body = new vscode.MarkdownString(escapeMarkdown(reasons.join('\n')));
    body.isTrusted = false;
    const author = { name: 'Why this change' };
    const thread = this.#controller.createCommentThread(uri, range, [
      { author, body, mode: vscode.CommentMode.Preview },
    ]);
    thread.canReply = false;
    thread.label = 'Why this change';
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Collapsed;
    return thread;
  }

  dispose(): void {
    this.#threads.clear();
    this.#controller.dispose();
  }
}
