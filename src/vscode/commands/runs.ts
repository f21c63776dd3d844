import * as vscode from 'vscode';
import { HumanError, type Run } from '../../core/domain/index.ts';
import type { ResearchState } from '../../core/research/index.ts';
import { plural } from '../format.ts';
import { settings } from '../settings.ts';
import type { Call, CommandParts, Commands } from './context.ts';
import { ask, confirm, isLive, pickBox, pickCandidate, pickRun } from './pick.ts';
import type { Target } from './target.ts';

/** Runs: starting, repeating, stopping. */
export function runCommands({ session, leaderboards }: CommandParts): Commands {
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
      const { seedsPerCandidate: seeds, baselineSeeds } = settings;
      const options = { seeds, baselineSeeds, ...(box === undefined ? {} : { box }) };
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

    async rerunRun(_target, call) {
      const research = await session.research();
      const runs = await pickRuns(
        'Rerun',
        await research.state(),
        call,
        (run) => !isLive(run),
        'No run has ended yet.',
      );
      const again = await call.work({ title: 'Queueing it again', view: 'runs' }, () =>
        Promise.all(runs.map((run) => research.rerun(run.id))),
      );
      await queued(again);
    },

    async cancelRun(_target, call) {
      const research = await session.research();
      const runs = await pickRuns('Cancel Run', await research.state(), call, isLive, 'No run is going on.');
      const [first] = runs;
      if (!first) return;
      const name = first.candidate === undefined ? 'the baseline run' : `the run of #${first.candidate}`;
      await confirm(
        runs.length === 1 ? `Cancel ${name} with seed ${first.seed}?` : `Cancel ${plural(runs.length, 'run')}?`,
        runs.length === 1
          ? 'Its whole process tree is stopped. What it printed so far is kept.'
          : 'Their whole process trees are stopped. What they printed so far is kept.',
        runs.length === 1 ? 'Cancel Run' : 'Cancel Them',
      );
      for (const run of runs) await research.cancelRun(run.id);
      await session.refresh();
    },
  };
}

/**
 * The runs a command acts on: those that are selected and fit, else one that a person picks.
 * @throws HumanError `no-run` where none fits
 */
export async function pickRuns(
  title: string,
  state: ResearchState,
  call: Pick<Call, 'targets'>,
  fits: (run: Run) => boolean,
  none: string,
): Promise<readonly Run[]> {
  const wanted = new Set(call.targets.flatMap((target) => target.run ?? []));
  if (wanted.size > 1) {
    const found = state.runs.filter((run) => wanted.has(run.id) && fits(run));
    if (found.length > 0) return found;
    throw new HumanError(none, { code: 'no-run' });
  }
  const target: Target = call.targets[0] ?? {};
  return [await pickRun(title, state, target, fits, none)];
}
