import { isEnd, type Run } from '../../core/domain/index.ts';
import type { ResearchState } from '../../core/research/index.ts';
import { clockTime, escapeMarkdown, formatBytes, formatDuration, formatValue, oneLine, stateWord } from '../format.ts';
import { statusIcon } from './icons.ts';
import { flags, type TreeNode } from './tree-node.ts';

/** What runs, what waits, what ended. `now` in milliseconds since 1970. */
export function runsTree(state: ResearchState, now: number): readonly TreeNode[] {
  const titles = new Map(
    state.rounds.flatMap(({ ideas }) => ideas.map((node) => [node.idea.id, node.idea.title] as const)),
  );
  const sorted = [...state.runs].sort((a, b) => place(a) - place(b) || order(a, b));
  return sorted.map((run) => runNode(run, titles, now));
}

/** What runs, then what waits, then what ended. */
function place(run: Run): number {
  if (isEnd(run.state)) return 2;
  return run.startedAt === undefined ? 1 : 0;
}

/** Ended runs newest first; the others in the order they began or will begin. */
function order(a: Run, b: Run): number {
  if (isEnd(a.state)) return (b.endedAt ?? b.queuedAt) - (a.endedAt ?? a.queuedAt) || b.id.localeCompare(a.id);
  return (a.startedAt ?? a.queuedAt) - (b.startedAt ?? b.queuedAt) || a.seed - b.seed || a.id.localeCompare(b.id);
}

function runNode(run: Run, titles: ReadonlyMap<number, string>, now: number): TreeNode {
  const idea = run.candidate === undefined ? undefined : Number.parseInt(run.candidate, 10);
  const title = idea === undefined ? undefined : titles.get(idea);
  const name = run.candidate === undefined ? 'Baseline' : `#${run.candidate}`;
  const ended = isEnd(run.state);
  return {
    id: `run/${run.id}`,
    label: `${name} · seed ${run.seed}`,
    description: describe(run, now),
    tooltip: tooltip(run, name, title),
    ...statusIcon(run.state),
    ...(run.unreachableSince !== undefined && !ended
      ? { icon: 'debug-disconnect', color: 'problemsWarningIcon.foreground' }
      : {}),
    context: flags('run', !ended && !run.cancelAsked && 'canCancel', ended && 'canReplicate'),
    target: {
      run: run.id,
      ...(run.candidate === undefined ? {} : { candidate: run.candidate, ...(idea === undefined ? {} : { idea }) }),
    },
    command: 'openLog',
  };
}

function describe(run: Run, now: number): string {
  const where = run.box === undefined ? '' : ` on ${run.box}`;
  if (isEnd(run.state)) {
    const value = run.objective?.state === 'ok' ? formatValue(run.objective.value) : objectiveWord(run);
    const took =
      run.startedAt !== undefined && run.endedAt !== undefined
        ? ` · ${formatDuration(run.endedAt - run.startedAt)}`
        : '';
    return run.state === 'succeeded' ? `${value}${where}${took}` : `${stateWord(run.state)}${where}${took}`;
  }
  if (run.unreachableSince !== undefined) return `${run.box} unreachable since ${clockTime(run.unreachableSince)}`;
  const metric = run.lastMetric
    ? ` · ${run.lastMetric.name} ${formatValue(run.lastMetric.value)}${run.lastMetric.step === null ? '' : ` @ ${run.lastMetric.step}`}`
    : '';
  const time = run.startedAt === undefined ? '' : ` · ${formatDuration(now - run.startedAt)}`;
  return `${run.cancelAsked ? 'cancelling' : stateWord(run.state)}${where}${metric}${time}`;
}

function objectiveWord(run: Run): string {
  switch (run.objective?.state) {
    case 'nan':
      return 'NaN';
    case 'inf':
      return 'Inf';
    case 'invalid':
      return 'outside the valid range';
    default:
      return 'no metric';
  }
}

function tooltip(run: Run, name: string, title: string | undefined): string {
  const lines = [
    `**${escapeMarkdown(title === undefined ? name : `${name} ${oneLine(title, 120)}`)}**`,
    escapeMarkdown(
      `${stateWord(run.state)}, ${run.purpose}, seed ${run.seed}${run.attempt > 1 ? `, attempt ${run.attempt}` : ''}${run.box ? `, on ${run.box}` : ''}`,
    ),
    run.reason ? escapeMarkdown(run.reason) : '',
    run.exitCode === undefined ? '' : `Exit code ${run.exitCode}`,
    run.comparisonClass ? `Compared within ${escapeMarkdown(run.comparisonClass)}` : '',
    `Log: ${formatBytes(run.logBytes)} on this machine`,
    run.counts ? '' : 'Another attempt counts instead.',
    `Run ${escapeMarkdown(run.id)}`,
  ];
  return lines.filter((line) => line !== '').join('\n\n');
}
