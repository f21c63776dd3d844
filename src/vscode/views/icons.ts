import type { RowStatus } from '../../core/research/index.ts';

/** Codicon and theme colour of a status: shape and word carry the meaning, the colour only helps. */
export function statusIcon(status: RowStatus | 'proposed' | 'dropped'): {
  readonly icon: string;
  readonly color?: string;
} {
  switch (status) {
    case 'proposed':
      return { icon: 'lightbulb' };
    case 'dropped':
      return { icon: 'circle-slash', color: 'disabledForeground' };
    case 'duplicate':
      return { icon: 'copy', color: 'disabledForeground' };
    case 'implementing':
      return { icon: 'loading~spin' };
    case 'failed-to-implement':
      return { icon: 'warning', color: 'problemsWarningIcon.foreground' };
    case 'ready':
      return { icon: 'git-pull-request', color: 'charts.blue' };
    case 'rejected':
      return { icon: 'circle-slash', color: 'disabledForeground' };
    case 'approved':
      return { icon: 'verified', color: 'charts.green' };
    case 'queued':
      return { icon: 'circle-outline' };
    case 'shipping':
      return { icon: 'cloud-upload', color: 'charts.blue' };
    case 'waiting':
      return { icon: 'watch' };
    case 'preparing':
      return { icon: 'tools', color: 'charts.blue' };
    case 'running':
    case 'finishing':
      return { icon: 'sync~spin', color: 'charts.blue' };
    case 'succeeded':
      return { icon: 'pass', color: 'testing.iconPassed' };
    case 'flagged':
      return { icon: 'warning', color: 'problemsWarningIcon.foreground' };
    case 'failed':
    case 'timed-out':
      return { icon: 'error', color: 'testing.iconFailed' };
    case 'cancelled':
      return { icon: 'debug-stop', color: 'disabledForeground' };
    case 'lost':
      return { icon: 'question', color: 'problemsWarningIcon.foreground' };
  }
}
