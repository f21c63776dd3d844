import { isEnd, type Run } from '../core/domain/index.ts';
import type { BoxNode, IdeaNode, Leaderboard, LeaderboardRow, ResearchState } from '../core/research/types.ts';
import { type Outlook, outlooks } from '../core/scheduler/index.ts';
import { boxLines } from './box-lines.ts';
import { type Column, printable, tableLines } from './columns.ts';
import { count, formatDelta, formatDuration, formatNumber, formatSummary, ordinal } from './numbers.ts';
import { paint } from './paint.ts';

/** How many of the runs that have ended `status` still names. */
const RECENT_RUNS = 8;

const BOARD: readonly Column[] = [
  { head: '', align: 'right' },
  { head: 'idea' },
  { head: 'value', align: 'right' },
  { head: 'spread (runs)', spare: 2 },
  { head: 'Δ', align: 'right' },
  { head: 'status' },
  { head: 'hardware', spare: 1 },
  { head: 'round', align: 'right', spare: 4 },
  { head: 'builds on', spare: 3 },
  { head: 'title', shrinks: true },
];

function boardCells(row: LeaderboardRow, hardware: boolean): readonly string[] {
  const parents = row.parents.filter((parent) => parent.role !== 'context');
  const [mean, , ...spread] = row.objective ? formatSummary(row.objective).split(' ') : [];
  return [
    row.rank === undefined ? '' : String(row.rank),
    row.candidate === undefined ? '' : `#${row.candidate}`,
    mean ?? '',
    spread.length === 0 ? '' : `± ${spread.join(' ')}`,
    row.delta === undefined ? '' : formatDelta(row.delta, row.objective?.mean),
    row.improved ? (row.status === 'succeeded' ? 'better' : `${row.status}, better`) : row.status,
    hardware ? (row.comparisonClass ?? '') : '',
    row.round === undefined ? '' : String(row.round),
    parents.map((parent) => `#${parent.candidate}`).join(' '),
    row.title,
  ];
}

/** The leaderboard as aligned columns, cut to a terminal's `width`; undefined: whole. */
export function boardLines(board: Leaderboard, width?: number): readonly string[] {
  // One kind of hardware is the rule, and then a column for it says nothing.
  const hardware = new Set(board.rows.flatMap((row) => row.comparisonClass ?? [])).size > 1;
  const columns = BOARD.map((column) =>
    column.head === 'value' ? { ...column, head: printable(board.metric) } : column,
  );
  const lines = tableLines(
    columns,
    board.rows.map((row) => boardCells(row, hardware)),
    width,
  );
  return lines.map((line, index) => {
    if (index === 0) return paint.dim(line);
    return board.rows[index - 1]?.improved ? paint.green(line) : line;
  });
}

/** One sentence under the leaderboard: how many are better than the baseline, and what `better` means. */
export function boardSummary(board: Leaderboard): string {
  const valued = board.rows.filter((row) => row.candidate !== undefined && row.objective);
  if (valued.length === 0) return 'No idea has come to a value yet.';
  if (!board.rows.some((row) => row.candidate === undefined && row.objective))
    return 'There is no baseline to compare with: "research-copilot baseline" runs it.';
  const better = valued.filter((row) => row.improved).length;
  const behind = board.behind ? ' The base is behind: the code or research.yaml changed since.' : '';
  return `${better} of ${count(valued.length, 'idea')} with a value ${better === 1 ? 'is' : 'are'} better than the baseline by more than the noise (${board.goal} ${printable(board.metric)}).${behind}`;
}

const RUNS: readonly Column[] = [
  { head: 'run' },
  { head: 'idea' },
  { head: 'seed', align: 'right', spare: 4 },
  { head: 'state' },
  { head: 'value' },
  { head: 'box', spare: 1 },
  { head: 'outlook', spare: 2 },
  { head: 'reason', shrinks: true, spare: 3 },
];

function lastValue(run: Run): string {
  if (run.objective?.state === 'ok') return formatNumber(run.objective.value);
  if (run.objective) return run.objective.state;
  return run.lastMetric && !isEnd(run.state) ? `${run.lastMetric.name} ${formatNumber(run.lastMetric.value)}` : '';
}

/** `8m of about 20m`, `2nd on the box`, `5th in the queue`; empty where nothing is known. */
export function outlookWords({ inQueue, onBox, elapsedMs, usualMs }: Outlook): string {
  const usual = usualMs === undefined ? '' : `about ${formatDuration(usualMs)}`;
  if (elapsedMs !== undefined) return [formatDuration(elapsedMs), usual].filter(Boolean).join(' of ');
  if (onBox !== undefined) return `${ordinal(onBox)} on the box`;
  return inQueue === undefined ? '' : `${ordinal(inQueue)} in the queue`;
}

/** Runs as aligned columns, without a line of heads; with an outlook for those that go on, where one is given. */
export function runLines(
  runs: readonly Run[],
  width?: number,
  outlook: (run: Run) => Outlook = () => ({}),
): readonly string[] {
  const rows = runs.map((run) => [
    run.id,
    run.candidate === undefined ? 'baseline' : `#${run.candidate}`,
    `seed ${run.seed}`,
    run.state,
    lastValue(run),
    run.box ?? '',
    outlookWords(outlook(run)),
    run.reason ?? '',
  ]);
  return tableLines(
    RUNS.map((column) => ({ ...column, head: '' })),
    rows,
    width,
  ).slice(1);
}

/** What runs are doing, in one line: for a progress bar. */
export function runsProgress(
  runs: readonly Run[],
  boxes: readonly BoxNode[] = [],
): { readonly text: string; readonly share: number } {
  const ended = runs.filter((run) => isEnd(run.state)).length;
  const parts = [`${ended} of ${count(runs.length, 'run')}`];
  const live = runs.find((run) => run.lastMetric && !isEnd(run.state)) ?? runs.find((run) => !isEnd(run.state));
  if (live) parts.push([live.state, live.box && `on ${live.box}`, lastValue(live)].filter(Boolean).join(' '));
  const gone = boxes.filter((box) => box.unreachableSince !== undefined).map((box) => box.name);
  if (gone.length > 0 && ended < runs.length) parts.push(`${gone.join(' and ')} not reachable`);
  return { text: parts.map(printable).join(', '), share: ended / Math.max(1, runs.length) };
}

const IDEAS: readonly Column[] = [
  { head: '', align: 'right' },
  { head: '', shrinks: true },
  { head: '' },
  { head: '', spare: 1 },
];

/** The ideas of one round as aligned columns. */
export function ideaLines(ideas: readonly IdeaNode[], width?: number): readonly string[] {
  const rows = ideas.map(({ idea, status, candidates }) => {
    const twin = candidates.at(-1)?.duplicateOf;
    const parents = idea.parents.filter((parent) => parent.role !== 'context');
    const on = parents.length === 0 ? '' : `builds on ${parents.map((parent) => `#${parent.candidate}`).join(' ')}`;
    const same = twin === undefined ? '' : `the same patch as #${twin}`;
    const why = idea.rejection === undefined ? (idea.dropped ?? same) : `rejected: ${idea.rejection}`;
    const said = [idea.pinned ? 'pinned' : '', why, on].filter((text) => text !== '').join('; ');
    return [`#${idea.id}`, idea.title, status, said];
  });
  return tableLines(IDEAS, rows, width === undefined ? undefined : width - 2)
    .slice(1)
    .map((line) => `  ${line}`);
}

/** The one thing to do next, as a whole sentence with its command; undefined while something is going on. */
export function nextStep(state: ResearchState): string | undefined {
  const { environment, rounds, runs, search } = state;
  if (!environment.ok) {
    return environment.missing
      ? '"research-copilot init" proposes a research.yaml.'
      : 'Mend research.yaml, then ask again.';
  }
  if (search || runs.some((run) => !isEnd(run.state))) return undefined;
  if (state.behind) return '"research-copilot base --new" begins from what is committed now.';
  const ideas = rounds.flatMap((round) => round.ideas);
  if (ideas.length === 0) return '"research-copilot ideas" asks for ideas.';
  const find = (status: IdeaNode['status']) => ideas.find((node) => node.status === status);
  const ready = find('ready');
  if (ready) return `"research-copilot review ${ready.idea.id}" shows the patch of #${ready.idea.id}.`;
  const approved = find('approved')?.candidates.findLast((candidate) => candidate.state === 'approved');
  if (approved) return `"research-copilot run ${approved.id}" runs #${approved.id}.`;
  const proposed = find('proposed');
  if (proposed)
    return `"research-copilot review ${proposed.idea.id}" makes and shows the patch of #${proposed.idea.id}.`;
  return '"research-copilot ideas --next-round" builds on the results.';
}

/** What a person must know of the queue, and mend. */
export function queueLines({ queue }: Pick<ResearchState, 'queue'>): readonly string[] {
  const lines: string[] = [];
  if (queue.paused) {
    const left = queue.order.length === 0 ? '' : ` with ${count(queue.order.length, 'run')} in it`;
    lines.push(paint.yellow(`The queue is paused${left}: "research-copilot queue resume" sends on.`));
  }
  for (const { comparisonClass, trials, boxes } of queue.withoutBaseline) {
    const [box = ''] = boxes;
    lines.push(
      paint.yellow(
        `${count(trials, 'run')} on ${printable(comparisonClass)} compare with nothing: "research-copilot baseline --box ${box}" runs a baseline there.`,
      ),
    );
  }
  return lines;
}

/** What runs, then what waits on boxes, then what is in the queue in its order. */
function inTurn(live: readonly Run[], order: readonly string[]): readonly Run[] {
  const places = new Map(order.map((id, index) => [id, index]));
  const place = (run: Run) => (run.startedAt !== undefined ? -2 : (places.get(run.id) ?? -1));
  return live.toSorted(
    (a, b) => place(a) - place(b) || (a.position ?? 0) - (b.position ?? 0) || a.queuedAt - b.queuedAt,
  );
}

/** What `status` prints. `now` in milliseconds since 1970. */
export function statusLines(state: ResearchState, width: number | undefined, now: number): readonly string[] {
  const lines = [paint.bold(state.root)];
  if (state.environment.ok) {
    const { name, objective } = state.environment.value;
    lines.push(`Environment ${printable(name)}: ${objective.goal} ${printable(objective.metric)}`);
  } else if (state.environment.missing) {
    lines.push('There is no research.yaml.');
  } else {
    lines.push(...state.environment.diagnostics.map((one) => `research.yaml:${one.line}: ${printable(one.message)}`));
  }
  lines.push(...state.boxesProblems.map((one) => paint.yellow(`boxes.yaml:${one.line}: ${printable(one.message)}`)));
  if (state.base) {
    const why = state.behind === 'head' ? 'the branch moved' : 'the environment changed';
    lines.push(`Base ${state.base.commit.slice(0, 10)}${state.behind ? paint.yellow(` (behind: ${why})`) : ''}`);
  }
  lines.push(`Ideas come from the ${printable(state.ideator.label)}`);
  if (state.search) {
    const { approve, rounds, state: how } = state.search;
    lines.push(`Search ${how}: ${count(rounds, 'round')}, patches approved by ${approve}`);
  }
  for (const { round, ideas } of state.rounds)
    lines.push(`Round ${round.number}: ${count(ideas.length, 'idea')}, ${round.state}`);
  const live = state.runs.filter((run) => !isEnd(run.state));
  const ended = state.runs.filter((run) => isEnd(run.state));
  if (state.runs.length === 0) lines.push('No runs yet');
  const outlook = outlooks(state.runs, state.queue);
  const indented = (runs: readonly Run[]) =>
    runLines(runs, width === undefined ? undefined : width - 2, (run) => outlook(run, now)).map((line) => `  ${line}`);
  lines.push(...queueLines(state));
  if (live.length > 0) lines.push(`${count(live.length, 'live run')}:`, ...indented(inTurn(live, state.queue.order)));
  if (ended.length > 0) {
    const shown = ended.slice(0, RECENT_RUNS);
    lines.push(
      shown.length < ended.length
        ? `${count(ended.length, 'ended run')}, the last ${shown.length}:`
        : `${count(ended.length, 'ended run')}:`,
      ...indented(shown),
    );
  }
  lines.push(
    'Boxes:',
    ...boxLines(state.boxes, width === undefined ? undefined : width - 2).map((line) => `  ${line}`),
  );
  if (!state.driver.here && state.driver.holder && state.driver.pid !== process.pid)
    lines.push(`Driven by ${printable(state.driver.holder)} (process ${state.driver.pid})`);
  const next = nextStep(state);
  if (next !== undefined) lines.push('', `Next: ${next}`);
  return lines;
}
