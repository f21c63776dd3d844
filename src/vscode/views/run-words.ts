import { isEnd, type Run } from '../../core/domain/index.ts';
import type { ResearchState } from '../../core/research/index.ts';
import type { Outlook } from '../../core/scheduler/index.ts';
import {
  clockTime,
  escapeMarkdown,
  formatBytes,
  formatDuration,
  formatValue,
  oneLine,
  ordinal,
  stateWord,
} from '../format.ts';

/** `Baseline` or the candidate, with the seed: how a run is called everywhere. */
export function runName(run: Pick<Run, 'candidate' | 'seed'>): string {
  return `${run.candidate === undefined ? 'Baseline' : `#${run.candidate}`} · seed ${run.seed}`;
}

/** `lab-1 GPU 0, 1`: the box and what the run was given there, by index where the box was seen. */
export function placeOf(run: Run, boxes: ResearchState['boxes']): string {
  if (run.box === undefined) return '';
  const known = boxes.find((box) => box.name === run.box)?.report?.gpus ?? [];
  const names = (run.gpus ?? []).map((uuid) => {
    const gpu = known.find((one) => one.uuid === uuid);
    // A cluster says `node:index`; a UUID alone helps nobody.
    return gpu ? String(gpu.index) : uuid.includes(':') ? uuid : undefined;
  });
  const told = names.filter((name) => name !== undefined);
  return told.length === 0 ? run.box : `${run.box} GPU ${told.join(', ')}`;
}

/** What one run does, in few words; what tells most comes first, because a narrow view shows only the beginning. */
export function runWords(run: Run, outlook: Outlook, boxes: ResearchState['boxes']): string {
  return (isEnd(run.state) ? endedWords(run) : liveWords(run, outlook, boxes)).filter(Boolean).join(' · ');
}

function endedWords(run: Run): readonly string[] {
  const took =
    run.startedAt !== undefined && run.endedAt !== undefined ? formatDuration(run.endedAt - run.startedAt) : '';
  if (run.state === 'cancelled' && run.moving) return [`moved from ${run.box}`, took, attemptWords(run)];
  const what = run.state === 'succeeded' ? objectiveWords(run) : stateWord(run.state);
  // A box that was only named for it never had it.
  const where = run.box === undefined || (run.comparisonClass === undefined && took === '') ? '' : ` on ${run.box}`;
  return [`${what}${where}`, took, attemptWords(run)];
}

function liveWords(run: Run, outlook: Outlook, boxes: ResearchState['boxes']): readonly string[] {
  const { later, inQueue, onBox, elapsedMs, usualMs } = outlook;
  const gone =
    run.unreachableSince === undefined ? '' : `${run.box} unreachable since ${clockTime(run.unreachableSince)}`;
  if (run.moving) {
    const where = later?.box === undefined || later.state === 'queued' ? 'the queue' : later.box;
    return [later === undefined ? `asked back from ${run.box}` : `moved to ${where}`, gone];
  }
  const stopping = run.cancelAsked ? 'cancelling' : '';
  const usual = usualMs === undefined ? '' : `about ${formatDuration(usualMs)}`;
  const attempt = attemptWords(run);
  if (inQueue !== undefined) {
    const box = run.wants === undefined ? (run.wantsClass ?? '') : run.wants;
    return [
      stopping || ordinal(inQueue),
      box === '' ? '' : `for ${box}`,
      oneLine(run.reason ?? '', 120) || usual,
      attempt,
    ];
  }
  if (run.state === 'shipping')
    return [stopping || `sending to ${run.box}`, gone, oneLine(run.reason ?? '', 120), attempt];
  if (run.state === 'waiting') {
    const place = onBox === undefined ? `on ${run.box}` : `${ordinal(onBox)} on ${run.box}`;
    return [gone, stopping || place, usual, oneLine(run.reason ?? '', 120), attempt];
  }
  const time = elapsedMs === undefined ? '' : [formatDuration(elapsedMs), usual].filter(Boolean).join(' of ');
  // `running` says nothing in a list of what runs.
  const state = run.state === 'running' ? '' : stateWord(run.state);
  return [gone, stopping || state, placeOf(run, boxes), time, metricWords(run), attempt];
}

function attemptWords(run: Run): string {
  return run.attempt > 1 ? `attempt ${run.attempt}` : '';
}

function metricWords({ lastMetric }: Run): string {
  if (!lastMetric) return '';
  return `${lastMetric.name} ${formatValue(lastMetric.value)}${lastMetric.step === null ? '' : ` @ ${lastMetric.step}`}`;
}

function objectiveWords(run: Run): string {
  switch (run.objective?.state) {
    case 'ok':
      return formatValue(run.objective.value);
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

/** When it is likely to end, in a sentence; also where that is not known, and why. */
export function etaWords(run: Run, { elapsedMs, usualMs }: Outlook, now: number): string {
  if (isEnd(run.state)) return '';
  const where = run.comparisonClass === undefined ? '' : ` on ${run.comparisonClass}`;
  if (usualMs === undefined) return `How long it takes is not known yet: no run of this base has succeeded${where}.`;
  const usual = `Such runs took about ${formatDuration(usualMs)}${where}`;
  if (elapsedMs === undefined) return `${usual}.`;
  if (elapsedMs > usualMs) return `${usual}; this one is at it for ${formatDuration(elapsedMs)}.`;
  return `${usual}: it should end at about ${clockTime(now + usualMs - elapsedMs)}.`;
}

/** All of it, for the tooltip. */
export function runTooltip(
  run: Run,
  outlook: Outlook,
  state: Pick<ResearchState, 'boxes' | 'queue'>,
  title: string | undefined,
  now: number,
): string {
  const name = run.candidate === undefined ? 'Baseline' : `#${run.candidate}`;
  const place = placeOf(run, state.boxes);
  const lacks = state.queue.withoutBaseline.some((one) => one.comparisonClass === run.comparisonClass);
  const lines = [
    `**${escapeMarkdown(title === undefined ? name : `${name} ${oneLine(title, 120)}`)}**`,
    escapeMarkdown(
      [stateWord(run.state), run.purpose, `seed ${run.seed}`, attemptWords(run), place === '' ? '' : `on ${place}`]
        .filter(Boolean)
        .join(', '),
    ),
    run.unreachableSince === undefined || isEnd(run.state)
      ? ''
      : escapeMarkdown(
          `${run.box} does not answer since ${clockTime(run.unreachableSince)}. That ends nothing: the run goes on there, and what it wrote is fetched later.`,
        ),
    run.reason ? escapeMarkdown(run.reason) : '',
    escapeMarkdown(etaWords(run, outlook, now)),
    run.state === 'waiting' && run.startBefore !== undefined
      ? `Its box begins it before ${clockTime(run.startBefore)}, or leaves it to another one.`
      : '',
    run.exitCode === undefined ? '' : `Exit code ${run.exitCode}`,
    run.comparisonClass ? `Compared within ${escapeMarkdown(run.comparisonClass)}` : '',
    lacks && run.purpose === 'trial' ? 'No baseline has run there: its result compares with nothing.' : '',
    `Log: ${formatBytes(run.logBytes)} on this machine`,
    run.counts || !isEnd(run.state) ? '' : 'Another attempt counts instead.',
    `Run ${escapeMarkdown(run.id)}`,
  ];
  return lines.filter((line) => line !== '').join('\n\n');
}

/** The line that stands in a log's terminal until the log begins. */
export function logHead(run: Run, outlook: Outlook): string {
  const words = liveWords({ ...run, startedAt: undefined }, outlook, [])
    .filter(Boolean)
    .map((text) => text.replace(/\.$/, ''));
  const state = run.state === 'running' ? 'running' : words.length === 0 ? stateWord(run.state) : '';
  return `${runName(run)}: ${[state, ...words].filter(Boolean).join(', ')}. Its log follows here.`;
}

/** The line that ends it. */
export function logTail(run: Run): string {
  const words = endedWords(run).filter(Boolean).join(', ');
  const code = run.exitCode === undefined || run.exitCode === 0 ? '' : `, exit code ${run.exitCode}`;
  const reason = run.reason === undefined ? '' : ` ${run.reason}`;
  return `${runName(run)} ${stateWord(run.state)}: ${words}${code}.${reason}`;
}
