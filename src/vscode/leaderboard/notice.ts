import { isHumanError, messageOf } from '../../core/domain/index.ts';
import type { Leaderboard } from '../../core/research/index.ts';
import type { Notice } from '../../protocol/messages.ts';
import type { SessionState } from '../session.ts';

/** Why the page has nothing to show, or why what it shows is old. */
export function noticeOf(state: SessionState, board: Leaderboard | null): Notice | undefined {
  if (state.kind === 'opening') return { kind: 'stale', message: 'The repository is being opened…' };
  if (state.kind === 'failed') return { kind: 'error', message: state.message };
  if (state.kind !== 'open') return { kind: 'error', message: 'No repository is open. The Ideas view says why.' };
  const { environment, base, runs, driver } = state.state;
  if (!environment.ok) {
    return environment.missing
      ? { kind: 'no-environment', message: 'There is no research.yaml yet.', action: 'setUp' }
      : { kind: 'error', message: 'research.yaml has problems; each is marked on its line.', action: 'setUp' };
  }
  if (!base || !board) {
    return {
      kind: 'no-base',
      message: 'Nothing is measured yet. Run the baseline, or generate ideas.',
      action: 'runBaseline',
    };
  }
  if (board.behind) {
    const why = state.state.behind === 'environment' ? 'research.yaml changed what is measured' : 'HEAD moved';
    return {
      kind: 'stale',
      message: `Base is behind: ${why}. These results belong to ${base.commit.slice(0, 10)}.`,
      action: 'newBase',
    };
  }
  if (!driver.here && driver.holder === undefined && runs.some((run) => run.endedAt === undefined)) {
    return { kind: 'stale', message: 'Nothing follows the runs at the moment; it is taken over within seconds.' };
  }
  if (runs.length === 0)
    return {
      kind: 'no-runs',
      message: 'No runs yet. The baseline is what ideas are compared to.',
      action: 'runBaseline',
    };
  return undefined;
}

export function noticeOfError(error: unknown): Notice | undefined {
  if (isHumanError(error) && error.code === 'no-base') return undefined;
  return { kind: 'error', message: messageOf(error) };
}
