import * as vscode from 'vscode';
import type { Candidate } from '../../core/domain/index.ts';
import type { IdeaNode, IdeaWords } from '../../core/research/index.ts';
import { plural } from '../format.ts';
import { settings } from '../settings.ts';
import type { CommandParts, Commands } from './context.ts';
import { ask, pickCandidate, pickIdea } from './pick.ts';
import type { Target } from './target.ts';

/** Files to choose from: more than a person scrolls through. */
const MOST_FILES = 5000;

/** Ideas: getting them, writing them, implementing and dropping them. */
export function ideaCommands({ session, reviews, attempts }: CommandParts): Commands {
  const pin = async (target: Target, pinned: boolean) => {
    const research = await session.research();
    const fits = (node: IdeaNode) => node.status !== 'dropped' && node.idea.pinned !== pinned;
    const none = pinned ? 'There is no idea to pin.' : 'No idea is pinned.';
    const idea = await pickIdea(pinned ? 'Pin Idea' : 'Unpin Idea', await research.state(), target, fits, none);
    await research.pinIdea(idea.id, pinned);
    await session.refresh();
  };

  return {
    async generateIdeas(_target, call) {
      const research = await session.research();
      await vscode.commands.executeCommand('research.ideas.focus');
      const count = settings.ideasPerRound;
      await call.work({ title: 'Generating ideas', view: 'ideas', cancellable: true }, (to) =>
        research.generateIdeas({ ...to, count }),
      );
      await session.refresh();
    },

    async nextRound(_target, call) {
      const research = await session.research();
      await vscode.commands.executeCommand('research.ideas.focus');
      const count = settings.ideasPerRound;
      const ids = await call.work({ title: 'Next round', view: 'ideas', cancellable: true }, (to) =>
        research.nextRound({ ...to, count }),
      );
      await session.refresh();
      void vscode.window.setStatusBarMessage(`$(lightbulb) ${plural(ids.length, 'new idea')}`, 5000);
    },

    async addIdea() {
      const research = await session.research();
      const words = await askWords('Add Idea', {});
      const idea = await research.addIdea(words);
      await session.refresh();
      void vscode.window.setStatusBarMessage(`$(lightbulb) Idea #${idea.id} added`, 5000);
    },

    async editIdea(target) {
      const research = await session.research();
      const state = await research.state();
      const idea = await pickIdea(
        'Edit Idea',
        state,
        target,
        (node) => node.status !== 'dropped',
        'There is no idea to edit.',
      );
      const words = await askWords(`Edit Idea #${idea.id}`, idea);
      await research.editIdea(idea.id, words);
      await session.refresh();
    },

    async implementIdea(target, call) {
      const research = await session.research();
      const state = await research.state();
      const fits = (status: string) => ['proposed', 'failed-to-implement', 'rejected'].includes(status);
      const idea = await pickIdea(
        'Implement Idea',
        state,
        target,
        (node) => fits(node.status),
        'Every idea is implemented or dropped.',
      );
      await call.work({ title: `Implementing idea #${idea.id}`, view: 'ideas', cancellable: true }, (to) =>
        research.implement(idea.id, to),
      );
      await session.refresh();
    },

    async continueByHand(target) {
      const research = await session.research();
      const state = await research.state();
      const candidate = await pickCandidate(
        'Continue by Hand',
        state,
        target,
        (one) => one.state === 'failed' || one.state === 'rejected',
        'Only a candidate that failed or was rejected can be continued by hand.',
      );
      const review = await reviews.open(await research.continueByHand(candidate.id));
      await session.refresh();
      await vscode.commands.executeCommand('research.ideas.focus');
      void vscode.window.setStatusBarMessage(
        '$(tools) Write the change here, then press Finish in the Ideas view',
        10_000,
      );
      const [first] = review.handle.files;
      if (first) await review.openAll();
      else await openFileOf(review.folder);
    },

    async finishByHand(target, call) {
      const research = await session.research();
      const none = 'Nothing is in your hands. Continue by Hand on a candidate that failed begins it.';
      const inHand = (one: Candidate) => one.state === 'implementing' && one.byHand === true;
      const shown = target.candidate === undefined && target.idea === undefined ? reviews.find(target)?.id : undefined;
      const named = shown === undefined ? target : { candidate: shown };
      const { id } = await pickCandidate('Finish', await research.state(), named, inHand, none);
      await reviews.find({ candidate: id })?.save();
      const done = await call.work({ title: `Checking #${id}`, view: 'ideas', cancellable: true }, (ask) =>
        research.finishByHand(id, ask),
      );
      await session.refresh();
      const approve = 'Approve';
      const warnings = done.findings.filter((one) => one.severity === 'warning').length;
      const seen = warnings > 0 ? `, with ${plural(warnings, 'warning')}` : '';
      const same = done.duplicateOf === undefined ? '' : ` It is the same patch as #${done.duplicateOf}.`;
      // Its folder was made anew, of what was finished.
      await reviews.end(id);
      const fresh = (await research.reviews()).find((one) => one.candidate.id === id);
      if (fresh) await reviews.open(fresh);
      const text = `#${id} passed the gates${seen}.${same}`;
      void vscode.window.showInformationMessage(text, approve).then((chosen) => {
        if (chosen === approve) void vscode.commands.executeCommand('research.approve', { candidate: id });
      });
    },

    async showAttempts(target) {
      const state = await (await session.research()).state();
      const none = 'Nothing was implemented yet, so there is no attempt to show.';
      await attempts.open((await pickCandidate('Show Attempts', state, target, () => true, none)).id);
    },

    async rejectIdea(target) {
      const research = await session.research();
      const state = await research.state();
      const idea = await pickIdea(
        'Reject Idea',
        state,
        target,
        (node) => node.status !== 'dropped',
        'There is no idea to reject.',
      );
      const reason = await ask({
        title: `Reject Idea #${idea.id}`,
        prompt: 'Why? The ideator reads this before the next round.',
        placeHolder: 'Too risky, tried before, …',
        validateInput: needed,
      });
      const own = state.rounds.flatMap((round) => round.ideas).find((one) => one.idea.id === idea.id)?.candidates ?? [];
      await research.rejectIdea(idea.id, reason);
      for (const candidate of own) if (candidate.state !== 'approved') await reviews.end(candidate.id);
      await session.refresh();
    },

    pinIdea: (target) => pin(target, true),
    unpinIdea: (target) => pin(target, false),

    async editBrief() {
      const research = await session.research();
      const { text, file } = await research.brief();
      const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
      const lines = document.getText().split('\n');
      // In research.yaml itself: its line, or the end, where a brief would be written.
      const own = lines.findIndex((line) => line.startsWith('brief:'));
      const line = document.getText() === text ? 0 : own < 0 ? lines.length - 1 : own;
      await vscode.window.showTextDocument(document, { selection: new vscode.Range(line, 0, line, 0) });
      void vscode.window.setStatusBarMessage('$(compass) The next proposal reads the brief as you save it here', 8000);
    },

    async restoreIdea(target) {
      const research = await session.research();
      const state = await research.state();
      const idea = await pickIdea(
        'Restore Idea',
        state,
        target,
        (node) => node.status === 'dropped',
        'No idea is dropped.',
      );
      await research.restoreIdea(idea.id);
      await session.refresh();
    },
  };
}

const needed = (text: string) => (text.trim() === '' ? 'A few words are needed.' : undefined);

/** What each line of an idea is, in the order in which it is asked. */
const QUESTIONS: readonly { readonly key: keyof IdeaWords; readonly prompt: string; readonly needed?: true }[] = [
  { key: 'title', prompt: 'In a few words', needed: true },
  { key: 'hypothesis', prompt: 'What should happen, and why', needed: true },
  { key: 'details', prompt: 'What to change in the code' },
  { key: 'expected', prompt: 'The effect you expect on the objective (may stay empty)' },
  { key: 'risk', prompt: 'What could go wrong or mislead (may stay empty)' },
];

async function askWords(title: string, before: Partial<IdeaWords>): Promise<Required<IdeaWords>> {
  const words = { title: '', hypothesis: '', details: '', expected: '', risk: '' };
  for (const [index, { key, prompt, needed: must }] of QUESTIONS.entries()) {
    const answer = await ask({
      title: `${title} (${index + 1}/${QUESTIONS.length})`,
      prompt,
      value: before[key] ?? '',
      ...(must ? { validateInput: needed } : {}),
    });
    words[key] = answer.trim();
  }
  return words;
}

/** An empty patch has no file to show: the person chooses what they want to change. */
async function openFileOf(folder: string): Promise<void> {
  const pattern = new vscode.RelativePattern(vscode.Uri.file(folder), '**/*');
  const files = await vscode.workspace.findFiles(pattern, '**/.git/**', MOST_FILES);
  const depth = (name: string) => name.split('/').length;
  const items = files
    .map((uri) => ({ label: uri.path.slice(vscode.Uri.file(folder).path.length + 1), uri }))
    .sort((a, b) => depth(a.label) - depth(b.label) || (a.label < b.label ? -1 : 1));
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Continue by Hand',
    placeHolder: 'Which file do you want to change first?',
    ignoreFocusOut: true,
  });
  if (chosen) await vscode.window.showTextDocument(chosen.uri);
}
