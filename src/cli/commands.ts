import { HumanError, isEnd, LogText } from '../core/domain/index.ts';
import type { Progress, SearchResult } from '../core/research/types.ts';
import { realSystem } from '../core/system/index.ts';
import { printable, tableLines } from './columns.ts';
import { boardLines, boardSummary, ideaLines, statusLines } from './format.ts';
import type { Session } from './main.ts';
import { count, formatBytes, formatDelta, formatNumber, formatSummary } from './numbers.ts';
import { paint, paintNotes } from './paint.ts';
import { reviewByHand, reviewHead, showPatch } from './review.ts';
import { findRun, waitAndTell } from './runs.ts';

/** Gives the work a progress bar for as long as it takes. */
export async function withProgress<T>({ terminal }: Session, work: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = terminal.progress();
  try {
    return await work(progress);
  } finally {
    progress.end();
  }
}

export async function init(
  session: Session,
  options: { readonly dryRun?: boolean; readonly askModel?: boolean },
): Promise<void> {
  const { research, terminal, signal } = session;
  const detected = await research.detect({ askModel: options.askModel ?? false, signal });
  const { environment, reasons, open, questions, hyperparameters } = detected;
  if (options.dryRun) {
    terminal.answer({ environment, reasons, open, questions, hyperparameters });
    terminal.say(detected.yaml.trimEnd());
  } else {
    const file = await research.writeEnvironment(detected.yaml);
    terminal.answer({ file, environment, reasons, open, questions, hyperparameters });
    terminal.say(`Wrote ${file}. Every line says why it is there: read it, mend it, commit it.`);
  }
  if (terminal.json) return;
  for (const [key, why] of Object.entries(questions)) {
    terminal.note(`${paintNotes.yellow('open')}: ${key} could not be told: ${printable(why)}`);
  }
}

interface RunOptions {
  readonly box?: string;
  readonly seeds: number;
  readonly detach?: boolean;
}

/** A run for a box that is not there would wait for ever. @throws HumanError `no-such-box` */
async function refuseUnknownBox({ research }: Session, name: string | undefined): Promise<void> {
  if (name === undefined) return;
  const names = (await research.boxes()).map((box) => box.name);
  if (names.includes(name)) return;
  throw new HumanError(
    `There is no box named ${name} in boxes.yaml. There ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}.`,
    {
      code: 'no-such-box',
    },
  );
}

export async function baseline(session: Session, options: RunOptions): Promise<void> {
  await refuseUnknownBox(session, options.box);
  const runs = await session.research.runBaseline({ ...options, signal: session.signal });
  await waitAndTell(session, runs, options);
}

export async function run(session: Session, candidate: string, options: RunOptions): Promise<void> {
  await refuseUnknownBox(session, options.box);
  const runs = await session.research.run(candidate, { ...options, signal: session.signal });
  await waitAndTell(session, runs, options);
}

export async function ideas(
  session: Session,
  options: { readonly count: number; readonly nextRound?: boolean; readonly list?: boolean },
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
    terminal.say(paint.bold(`Round ${round.number}`) + paint.dim(`  ${printable(round.ideator)}`));
    for (const line of ideaLines(nodes, terminal.width)) terminal.say(line);
  }
  const first = state.rounds.at(-1)?.ideas.find((node) => node.status === 'proposed');
  if (first)
    terminal.note(`"research-copilot review ${first.idea.id}" makes a patch of #${first.idea.id} and shows it.`);
}

export async function implement(session: Session, idea: number): Promise<void> {
  const { research, terminal, signal } = session;
  const candidate = await withProgress(session, (progress) => research.implement(idea, { signal, progress }));
  terminal.answer(candidate);
  terminal.say(`#${candidate.id} is ready. "research-copilot review ${idea}" shows its patch.`);
}

export async function review(session: Session, idea: number, options: { readonly patch?: boolean }): Promise<void> {
  const { research, terminal, signal } = session;
  await refuseApproved(session, idea);
  const handle = await withProgress(session, (progress) => research.openReview(idea, { signal, progress }));
  terminal.answer({ candidate: handle.candidate, files: handle.files, folder: handle.review.folder });
  if (terminal.json) return;
  if (options.patch || !terminal.interactive) {
    for (const line of reviewHead(handle)) terminal.say(line);
    showPatch(terminal, handle.files);
    terminal.note(
      `"research-copilot approve --all ${handle.candidate.id}" takes all of it; on a terminal, without --patch, you decide hunk by hunk.`,
    );
    return;
  }
  if (await reviewByHand(terminal, handle, signal)) await approve(session, handle.candidate.id, {});
}

/** What is approved is decided: reviewing it again would pay for the same patch twice. */
async function refuseApproved({ research }: Session, idea: number): Promise<void> {
  const { rounds } = await research.state();
  const own = rounds.flatMap((round) => round.ideas).find((node) => node.idea.id === idea)?.candidates ?? [];
  const newest = own.at(-1);
  if (newest?.state !== 'approved') return;
  throw new HumanError(
    `#${newest.id} is approved already; "git show ${newest.approved?.slice(0, 10)}" shows it. ` +
      `"research-copilot run ${newest.id}" runs it, "research-copilot implement ${idea}" makes another patch of the idea.`,
    { code: 'already-approved' },
  );
}

export async function approve(
  { research, terminal }: Session,
  id: string,
  options: { readonly all?: boolean },
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
  await refuseUnknownBox(session, flags.box);
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
  for (const line of boardLines(await research.leaderboard(), terminal.width)) terminal.say(line);
  terminal.say('');
  for (const line of searchSummary(result)) terminal.say(line);
}

/** What a search came to, for a person: the baseline, each round, the best. */
export function searchSummary(result: SearchResult): readonly string[] {
  const { baseline: base, rounds, best } = result;
  const lines = [`Baseline ${formatSummary(base)}`];
  for (const { number, ideas: own, completion, best: top } of rounds) {
    const came = Math.round(completion * own.length);
    const value = top === null ? '' : `, best ${formatNumber(top)}`;
    lines.push(`Round ${number}: ${came} of ${count(own.length, 'idea')} came to a value${value}`);
  }
  lines.push(bestLine(result));
  if (best?.improved) lines.push(`"research-copilot apply ${best.candidate}" brings it to you as a branch.`);
  return lines;
}

function bestLine({ best, goal }: SearchResult): string {
  if (!best) return 'No idea came to a value.';
  const verdict = best.improved
    ? paint.green('better than the baseline by more than the noise')
    : 'not better than the baseline by more than the noise';
  return `Best #${best.candidate} ${formatNumber(best.value)} (${formatDelta(best.delta, best.value)}, ${goal}): ${verdict}`;
}

export async function cancel(session: Session, what: string): Promise<void> {
  const { research, terminal } = session;
  if (what === 'search') {
    await research.stopSearch();
    terminal.answer({ search: 'stopped' });
    terminal.say('The search is asked to stop. Runs on boxes go on; "research-copilot cancel RUN" ends one.');
    return;
  }
  const row = await findRun(research, what);
  if (isEnd(row.state)) {
    terminal.answer({ runs: [row] });
    terminal.say(`${row.id} has ended already: ${row.state}.`);
    return;
  }
  await research.cancelRun(row.id);
  await waitAndTell(session, [row.id], { ended: ['cancelled'] });
}

export async function confirm(session: Session, what: string, options: { readonly undo?: boolean }): Promise<void> {
  const { research, terminal } = session;
  const row = await findRun(research, what);
  const flags = (await research.state()).judged[row.id]?.flags ?? [];
  const run = await research.confirmRun(row.id, options.undo !== true);
  terminal.answer({ run, flags });
  const why = flags.length === 0 ? 'It was not flagged.' : flags.map(({ message }) => printable(message)).join(' ');
  terminal.say(
    options.undo ? `${row.id} is no longer confirmed. ${why}` : `${row.id} is confirmed and counts from now on. ${why}`,
  );
}

export async function status({ research, terminal }: Session): Promise<void> {
  const state = await research.state();
  terminal.answer(state);
  for (const line of statusLines(state, terminal.width, realSystem().clock.now())) terminal.say(line);
}

export async function logs(
  { research, terminal, signal }: Session,
  what: string,
  options: { readonly follow?: boolean },
): Promise<void> {
  const { id, ...found } = await findRun(research, what);
  const find = async () => (await research.state()).runs.find((one) => one.id === id);
  let live = !isEnd(found.state);
  let offset = 0;
  // On a terminal only text and colours: a log must not set its title or its clipboard. In a pipe, byte for byte.
  const text = terminal.width === undefined ? undefined : new LogText();
  const drain = async (): Promise<void> => {
    for (
      let bytes = await research.readLog(id, offset, 65_536);
      bytes.length > 0;
      bytes = await research.readLog(id, offset, 65_536)
    ) {
      terminal.raw(text ? text.push(bytes) : bytes);
      offset += bytes.length;
    }
  };
  await drain();
  const onScreen = options.follow && live ? research.watch([id]) : undefined;
  while (options.follow && live && !signal.aborted) {
    // Listening before the look: an end that comes between the two would else be waited for in vain.
    const next = changed(research, signal);
    const row = await find();
    await drain();
    live = row !== undefined && !isEnd(row.state);
    if (live) await next;
  }
  onScreen?.dispose();
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
  for (const line of boardLines(board, terminal.width)) terminal.say(line);
  terminal.say('');
  terminal.say(boardSummary(board));
}

export async function apply(
  { research, terminal }: Session,
  id: string,
  options: { readonly branch?: string; readonly merge?: boolean },
): Promise<void> {
  const applied = await research.applyToBranch(id, { ...options, merge: options.merge ?? false });
  terminal.answer(applied);
  terminal.say(
    applied.merged
      ? `Merged ${applied.branch} as ${applied.commit.slice(0, 10)}.`
      : `Made the branch ${applied.branch}. "git merge ${applied.branch}" merges it, as --merge would have.`,
  );
}

export async function exportBoard(
  { research, terminal }: Session,
  options: { readonly format?: 'json' | 'csv' | 'markdown' },
): Promise<void> {
  const text = await research.export(options.format ?? (terminal.json ? 'json' : 'csv'));
  // Under --json stdout holds one JSON value, whatever the format.
  if (terminal.json && options.format !== undefined && options.format !== 'json') terminal.answer(text);
  else terminal.raw(text.endsWith('\n') ? text : `${text}\n`);
}

/** Shows the base, or takes a new one: what ideas are cut from and compared to. */
export async function base(
  session: Session,
  options: { readonly new?: boolean; readonly uncommitted?: boolean },
): Promise<void> {
  const { research, terminal } = session;
  if (options.new) {
    const taken = await research.newBase({ includeUncommitted: options.uncommitted ?? false });
    terminal.answer(taken);
    terminal.say(`The base is ${taken.commit.slice(0, 10)} now. Its baseline and its ideas begin anew.`);
    return;
  }
  const { base: now, behind } = await research.state();
  terminal.answer({ base: now ?? null, behind: behind ?? null });
  if (!now) return terminal.say('There is no base yet: the first ideas or the first baseline take the current commit.');
  terminal.say(`Base ${now.commit.slice(0, 10)}`);
  if (behind === undefined) return;
  const why = behind === 'head' ? 'The branch moved' : 'What decides results in research.yaml changed';
  terminal.say(`${why} since. "research-copilot base --new" begins from what is committed now.`);
}

/** Lists what may go, or removes what was named. */
export async function cleanUp(
  session: Session,
  ids: readonly string[],
  options: { readonly all?: boolean },
): Promise<void> {
  const { research, terminal } = session;
  const items = (await research.measureHousekeeping()).filter((item) => item.items > 0);
  const wanted = options.all ? items.map((item) => item.id) : ids;
  const unknown = wanted.find((id) => !items.some((item) => item.id === id));
  if (unknown !== undefined) {
    throw new HumanError(
      `There is nothing to remove named ${unknown}. "research-copilot clean-up" lists what there is.`,
      {
        code: 'nothing-to-remove',
      },
    );
  }
  if (wanted.length > 0) {
    const freed = await research.cleanUp(wanted);
    terminal.answer({ removed: wanted, freed });
    terminal.say(`Removed ${wanted.join(', ')}: ${formatBytes(freed)} freed.`);
    return;
  }
  terminal.answer(items);
  if (items.length === 0) return terminal.say('There is nothing to remove.');
  const rows = items.map((item) => [
    item.id,
    String(item.items),
    item.bytes > 0 ? formatBytes(item.bytes) : '',
    item.what,
  ]);
  const columns = [
    { head: 'name' },
    { head: 'items', align: 'right' },
    { head: 'size', align: 'right' },
    { head: 'what', shrinks: true },
  ] as const;
  for (const line of tableLines(columns, rows, terminal.width)) terminal.say(line);
  terminal.note('"research-copilot clean-up NAME" removes one, --all removes all of it. Results stay.');
}
