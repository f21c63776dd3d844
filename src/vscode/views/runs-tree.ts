import { isEnd, type Run, type RunState } from '../../core/domain/index.ts';
import type { ResearchState } from '../../core/research/index.ts';
import { outlooks } from '../../core/scheduler/index.ts';
import { escapeMarkdown, plural } from '../format.ts';
import { statusIcon } from './icons.ts';
import { runName, runTooltip, runWords } from './run-words.ts';
import { flags, type TreeNode } from './tree-node.ts';

/** Ended runs that are listed; the leaderboard has all of them. */
const ENDED_SHOWN = 200;
/** Groups with more than this begin folded, where what runs would be pushed off the screen. */
const UNFOLDED = 50;

const AT_WORK: ReadonlySet<RunState> = new Set(['preparing', 'running', 'finishing']);
const WARNING = 'problemsWarningIcon.foreground';

/** What runs, what waits on boxes, what waits in our queue, what ended: a group each. `now` in milliseconds since 1970. */
export function runsTree(state: ResearchState, now: number): readonly TreeNode[] {
  if (state.runs.length === 0 && !state.queue.paused) return [];
  const titles = new Map(
    state.rounds.flatMap(({ ideas }) => ideas.map((node) => [node.idea.id, node.idea.title] as const)),
  );
  const outlook = outlooks(state.runs, state.queue);
  const node = (run: Run) => runNode(run, state, outlook(run, now), titles, now);
  const places = new Map(state.queue.order.map((id, index) => [id, index]));
  const live = state.runs.filter((run) => !isEnd(run.state));
  const atWork = live.filter((run) => AT_WORK.has(run.state)).sort(byBegin);
  const waiting = live.filter((run) => run.state === 'waiting' || run.state === 'shipping').sort(byBox);
  const queued = live
    .filter((run) => run.state === 'queued')
    .sort((a, b) => (places.get(a.id) ?? Number.POSITIVE_INFINITY) - (places.get(b.id) ?? Number.POSITIVE_INFINITY));
  const ended = state.runs.filter((run) => isEnd(run.state)).sort(byEnd);
  return [
    ...state.queue.withoutBaseline.map(lacksBaseline),
    ...group('work', 'Running', atWork.map(node), { icon: 'play-circle' }),
    ...group('waiting', 'Waiting on Boxes', waiting.map(node), { icon: 'server' }),
    ...queueGroup(state, queued.map(node)),
    ...group('ended', 'Ended', endedNodes(ended, node), {
      icon: 'history',
      count: ended.length,
      fold: live.length > 0,
    }),
  ];
}

function group(
  id: string,
  label: string,
  children: readonly TreeNode[],
  options: { readonly icon: string; readonly count?: number; readonly fold?: boolean },
): readonly TreeNode[] {
  if (children.length === 0) return [];
  const count = options.count ?? children.length;
  const expanded = !(options.fold && count > UNFOLDED);
  return [{ id: `runs/${id}`, label, description: String(count), icon: options.icon, expanded, children }];
}

/** Our queue is there while it is paused, too: that must be seen, and taken back from there. */
function queueGroup({ queue }: ResearchState, children: readonly TreeNode[]): readonly TreeNode[] {
  if (children.length === 0 && !queue.paused) return [];
  const count = plural(children.length, 'run');
  return [
    {
      id: 'runs/queue',
      label: 'Queue',
      description: queue.paused ? `paused · ${count}` : String(children.length),
      tooltip: queue.paused
        ? 'Nothing new is sent to any box until you resume the queue. What boxes have goes on.'
        : 'Runs that no box has yet, in the order in which they are sent.',
      icon: queue.paused ? 'debug-pause' : 'list-ordered',
      ...(queue.paused ? { color: WARNING } : {}),
      context: flags('queue', queue.paused ? 'isPaused' : 'isOpen'),
      expanded: true,
      children,
    },
  ];
}

/** Results without a baseline of their own class compare with nothing: said at the top, with what mends it. */
function lacksBaseline(one: ResearchState['queue']['withoutBaseline'][number]): TreeNode {
  const [box] = one.boxes;
  const trials = plural(one.trials, 'run');
  return {
    id: `runs/baseline/${one.comparisonClass}`,
    label: `No baseline on ${one.comparisonClass}`,
    description: `${trials} there compare with nothing. Click to run it.`,
    tooltip: escapeMarkdown(
      `Results are compared within one kind of hardware. ${trials} ran or run on ${one.comparisonClass} (${one.boxes.join(', ')}), and the base never did. Run Baseline on ${box ?? 'one of its boxes'} makes them comparable.`,
    ),
    icon: 'warning',
    color: WARNING,
    context: flags('lacksBaseline'),
    target: box === undefined ? {} : { box },
    command: 'runBaseline',
  };
}

function endedNodes(ended: readonly Run[], node: (run: Run) => TreeNode): readonly TreeNode[] {
  const shown = ended.slice(0, ENDED_SHOWN).map(node);
  const left = ended.length - shown.length;
  if (left === 0) return shown;
  const more: TreeNode = {
    id: 'runs/more',
    label: `${left} earlier`,
    description: 'in the leaderboard',
    icon: 'ellipsis',
    command: 'openLeaderboard',
  };
  return [...shown, more];
}

function byBegin(a: Run, b: Run): number {
  return (a.startedAt ?? Number.POSITIVE_INFINITY) - (b.startedAt ?? Number.POSITIVE_INFINITY) || byQueue(a, b);
}

function byBox(a: Run, b: Run): number {
  const box = (run: Run) => run.box ?? '';
  return box(a) === box(b)
    ? (a.position ?? Number.POSITIVE_INFINITY) - (b.position ?? Number.POSITIVE_INFINITY) || byQueue(a, b)
    : box(a).localeCompare(box(b));
}

function byQueue(a: Run, b: Run): number {
  return a.queuedAt - b.queuedAt || a.seed - b.seed || a.id.localeCompare(b.id);
}

function byEnd(a: Run, b: Run): number {
  return (b.endedAt ?? b.queuedAt) - (a.endedAt ?? a.queuedAt) || b.id.localeCompare(a.id);
}

/** A number that is flagged and that nobody has vouched for. */
function doubted(run: Run, { judged }: Pick<ResearchState, 'judged'>): boolean {
  const found = judged[run.id];
  return found !== undefined && found.confirmed === undefined && !found.flags.some(({ code }) => code === 'seed-only');
}

function runNode(
  run: Run,
  state: ResearchState,
  outlook: ReturnType<ReturnType<typeof outlooks>>,
  titles: ReadonlyMap<number, string>,
  now: number,
): TreeNode {
  const idea = run.candidate === undefined ? undefined : Number.parseInt(run.candidate, 10);
  const title = idea === undefined ? undefined : titles.get(idea);
  const ended = isEnd(run.state);
  const onBox = run.box !== undefined && run.state !== 'queued' && run.state !== 'shipping';
  return {
    id: `run/${run.id}`,
    label: runName(run),
    // A paused queue says so once, and not on every run.
    description: runWords(state.queue.paused ? { ...run, reason: undefined } : run, outlook, state.boxes),
    tooltip: runTooltip(run, outlook, state, title, now),
    ...runIcon(run),
    context: flags(
      'run',
      !ended && (!run.cancelAsked || run.moving) && 'canCancel',
      ended && 'canReplicate',
      doubted(run, state) && 'canConfirm',
      run.state === 'queued' && 'isQueued',
      onBox && 'onBox',
    ),
    target: {
      run: run.id,
      ...(run.box === undefined ? {} : { box: run.box }),
      ...(run.candidate === undefined ? {} : { candidate: run.candidate, ...(idea === undefined ? {} : { idea }) }),
    },
    // What no box has yet has no log: a click only selects it.
    ...(run.state === 'queued' ? {} : { command: 'openLog' as const }),
  };
}

function runIcon(run: Run): { readonly icon: string; readonly color?: string } {
  if (run.state === 'cancelled' && run.moving) return { icon: 'arrow-swap', color: 'disabledForeground' };
  if (isEnd(run.state)) return statusIcon(run.state);
  if (run.moving) return { icon: 'arrow-swap', color: WARNING };
  if (run.unreachableSince !== undefined) return { icon: 'debug-disconnect', color: WARNING };
  return statusIcon(run.state);
}
