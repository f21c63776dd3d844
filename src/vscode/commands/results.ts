import * as vscode from 'vscode';
import { isHumanError } from '../../core/domain/index.ts';
import type { Research } from '../../core/research/index.ts';
import { messageText } from '../format.ts';
import { settings } from '../settings.ts';
import type { CommandParts, Commands } from './context.ts';
import { choose, confirm, pickCandidate, pickRun } from './pick.ts';

const APPROVE_WORDS = {
  ask: 'You approve every patch before it runs.',
  policy: 'Hyperparameter changes are approved by rule; you approve every other patch.',
  all: 'Every patch that passes the gate runs. Nobody reads it first.',
};

/** Results: the search that makes them, the leaderboard, and what is taken home. */
export function resultCommands({ session, leaderboards }: CommandParts): Commands {
  return {
    async startSearch(_target, call) {
      const research = await session.research();
      const state = await research.state();
      if (state.search?.state === 'paused') {
        await research.pauseSearch();
        await session.refresh();
        return;
      }
      const { searchRounds: rounds, ideasPerRound, approve, seedsPerCandidate, baselineSeeds } = settings;
      await confirm(
        `Search for ${rounds} rounds of ${ideasPerRound} ideas?`,
        `${APPROVE_WORDS[approve]}\n${seedsPerCandidate} seeds a candidate, ${baselineSeeds} for the baseline, on ${state.boxes.map((box) => box.name).join(', ') || 'no box yet'}.\nThe settings research.search.* change this.`,
        'Start Search',
      );
      await leaderboards.open();
      const options = {
        approve,
        rounds,
        ideasPerRound,
        seeds: seedsPerCandidate,
        baselineSeeds,
        boxes: [],
        budgets: {},
      };
      const result = await call.work({ title: 'Searching', view: 'ideas', cancellable: true }, (to) =>
        research.startSearch({ ...options, ...to }),
      );
      await session.refresh();
      const best = result.best
        ? `Best: #${result.best.candidate}${result.best.improved ? ', better than the baseline' : ''}.`
        : 'No idea came to a result.';
      void vscode.window.showInformationMessage(`The search ended after ${result.rounds.length} rounds. ${best}`);
    },

    async confirmResult(target) {
      const research = await session.research();
      const state = await research.state();
      const run = await pickRun(
        'Confirm Result',
        state,
        target,
        (one) => state.judged[one.id] !== undefined && state.judged[one.id]?.confirmed === undefined,
        'No result waits to be confirmed.',
      );
      const why = state.judged[run.id]?.flags.map(({ message }) => message).join('\n') ?? '';
      const name = run.candidate === undefined ? `run ${run.id}` : `#${run.candidate}`;
      await confirm(
        `Confirm the result of ${name}, seed ${run.seed}?`,
        `${why}\n\nRead its patch and its log first. A confirmed result is ranked, and ideas may build on it. Replicate Run with another seed confirms it without you.`,
        'Confirm Result',
      );
      await research.confirmRun(run.id, true);
      await session.refresh();
      const undo = 'Undo';
      const chosen = await vscode.window.showInformationMessage(`The result of ${name} counts from now on.`, undo);
      if (chosen !== undo) return;
      await research.confirmRun(run.id, false);
      await session.refresh();
    },

    async pauseSearch() {
      await (await session.research()).pauseSearch();
      await session.refresh();
    },

    async stopSearch() {
      const research = await session.research();
      await confirm(
        'Stop the search?',
        'No further round begins. Runs that are going on end on their own and still count.',
        'Stop Search',
      );
      await research.stopSearch();
      await session.refresh();
    },

    async openLeaderboard() {
      await leaderboards.open();
    },

    async applyToBranch(target, call) {
      const research = await session.research();
      const candidate = await pickCandidate(
        'Apply to My Branch',
        await research.state(),
        target,
        (one) => one.state === 'approved',
        'There is no approved candidate to apply.',
      );
      const merge = 'Make a Branch and Merge It';
      const branch = 'Only Make a Branch';
      const chosen = await vscode.window.showInformationMessage(
        `Apply #${candidate.id} to your repository?`,
        {
          modal: true,
          detail:
            'Its approved commit becomes a branch. Merging it into the current branch needs a clean working tree; nothing of yours is overwritten.',
        },
        merge,
        branch,
      );
      if (chosen === undefined) return;
      const result = await call.work({ title: `Applying #${candidate.id}`, view: 'ideas' }, () =>
        apply(research, candidate.id, chosen === merge),
      );
      void vscode.window.showInformationMessage(
        result.merged
          ? `#${candidate.id} is merged (${result.commit.slice(0, 10)}), from branch ${result.branch}.`
          : `#${candidate.id} is on branch ${result.branch}.${messageText(result.why)}`,
      );
    },

    async exportResults() {
      const research = await session.research();
      const format = await choose('Export Results', 'Which format?', [
        { label: 'CSV', description: 'one row a candidate', value: 'csv' as const },
        { label: 'JSON', description: 'everything', value: 'json' as const },
        { label: 'Markdown', description: 'a table to paste', value: 'markdown' as const },
      ]);
      const text = await research.export(format);
      const extension = format === 'markdown' ? 'md' : format;
      const uri = await vscode.window.showSaveDialog({
        title: 'Export Results',
        defaultUri: vscode.Uri.joinPath(vscode.Uri.file(research.root), `leaderboard.${extension}`),
      });
      if (!uri) return;
      await vscode.workspace.fs.writeFile(uri, Buffer.from(text, 'utf8'));
      await vscode.window.showTextDocument(uri);
    },
  };
}

/** A merge that cannot be leaves the branch: that is said, and is no failure. */
async function apply(research: Research, candidate: string, merge: boolean) {
  try {
    return { ...(await research.applyToBranch(candidate, { merge })), why: '' };
  } catch (error) {
    if (!merge || !isHumanError(error) || !['dirty', 'conflict', 'detached'].includes(error.code)) throw error;
    const result = await research.applyToBranch(candidate, { merge: false });
    return { ...result, why: ` It was not merged: ${error.message}` };
  }
}
