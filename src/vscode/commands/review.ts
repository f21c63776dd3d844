import * as vscode from 'vscode';
import { type Candidate, HumanError, isHumanError } from '../../core/domain/index.ts';
import type { Research } from '../../core/research/index.ts';
import { plural } from '../format.ts';
import type { OpenReview } from '../review/open-review.ts';
import { nextPlace } from '../review/places.ts';
import { targetOfThread } from '../review/reasons.ts';
import type { Call, CommandParts, Commands } from './context.ts';
import { pickCandidate, pickIdea } from './pick.ts';
import type { Target } from './target.ts';

const REVIEWABLE = new Set(['proposed', 'ready', 'failed-to-implement', 'rejected', 'duplicate']);

/** The review: opening it, deciding hunk by hunk or file by file, approving. */
export function reviewCommands({ session, reviews }: CommandParts): Commands {
  const hunk = (target: Target, call: Call) => {
    const thread = targetOfThread(call.argument);
    return reviews.requireHunk(thread ?? target, call.argument);
  };

  const step = async (target: Target, direction: 1 | -1) => {
    const review = reviews.require(target);
    await review.refresh();
    const editor = vscode.window.activeTextEditor;
    const path = editor && review.pathOf(editor.document.uri);
    const from = editor && path !== undefined ? { path, line: editor.selection.active.line } : undefined;
    const place = nextPlace(review.undecided, from, direction);
    if (!place) {
      const file = review.undecided[0];
      if (file) await review.openFile(file.path);
      else void vscode.window.setStatusBarMessage('$(pass) Every hunk is decided', 5000);
      return;
    }
    await review.openFile(place.path, place.hunk.id);
  };

  return {
    async reviewIdea(target, call) {
      const research = await session.research();
      const state = await research.state();
      const idea = await pickIdea(
        'Review Idea',
        state,
        target,
        (node) => REVIEWABLE.has(node.status),
        'There is no idea to review.',
      );
      const handle = await call.work(
        { title: `Preparing the review of idea #${idea.id}`, view: 'ideas', cancellable: true },
        (to) => research.openReview(idea.id, to),
      );
      const review = await reviews.open(handle);
      await session.refresh();
      await review.openAll();
    },

    async openReviewFile(target) {
      if (target.path !== undefined) await reviews.require(target).openFile(target.path);
    },

    async acceptHunk(target, call) {
      const { review, path, hunk: id } = hunk(target, call);
      await review.act(() => review.handle.review.acceptHunk(path, id));
    },

    async rejectHunk(target, call) {
      const { review, path, hunk: id } = hunk(target, call);
      await review.act(() => review.handle.review.rejectHunk(path, id));
    },

    async acceptFile(target, call) {
      const { review, path } = reviews.requireFile(target, call.argument);
      await review.act(async () => {
        for (const part of pathsOf(review, path)) await review.handle.review.acceptFile(part);
      });
    },

    async rejectFile(target, call) {
      const { review, path } = reviews.requireFile(target, call.argument);
      await review.act(async () => {
        for (const part of pathsOf(review, path)) await review.handle.review.rejectFile(part);
      });
    },

    async undoReview(target) {
      const review = reviews.require(target);
      const undone = await review.act(() => review.handle.review.undo());
      if (!undone) void vscode.window.setStatusBarMessage('$(reply) Nothing to undo', 3000);
    },

    nextHunk: (target) => step(target, 1),
    previousHunk: (target) => step(target, -1),

    async approve(target, call) {
      const research = await session.research();
      const state = await research.state();
      const shown = target.candidate === undefined && target.idea === undefined ? reviews.find(target) : undefined;
      const candidate = await pickCandidate(
        'Approve',
        state,
        shown ? { candidate: shown.id } : target,
        (one) => one.state === 'ready',
        'There is no patch to approve. Review an idea first.',
      );
      const review = reviews.find({ candidate: candidate.id });
      const approved = review
        ? await approveReviewed(research, review, call)
        : await approveWhole(research, candidate, call);
      if (!approved) return;
      await reviews.end(candidate.id);
      await session.refresh();
      const run = 'Run on GPU';
      void vscode.window.showInformationMessage(`Candidate #${candidate.id} is approved.`, run).then((chosen) => {
        if (chosen === run) void vscode.commands.executeCommand('research.runOnGpu', { candidate: candidate.id });
      });
    },
  };
}

/** A file that moved is one decision: that it comes to its new place, and goes from its old one. */
function pathsOf(review: OpenReview, path: string): readonly string[] {
  const open = review.partsOf(path).map((part) => part.path);
  return open.length > 0 ? open : [path];
}

/** @throws HumanError `undecided` that offers to show the next hunk */
async function approveReviewed(research: Research, review: OpenReview, call: Call): Promise<Candidate | undefined> {
  return review.act(async () => {
    await review.refresh();
    const open = review.undecided;
    if (open.length > 0) throw undecided(review);
    if (!(await anyway(review))) return undefined;
    try {
      return await call.work({ title: `Approving #${review.id}`, view: 'ideas' }, () => research.approve(review.id));
    } catch (error) {
      throw isHumanError(error) && error.code === 'undecided' ? undecided(review) : error;
    }
  });
}

/** Warnings that the patch had from the start stood beside its lines all along; those of a person's own edits are asked. */
async function anyway(review: OpenReview): Promise<boolean> {
  await review.checked;
  const known = new Set(review.handle.candidate.findings.map((one) => `${one.path}: ${one.message}`));
  const fresh = review.findings.filter(
    (one) => one.severity === 'warning' && !known.has(`${one.path}: ${one.message}`),
  );
  if (fresh.length === 0) return true;
  const approve = 'Approve Anyway';
  const show = 'Show Problems';
  const detail = fresh.map((one) => `${one.path}${one.line ? `:${one.line}` : ''}: ${one.message}`).join('\n');
  const text = `What you changed in #${review.id} brings ${plural(fresh.length, 'warning')}.`;
  const chosen = await vscode.window.showWarningMessage(text, { modal: true, detail }, show, approve);
  if (chosen === show) await vscode.commands.executeCommand('workbench.actions.view.problems');
  return chosen === approve;
}

function undecided(review: OpenReview): HumanError {
  const count = review.undecided.reduce((sum, file) => sum + Math.max(1, file.hunks.length), 0);
  const files = review.undecided.map((file) => file.path).join(', ');
  return new HumanError(
    `${plural(count, 'hunk')} of #${review.id} still to decide, in ${files}. Accept or reject each, then approve.`,
    {
      code: 'undecided',
      actions: [{ title: 'Show the Next One', command: 'research.nextHunk', args: [{ candidate: review.id }] }],
    },
  );
}

/** Approving what nobody opened means reading nothing of it: that is asked first. */
async function approveWhole(research: Research, candidate: Candidate, call: Call): Promise<Candidate | undefined> {
  const review = 'Review First';
  const all = 'Approve the Whole Patch';
  const chosen = await vscode.window.showWarningMessage(
    `Approve #${candidate.id} without a review?`,
    { modal: true, detail: 'Every hunk is accepted as proposed. An approved patch may run on your boxes.' },
    review,
    all,
  );
  if (chosen === review) await vscode.commands.executeCommand('research.reviewIdea', { idea: candidate.idea });
  if (chosen !== all) return undefined;
  return call.work({ title: `Approving #${candidate.id}`, view: 'ideas' }, () =>
    research.approveAll(candidate.id, 'person'),
  );
}
