import * as vscode from 'vscode';
import { HumanError } from '../../core/domain/index.ts';
import { plural } from '../format.ts';
import { settings } from '../settings.ts';
import type { CommandParts, Commands } from './context.ts';
import { ask, confirm, isLive, pickBox, pickCandidate, pickRun } from './pick.ts';

/** Runs: starting, repeating, stopping, reading. */
export function runCommands({ session, leaderboards, system }: CommandParts): Commands {
  const queued = async (runs: readonly string[]) => {
    await session.refresh();
    void vscode.window.setStatusBarMessage(`$(play) ${plural(runs.length, 'run')} queued`, 5000);
    await leaderboards.open(true);
  };

  return {
    async runOnGpu(target, call) {
      const research = await session.research();
      const state = await research.state();
      const candidate = await pickCandidate(
        'Run on GPU',
        state,
        target,
        (one) => one.state === 'approved',
        'There is no approved candidate yet. Review an idea and approve it first.',
      );
      if (candidate.state !== 'approved') {
        throw new HumanError(
          `Candidate #${candidate.id} is not approved, and only approved commits run. Review it first.`,
          {
            code: 'not-approved',
            actions: [{ title: 'Review', command: 'research.reviewIdea', args: [{ idea: candidate.idea }] }],
          },
        );
      }
      const box = await pickBox(`Run #${candidate.id}`, state, target);
      const options = { seeds: settings.seedsPerCandidate, ...(box === undefined ? {} : { box }) };
      const runs = await call.work({ title: `Queueing #${candidate.id}`, view: 'runs', cancellable: true }, (to) =>
        research.run(candidate.id, { ...to, ...options }),
      );
      await queued(runs);
    },

    async runBaseline(target, call) {
      const research = await session.research();
      const box = await pickBox('Run Baseline', await research.state(), target);
      const options = { seeds: settings.baselineSeeds, ...(box === undefined ? {} : { box }) };
      const runs = await call.work({ title: 'Queueing the baseline', view: 'runs', cancellable: true }, (to) =>
        research.runBaseline({ ...to, ...options }),
      );
      await queued(runs);
    },

    async replicateRun(target, call) {
      const research = await session.research();
      const run = await pickRun(
        'Replicate Run',
        await research.state(),
        target,
        (one) => !isLive(one),
        'No run has ended yet.',
      );
      const seeds = await ask({
        title: 'Replicate Run',
        prompt: 'How many more seeds?',
        value: '2',
        validateInput: (text) => (/^(?:[1-9]|[12]\d|3[0-2])$/.test(text.trim()) ? undefined : 'A number from 1 to 32'),
      });
      const runs = await call.work({ title: 'Queueing replicates', view: 'runs' }, () =>
        research.replicate(run.id, Number(seeds)),
      );
      await queued(runs);
    },

    async cancelRun(target) {
      const research = await session.research();
      const run = await pickRun('Cancel Run', await research.state(), target, isLive, 'No run is going on.');
      const name = run.candidate === undefined ? 'the baseline run' : `the run of #${run.candidate}`;
      await confirm(
        `Cancel ${name} with seed ${run.seed}?`,
        'Its whole process tree is stopped. What it printed so far is kept.',
        'Cancel Run',
      );
      await research.cancelRun(run.id);
      await session.refresh();
    },

    async openLog(target) {
      const research = await session.research();
      const run = await pickRun('Open Log', await research.state(), target, () => true, 'There is no run yet.');
      const file = research.logFile(run.id);
      if ((await system.files.info(file)) === undefined) {
        throw new HumanError(
          `Run ${run.id} has no log on this machine yet: it is ${run.state}${run.reason ? ` (${run.reason})` : ''}.`,
          {
            code: 'no-log',
          },
        );
      }
      const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
      await vscode.window.showTextDocument(document, { preview: true });
    },
  };
}
