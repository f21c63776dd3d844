import colors from 'picocolors';
import { HumanError, isEnd, type Run } from '../core/domain/index.ts';
import type { Progress, SearchResult } from '../core/research/types.ts';
import { boardLines, formatNumber, statusLines } from './format.ts';
import type { Session } from './main.ts';
import { reviewByHand, showPatch } from './review.ts';

/** Gives the work a progress bar for as long as it takes. */
async function withProgress<T>({ terminal }: Session, work: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = terminal.progress();
  try {
    return await work(progress);
  } finally {
    progress.end();
  }
}

export async function init(session: Session, options: { readonly dryRun: boolean }): Promise<void> {
  const { research, terminal } = session;
  const detected = await research.detect();
  const { environment, reasons, open } = detected;
  if (options.dryRun) {
    terminal.answer({ environment, reasons, open });
    terminal.say(detected.yaml.trimEnd());
  } else {
    const file = await research.writeEnvironment(detected.yaml);
    terminal.answer({ file, environment, reasons, open });
    terminal.say(`Wrote ${file}. Read it, then commit it.`);
  }
  for (const key of open)
    terminal.note(`${colors.yellow('open')}: ${key} could not be told from the repository. Fill it in.`);
}

async function waitAndTell(session: Session, runs: readonly string[], detach: boolean): Promise<void> {
  const { research, terminal, signal } = session;
  if (detach) {
    terminal.answer({ runs });
    terminal.say(`Queued ${runs.join(', ')}. "research-copilot status" shows how they go.`);
    return;
  }
  const ended = await withProgress(session, (progress) => research.waitForRuns(runs, { signal, progress }));
  terminal.answer({ runs: ended });
  for (const run of ended) terminal.say(runLine(run));
  const bad = ended.filter((run) => run.state !== 'succeeded');
  if (bad.length > 0) {
    throw new HumanError(
      `${bad.length} of ${ended.length} runs did not succeed. Look with "research-copilot logs ${bad[0]?.id}".`,
      {
        code: 'runs-failed',
      },
    );
  }
}

export function runLine(run: Run): string {
  const value = run.objective?.state === 'ok' ? formatNumber(run.objective.value) : '';
  const what = run.candidate === undefined ? 'baseline' : `#${run.candidate}`;
  return [run.id, what, `seed ${run.seed}`, run.state, value, run.box ?? '', run.reason ?? '']
    .filter(Boolean)
    .join('  ');
}

interface RunOptions {
  readonly box?: string;
  readonly seeds: number;
  readonly detach: boolean;
}

export async function baseline(session: Session, options: RunOptions): Promise<void> {
  const runs = await session.research.runBaseline({ ...options, signal: session.signal });
  await waitAndTell(session, runs, options.detach);
}

export async function run(session: Session, candidate: string, options: RunOptions): Promise<void> {
  const runs = await session.research.run(candidate, { ...options, signal: session.signal });
  await waitAndTell(session, runs, options.detach);
}

export async function ideas(
  session: Session,
  options: { readonly count: number; readonly nextRound: boolean; readonly list: boolean },
): Promise<void> {
  const { research, terminal, signal } = session;
  if (!options.list) {
    await withProgress(session, (progress) => {
      const ask = { count: options.count, signal, progress };
      return options.nextRound ? research.nextRound(ask) : research.generateIdeas(ask);
    });
  }
  const state = await research.state();
  terminal.answer(state.rounds.map(({ round, ideas: nodes }) => ({ round: round.number, ideas: nodes })));
  if (state.rounds.length === 0) terminal.say('There are no ideas yet. "research-copilot ideas" asks for some.');
  for (const { round, ideas: nodes } of state.rounds) {
    terminal.say(colors.bold(`Round ${round.number}`) + colors.dim(`  ${round.ideator}`));
    for (const { idea, status } of nodes) {
      const parents = idea.parents.map((parent) => `#${parent.candidate}`).join(' ');
      terminal.say(
        `  #${idea.id}  ${idea.title}  ${colors.dim(`${status}${parents ? `, builds on ${parents}` : ''}`)}`,
      );
    }
  }
}

export async function implement(session: Session, idea: number): Promise<void> {
  const { research, terminal, signal } = session;
  const candidate = await withProgress(session, (progress) => research.implement(idea, { signal, progress }));
  terminal.answer(candidate);
  terminal.say(`#${candidate.id} is ready. "research-copilot review ${idea}" shows its patch.`);
}

export async function review(session: Session, idea: number, options: { readonly patch: boolean }): Promise<void> {
  const { research, terminal, signal } = session;
  const handle = await withProgress(session, (progress) => research.openReview(idea, { signal, progress }));
  terminal.answer({ candidate: handle.candidate, files: handle.files, folder: handle.review.folder });
  if (terminal.json) return;
  if (options.patch || !terminal.interactive) {
    showPatch(terminal, handle.files);
    terminal.note(
      `Approve it with "research-copilot approve --all ${handle.candidate.id}", or review it on a terminal.`,
    );
    return;
  }
  await reviewByHand(terminal, handle);
}

export async function approve(
  { research, terminal }: Session,
  id: string,
  options: { readonly all: boolean },
): Promise<void> {
  const candidate = options.all ? await research.approveAll(id, 'person') : await research.approve(id);
  terminal.answer(candidate);
  terminal.say(`#${id} is approved as ${candidate.approved?.slice(0, 10)}. "research-copilot run ${id}" runs it.`);
}

export async function reject(
  { research, terminal }: Session,
  id: string,
  options: { readonly reason: string },
): Promise<void> {
  terminal.answer(await research.reject(id, options.reason));
  terminal.say(`#${id} is rejected. The ideator will be told why.`);
}

interface SearchFlags {
  readonly approve: 'ask' | 'policy' | 'all';
  readonly rounds: number;
  readonly ideas: number;
  readonly seeds: number;
  readonly baselineSeeds: number;
  readonly box?: string;
  readonly maxRuns?: number;
  readonly maxGpuHours?: number;
  readonly maxMoney?: number;
  readonly maxHours?: number;
}

export async function search(session: Session, flags: SearchFlags): Promise<void> {
  const { research, terminal, signal } = session;
  const result = await withProgress(session, (progress) =>
    research.startSearch({
      approve: flags.approve,
      rounds: flags.rounds,
      ideasPerRound: flags.ideas,
      seeds: flags.seeds,
      baselineSeeds: flags.baselineSeeds,
      boxes: flags.box === undefined ? [] : [flags.box],
      budgets: { runs: flags.maxRuns, gpuHours: flags.maxGpuHours, money: flags.maxMoney, wallHours: flags.maxHours },
      signal,
      progress,
    }),
  );
  terminal.answer(result);
  if (terminal.json) return;
  for (const line of boardLines(await research.leaderboard())) terminal.say(line);
  terminal.say('');
  terminal.say(bestLine(result));
}

function bestLine({ best, baseline: base, goal }: SearchResult): string {
  if (!best) return 'No idea came to a value.';
  const change = `${best.delta >= 0 ? '+' : ''}${formatNumber(best.delta)}`;
  const verdict = best.improved
    ? colors.green('better than the baseline by more than its noise')
    : 'not better than the baseline by more than its noise';
  return `Best: #${best.candidate} ${formatNumber(best.value)} (${change} against ${formatNumber(base.mean)} ± ${formatNumber(base.std)}, ${goal}): ${verdict}.`;
}

export async function cancel(session: Session, id: string): Promise<void> {
  await session.research.cancelRun(id);
  const [ended] = await withProgress(session, (progress) =>
    session.research.waitForRuns([id], { signal: session.signal, progress }),
  );
  session.terminal.answer(ended);
  if (ended) session.terminal.say(runLine(ended));
}

export async function status({ research, terminal }: Session): Promise<void> {
  const state = await research.state();
  terminal.answer(state);
  for (const line of statusLines(state)) terminal.say(line);
}

export async function logs(
  { research, terminal, signal }: Session,
  id: string,
  options: { readonly follow: boolean },
): Promise<void> {
  const find = async () => (await research.state()).runs.find((row) => row.id === id);
  let row = await find();
  if (!row) throw new HumanError(`There is no run ${id}. "research-copilot status" lists them.`, { code: 'no-run' });
  let offset = 0;
  const drain = async (): Promise<void> => {
    for (
      let bytes = await research.readLog(id, offset, 65_536);
      bytes.length > 0;
      bytes = await research.readLog(id, offset, 65_536)
    ) {
      terminal.raw(bytes);
      offset += bytes.length;
    }
  };
  await drain();
  while (options.follow && row && !isEnd(row.state) && !signal.aborted) {
    await changed(research, signal);
    await drain();
    row = await find();
  }
  await drain();
}

function changed(research: Session['research'], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const subscription = research.onDidChange(() => done());
    const done = () => {
      subscription.dispose();
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done, { once: true });
  });
}

export async function leaderboard({ research, terminal }: Session): Promise<void> {
  const board = await research.leaderboard();
  terminal.answer(board);
  for (const line of boardLines(board)) terminal.say(line);
}

export async function apply(
  { research, terminal }: Session,
  id: string,
  options: { readonly branch?: string; readonly merge: boolean },
): Promise<void> {
  const applied = await research.applyToBranch(id, options);
  terminal.answer(applied);
  terminal.say(
    applied.merged
      ? `Merged ${applied.branch} as ${applied.commit.slice(0, 10)}.`
      : `Made the branch ${applied.branch}.`,
  );
}

export async function exportBoard(
  { research, terminal }: Session,
  options: { readonly format: 'json' | 'csv' | 'markdown' },
): Promise<void> {
  terminal.raw(await research.export(options.format));
}

export async function boxes(session: Session, options: { readonly check: boolean }): Promise<void> {
  const { research, terminal, signal } = session;
  if (!options.check) {
    const nodes = await research.boxes();
    terminal.answer(nodes);
    for (const node of nodes)
      terminal.say(`${node.name}  ${node.kind}  ${node.where}  ${node.running} running, ${node.waiting} waiting`);
    return;
  }
  const reports = await withProgress(session, (progress) => research.checkBoxes({ signal, progress }));
  terminal.answer(reports);
  for (const report of reports) {
    const gpus = report.gpus.map((gpu) => gpu.name).join(', ') || 'no GPU';
    terminal.say(
      `${report.box}  ${report.reachable ? colors.green('reachable') : colors.red('unreachable')}  ${report.hardware}  ${gpus}`,
    );
    for (const { what, fix } of report.problems) terminal.say(`  ${what} ${colors.dim(fix)}`);
  }
}
