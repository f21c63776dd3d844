import {
  type Base,
  type Budgets,
  type Candidate,
  type CandidateId,
  HumanError,
  type Idea,
  isEnd,
  isHumanError,
  messageOf,
  type Run,
  type RunId,
  type Search,
} from '../../domain/index.ts';
import { approvesUnread, countedValue, isEarlyCrash, roundIsReady } from '../../search/index.ts';
import { ensureBase } from '../base.ts';
import { type Parts, requireBase } from '../parts.ts';
import { approveWhole, inHand } from '../review.ts';
import { newestTries, withRetries } from '../tries.ts';
import type { SearchResult } from '../types.ts';
import { completeBaseline } from './baselines.ts';
import { crashOf, mendCrash } from './crashes.ts';
import { isHandedOver } from './handed-over.ts';
import { proposeRound } from './ideas.ts';
import { implement } from './implement.ts';
import type { Job } from './index.ts';
import { outwaitModel } from './outwait.ts';
import { type SearchPayload, searchPayload } from './payloads.ts';
import { newRunIds, queueBaselineRuns, queueCandidate, seedsFrom } from './runs.ts';
import { resultOf } from './search-result.ts';
import { whyUsedUp } from './spent.ts';

/** How many ideas are implemented at the same time: the paper's executor ran patches in parallel, a laptop has few cores. */
const IMPLEMENTERS = 4;
const LOOK_MS = 250;
/** A person was quicker, and decided otherwise about one idea: the search goes on with the others. */
const IDEA_IS_OFF = new Set(['dropped', 'bad-state', 'not-reviewable', 'not-approved', 'not-found', 'no-idea']);

/** Says how far a round is, to whoever looks. */
type Say = (text: string, share?: number) => Promise<void>;

/** One search under way. */
interface Hunt {
  readonly job: Job;
  readonly base: Base;
  readonly search: Search;
  readonly payload: SearchPayload;
  /** The runs it queued, as far as this process did it. */
  readonly queued: Set<RunId>;
}

/** Round after round until the rounds asked for are done, a budget is used up, or a person stops it. */
export async function runSearch(job: Job): Promise<SearchResult> {
  const { parts, request } = job;
  const payload = searchPayload.parse(request.payload);
  await refuseSecond(job);
  const left = (await parts.store.searches()).find((search) => search.startedAt >= request.createdAt);
  const base = left ? await requireBase(parts, left.base) : await ensureBase(parts);
  const search = left ?? (await beginSearch(parts, base, payload));
  if (search.state === 'finished') return resultOf(parts, base, search);
  const unattended = payload.approve === 'all';
  const hunt: Hunt = { job: { ...job, unattended }, base, search, payload, queued: new Set() };
  try {
    const why = await allRounds(hunt);
    await parts.store.setSearchState(search.id, 'finished', why);
    return await resultOf(parts, base, search);
  } catch (error) {
    if (isHandedOver(error) || isHandedOver(job.signal.reason)) throw error;
    await parts.store.setSearchState(
      search.id,
      'stopped',
      job.signal.aborted ? 'Stopped by a person.' : messageOf(error),
    );
    if (job.signal.aborted) await cancelQueued(hunt);
    throw error;
  }
}

/** Ends the searches whose request ended while nobody drove. Called by a process that begins to drive. */
export async function endLeftSearches({ store }: Parts): Promise<void> {
  const asked = await store.requests({ states: ['asked', 'taken'] });
  if (asked.some((request) => request.kind === 'search')) return;
  for (const search of await store.searches()) {
    if (search.state !== 'running' && search.state !== 'paused') continue;
    await store.setSearchState(search.id, 'stopped', 'Stopped while no window or terminal was open.');
  }
}

async function refuseSecond({ parts, request }: Job): Promise<void> {
  const others = await parts.store.requests({ states: ['asked', 'taken'] });
  if (!others.some((other) => other.kind === 'search' && other.id < request.id)) return;
  throw new HumanError('A search is running in this repository already. Stop it first, or wait until it ends.', {
    code: 'search-running',
  });
}

function beginSearch(parts: Parts, base: Base, payload: SearchPayload): Promise<Search> {
  const { approve, rounds, ideasPerRound, seeds, budgets, boxes } = payload;
  return parts.store.addSearch({
    base: base.id,
    state: 'running',
    approve,
    rounds,
    ideasPerRound,
    seeds,
    budgets,
    boxes,
  });
}

/** Gives why it ended, in words. */
async function allRounds(hunt: Hunt): Promise<string> {
  const { job, base, search, payload } = hunt;
  await baselineRound(hunt);
  const rounds = await job.parts.store.rounds(base.id);
  const known = rounds.find((round) => round.createdAt >= search.startedAt);
  const first = known?.number ?? (rounds.at(-1)?.number ?? -1) + 1;
  for (let index = 0; index < payload.rounds; index += 1) {
    await untilRunning(job, search.id);
    const why = await usedUp(hunt);
    if (why) return why;
    await oneRound(hunt, first + index, `Round ${first + index} (${index + 1} of ${payload.rounds})`);
  }
  return (await usedUp(hunt)) ?? 'All rounds are done.';
}

/** A stopped search begins nothing more: what no box has yet is taken back. What boxes have goes on and counts. */
async function cancelQueued({ job, queued }: Hunt): Promise<void> {
  const { store } = job.parts;
  for (const run of await store.runs({ ids: [...queued], states: ['queued'] })) await store.askToCancelRun(run.id);
}

/** Waits while a person has paused the search. @throws the signal's reason, HumanError `stopped` */
async function untilRunning({ parts, signal }: Job, id: number): Promise<void> {
  for (;;) {
    const search = (await parts.store.searches()).find((one) => one.id === id);
    if (search?.state === 'stopped') throw new HumanError('The search was stopped.', { code: 'stopped' });
    if (search?.state !== 'paused') return;
    await parts.system.clock.sleep(LOOK_MS, signal);
  }
}

/**
 * Every class that the search may run in gets its baseline: all of them are queued, in front of everything else. It goes
 * on as soon as one class has all of its own, because the scheduler prefers that one; the others come meanwhile.
 */
async function baselineRound(hunt: Hunt): Promise<void> {
  const { job, base, payload } = hunt;
  const [box] = payload.boxes;
  const classes = await job.classes(base.environment.resources.gpus, box === undefined ? undefined : [box]);
  const parts: { readonly all: readonly RunId[]; readonly fresh: readonly RunId[] }[] = [];
  for (const kind of classes) parts.push(await completeBaseline(job, base, kind, payload.baselineSeeds, box));
  // No box answers yet: what is queued now waits until one does, whichever that is.
  if (classes.length === 0) parts.push(await anyBaseline(hunt, box));
  for (const run of parts.flatMap((part) => part.fresh)) hunt.queued.add(run);
  const groups = parts.map((part) => part.all);
  const runs = await untilEnded(job, groups.flat(), 'Baseline', 0, (rows) =>
    groups.some((ids) => {
      const own = newestTries(ids, rows);
      return own.every((run) => isEnd(run.state)) && own.some((run) => countedValue(run) !== undefined);
    }),
  );
  if (runs.some((run) => countedValue(run) !== undefined)) return;
  const failed = runs.findLast((run) => isEnd(run.state));
  throw new HumanError(
    `The baseline did not give a value: ${failed?.reason ?? failed?.state ?? 'no run ended'}. ` +
      `Look at the log of run ${failed?.id ?? ''} and mend the run command or the metric in research.yaml.`,
    { code: 'no-baseline' },
  );
}

async function anyBaseline({ job, base, payload }: Hunt, box: string | undefined) {
  const { parts, lease } = job;
  const mine = (await parts.store.runs({ base: base.id })).filter((run) => run.purpose === 'baseline');
  const usable = mine.filter((run) => !isEnd(run.state) || countedValue(run) !== undefined);
  const seeds = seedsFrom(1, payload.baselineSeeds).filter((seed) => !usable.some((run) => run.seed === seed));
  const fresh = await queueBaselineRuns(parts, lease(), base, { runs: newRunIds(parts, seeds), box });
  return { all: [...usable.map((run) => run.id), ...fresh], fresh };
}

async function oneRound(hunt: Hunt, number: number, label: string): Promise<void> {
  const { job, base } = hunt;
  const { parts, request, lease } = job;
  const round = (await parts.store.rounds(base.id)).find((one) => one.number === number);
  // Done before a driver died: its failed ideas are not paid for again.
  if (round?.state === 'closed') return;
  const say = (text: string, share?: number) =>
    parts.store.setRequestProgress(lease(), request.id, { text: `${label}: ${text}`, share });
  await say('asking for ideas', 0);
  const standing = async () =>
    (await parts.store.ideas(base.id)).filter((idea) => idea.round === number && idea.dropped === undefined);
  if (round?.state !== 'open' || (await standing()).length === 0) {
    const since = round?.createdAt ?? parts.system.clock.now();
    const wanted = await ideasWanted(hunt, round?.createdAt);
    await outwait(hunt, say, () => proposeRound(job, base, number, wanted, { id: request.id, createdAt: since }));
  }
  let runs = await tryIdeas(hunt, [...(await wishedFor(parts, base, number)), ...(await standing())], say);
  // A crash is mended while the others still run: its GPU is free meanwhile. Each once: one that could not be, because a
  // budget is used up or its idea is off, stays as it is.
  const handled = new Set<RunId>();
  for (;;) {
    let crashes: readonly Run[] = [];
    let ended = 0;
    await untilEnded(job, runs, label, 0.3, async (rows) => {
      // Only an end brings a new crash, and each look reads rows and logs.
      const now = rows.filter((run) => isEnd(run.state)).length;
      if (now === ended) return false;
      ended = now;
      crashes = (await crashesAmong(parts, rows)).filter((run) => !handled.has(run.id));
      return crashes.length > 0;
    });
    if (crashes.length === 0) break;
    for (const run of crashes) handled.add(run.id);
    await say(
      `mending ${crashes.length === 1 ? 'a patch that crashed' : `${crashes.length} patches that crashed`}`,
      0.3,
    );
    runs = [...runs, ...(await mendAll(hunt, crashes, say))];
  }
  await parts.store.setRoundState(lease(), base.id, number, 'closed');
}

/** A model that is away ends no search: its runs go on, and it is asked again until a budget or a person says enough. */
function outwait<T>(hunt: Hunt, say: Say, work: () => Promise<T>): Promise<T> {
  const enough = async () => (await usedUp(hunt, NO_MORE_RUNS)) !== undefined;
  return outwaitModel(hunt.job, hunt.search.startedAt, say, enough, work);
}

/** The crashed runs whose patches go back to the implementer, one for each candidate. */
async function crashesAmong(parts: Parts, rows: readonly Run[]): Promise<readonly Run[]> {
  const candidates = new Set(rows.flatMap((run) => (isEarlyCrash(run) && run.candidate ? [run.candidate] : [])));
  const found = await Promise.all([...candidates].map((id) => crashOf(parts, id)));
  return found.filter((run) => run !== undefined);
}

/** New candidates in place of those that crashed, approved as every other of this search. Gives their runs. */
async function mendAll(hunt: Hunt, crashes: readonly Run[], say: Say): Promise<readonly RunId[]> {
  const runs: RunId[] = [];
  for (const crash of crashes) {
    await untilRunning(hunt.job, hunt.search.id);
    if (await usedUp(hunt, NO_MORE_RUNS)) return runs;
    try {
      const made = await outwait(hunt, say, () => mendCrash(hunt.job, crash));
      const candidate = made && made.duplicateOf === undefined ? await approved(hunt, made) : undefined;
      if (candidate) runs.push(...(await queueIdea(hunt, candidate)));
    } catch (error) {
      if (!isHumanError(error) || !IDEA_IS_OFF.has(error.code)) throw error;
    }
  }
  return runs;
}

/** As many as a round has, and no more than the budget leaves. */
async function ideasWanted({ job, base, search, payload }: Hunt, since = Number.POSITIVE_INFINITY): Promise<number> {
  const { ideasPerRound, budgets } = payload;
  if (budgets.ideas === undefined) return ideasPerRound;
  const had = (await job.parts.store.ideas(base.id)).filter(
    (idea) => idea.createdAt >= search.startedAt && idea.createdAt < since,
  );
  return Math.max(1, Math.min(ideasPerRound, budgets.ideas - had.length));
}

/** Ideas of earlier rounds that a person pinned and that nobody has tried: the next round takes them along. */
async function wishedFor(parts: Parts, base: Base, round: number): Promise<readonly Idea[]> {
  const tried = new Set((await parts.store.candidates({ base: base.id })).map((candidate) => candidate.idea));
  return (await parts.store.ideas(base.id)).filter(
    (idea) => idea.pinned && idea.round < round && idea.dropped === undefined && !tried.has(idea.id),
  );
}

/**
 * Implements ideas a few at a time; each is approved and queued as soon as it may be, and none keeps the others
 * waiting for its approval. Gives the runs. The first fault stops the rest, and is thrown when all have stopped.
 */
async function tryIdeas(outer: Hunt, ideas: readonly Idea[], say: Say): Promise<readonly RunId[]> {
  const stop = new AbortController();
  const hunt = { ...outer, job: { ...outer.job, signal: AbortSignal.any([outer.job.signal, stop.signal]) } };
  // What a person pinned is tried first: a budget may end before the rest.
  const waiting = ideas.toSorted((a, b) => Number(b.pinned) - Number(a.pinned));
  const runs: RunId[] = [];
  const queueing: Promise<void>[] = [];
  const faults: unknown[] = [];
  const undecided = new Set<CandidateId>();
  let done = 0;
  const tell = () => {
    const open = undecided.size === 0 ? '' : `; waiting for you to review #${[...undecided].join(', #')}`;
    return say(`implementing ideas (${done} of ${ideas.length})${open}`, (0.3 * done) / ideas.length);
  };
  const careful = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      if (isHumanError(error) && IDEA_IS_OFF.has(error.code)) return;
      faults.push(error);
      stop.abort(error);
    });
  const queue = async (made: Candidate): Promise<void> => {
    if (made.state === 'ready' && !approvesUnread(outer.payload.approve, made)) undecided.add(made.id);
    const candidate = await approved(hunt, made).finally(() => undecided.delete(made.id));
    await tell();
    if (candidate) runs.push(...(await queueIdea(hunt, candidate)));
  };
  const one = async (idea: Idea): Promise<void> => {
    const own = await hunt.job.parts.store.candidates({ idea: idea.id });
    const known = own.findLast(({ state }) => state === 'ready' || state === 'approved') ?? own.at(-1);
    // A person has it in their hands: what they finish is theirs to approve and run.
    if (known && inHand(known)) return;
    const ask = () => outwait(hunt, say, () => implement(hunt.job, idea.id));
    const made = known && known.state !== 'implementing' ? known : await ask();
    if (made.duplicateOf === undefined) queueing.push(careful(queue(made)));
  };
  const work = async (): Promise<void> => {
    for (let idea = waiting.shift(); idea && !hunt.job.signal.aborted; idea = waiting.shift()) {
      await untilRunning(hunt.job, hunt.search.id);
      if (await usedUp(hunt, NO_MORE_RUNS)) return;
      await careful(one(idea));
      done += 1;
      await tell();
    }
  };
  await Promise.all(Array.from({ length: IMPLEMENTERS }, () => careful(work())));
  await Promise.all(queueing);
  outer.job.signal.throwIfAborted();
  if (faults.length > 0) throw faults[0];
  return runs;
}

/** Queues an approved candidate's seeds, unless they are there from before. None once the budget of runs is used up. */
async function queueIdea(hunt: Hunt, candidate: Candidate): Promise<readonly RunId[]> {
  const { job, payload, search } = hunt;
  const { parts, lease, signal } = job;
  await untilRunning(job, search.id);
  // One at a time: several that look at the budget together would each find the last of it.
  return parts.turns.take('search budget', signal, async () => {
    const had = (await parts.store.runs({ candidate: candidate.id })).filter((run) => run.purpose === 'trial');
    if (had.length > 0) return had.map((run) => run.id);
    if (await usedUp(hunt, NO_MORE_RUNS, payload.seeds)) return [];
    const runs = newRunIds(parts, seedsFrom(1, payload.seeds));
    const queued = await queueCandidate(parts, lease(), candidate.id, { runs, box: payload.boxes[0] });
    for (const run of queued) hunt.queued.add(run);
    return queued;
  });
}

/** The candidate once it is approved: at once under `all`, by rule under `policy`, by a person under `ask`. */
async function approved({ job, payload }: Hunt, made: Candidate): Promise<Candidate | undefined> {
  const { parts, signal } = job;
  if (made.state === 'approved') return made;
  if (made.state !== 'ready') return undefined;
  if (approvesUnread(payload.approve, made)) return approveWhole(parts, made.id, 'policy');
  for (;;) {
    const now = await parts.store.candidate(made.id);
    if (now?.state === 'approved') return now;
    const idea = await parts.store.idea(made.idea);
    if (now?.state !== 'ready' || idea?.dropped !== undefined) return undefined;
    await parts.system.clock.sleep(LOOK_MS, signal);
  }
}

/** Gives the newest tries of the runs once all ended, the stragglers are too late, or `enough` says so. */
async function untilEnded(
  job: Job,
  ids: readonly RunId[],
  label: string,
  from: number,
  enough: (rows: readonly Run[]) => boolean | Promise<boolean> = () => false,
): Promise<readonly Run[]> {
  const { parts, request, lease, signal } = job;
  for (;;) {
    const rows = await withRetries(parts.store, ids);
    // A copy that a move left on a silent box speaks for nothing: the search waits for the newest try.
    const runs = newestTries(ids, rows);
    const ended = runs.filter((run) => isEnd(run.state)).length;
    const share = runs.length === 0 ? 1 : ended / runs.length;
    const text = `${label}: ${ended} of ${runs.length} runs`;
    await parts.store.setRequestProgress(lease(), request.id, { text, share: from + (1 - from) * share });
    if ((await enough(rows)) || roundIsReady(runs, parts.system.clock.now())) return runs;
    await parts.system.clock.sleep(LOOK_MS, signal);
  }
}

/** Ideas that are there may be tried: their own budget says only how many more may be proposed. */
const NO_MORE_RUNS = { ideas: undefined } satisfies Budgets;

/** Why the search may begin nothing more, less the budgets that are set aside here. */
function usedUp({ job, base, search, payload }: Hunt, without: Budgets = {}, runs = 1): Promise<string | undefined> {
  return whyUsedUp(job.parts, base, search, { ...payload.budgets, ...without }, runs);
}
