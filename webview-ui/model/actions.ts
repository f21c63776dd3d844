import type { LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import type { FromPage, PageCommand } from '../../src/protocol/messages.ts';
import { canConfirm } from './doubt.ts';
import { isBaseline, isLive } from './status.ts';

export type CommandMessage = Extract<FromPage, { readonly type: 'command' }>;

export interface Action {
  readonly label: string;
  readonly icon: string;
  /** One press may mean one message for each of several runs. */
  readonly messages: readonly CommandMessage[];
  readonly primary: boolean;
}

/** What a person can do with a row, by its state; the first is the likely next step. */
export function actionsFor(row: LeaderboardRow): readonly Action[] {
  const about = { ...(row.idea === undefined ? {} : { idea: row.idea }), ...candidateOf(row) };
  const live = row.runs.filter((run) => isLive(run.state));
  const ended = row.runs.filter((run) => !isLive(run.state));
  const newest = row.runs.at(-1);
  const done = ended.filter((run) => run.state === 'succeeded').at(-1);

  const one = (label: string, icon: string, command: PageCommand, rest: object = about): Action => ({
    label,
    icon,
    messages: [{ type: 'command', command, ...rest }],
    primary: false,
  });
  const actions: Action[] = [];
  const runLabel = row.runs.length > 0 ? 'Run Again' : 'Run on GPU';
  if (isBaseline(row)) {
    if (live.length === 0) actions.push(one('Run Baseline', 'play', 'runBaseline', {}));
  } else if (row.status === 'ready' || row.status === 'failed-to-implement' || row.status === 'rejected') {
    actions.push(one('Review', 'git-compare', 'reviewIdea'));
  } else if (row.status !== 'implementing' && row.status !== 'duplicate') {
    if (done && live.length === 0) {
      const apply = one('Apply to My Branch', 'git-merge', 'applyToBranch');
      const replicate = one('Replicate', 'sync', 'replicateRun', { ...about, run: done.id });
      actions.push(...(row.improved ? [apply, replicate] : [replicate, apply]));
    } else if (live.length === 0) {
      actions.push(one(runLabel, 'play', 'runOnGpu'));
    }
    actions.push(one('Review', 'git-compare', 'reviewIdea'));
  }
  // What stands between a number and its rank is the next step.
  const doubted = row.status === 'flagged' ? ended.find(canConfirm) : undefined;
  if (doubted) actions.unshift(one('Confirm Result', 'thumbsup', 'confirmResult', { ...about, run: doubted.id }));
  if (isBaseline(row) && done) actions.push(one('Replicate', 'sync', 'replicateRun', { run: done.id }));
  if (live.length > 0) {
    actions.push({
      label: live.length === 1 ? 'Cancel' : `Cancel ${live.length} Runs`,
      icon: 'debug-stop',
      messages: live.map((run) => ({ type: 'command', command: 'cancelRun', ...about, run: run.id })),
      primary: false,
    });
  }
  if (newest) actions.push(one('Open Log', 'output', 'openLog', { ...about, run: newest.id }));
  // Cancelling is nobody's likely next step, nor is a log.
  return actions.map((action, index) => ({
    ...action,
    primary: index === 0 && live.length === 0 && action.icon !== 'output',
  }));
}

function candidateOf(row: LeaderboardRow): { readonly candidate?: string } {
  return row.candidate === undefined ? {} : { candidate: row.candidate };
}
