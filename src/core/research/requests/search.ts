import {
  type Base,
  better,
  type Candidate,
  goalOf,
  HumanError,
  isEnd,
  type Run,
  type RunId,
  type Search,
  summarise,
} from '../../domain/index.ts';
import { budgetUsedUp, countedValue, foldResults, roundIsReady, type Spent } from '../../search/index.ts';
import { ensureBase } from '../base.ts';
import { mainBaseline, statusOf } from '../leaderboard.ts';
import { loadedBoxes, type Parts } from '../parts.ts';
import { approveWhole } from '../review.ts';
import type { SearchResult } from '../types.ts';
import { proposeRound } from './ideas.ts';
import { implement } from './implement.ts';
import type { Job } from './index.ts';
import { type SearchPayload, searchPayload } from './payloads.ts';
import { newRunIds, queueBaselineRuns, queueCandidate, seedsFrom } from './runs.ts';

/** How many ideas are implemented at the same time: the paper's executor ran patches in parallel, a laptop has few cores. */
const IMPLEMENTERS = 4;
const LOOK_MS = 250;

/** Round after round until the rounds asked for are done, a budget is used up, or a person stops it. */
export async function runSearch(job: Job): Promise<SearchResult> {
  const { parts, request } = job;
  const payload = searchPayload.parse(request.payload);
  const base = await ensureBase(parts);
  const search = await openSearch(job, base, payload);
  let why = 'All rounds are done.';
  try {
    await baselineRound(job, base, payload);
    const known = (await parts.store.rounds(base.id)).filter((round) => round.createdAt >= search.startedAt);
    const first = known[0]?.number ?? ((await parts.store.rounds(base.id)).at(-1)?.number ?? -1) + 1;
    for (let index = 0; index < payload.rounds; index += 1) {
      await untilRunning(job, search.id);
      const usedUp = budgetUsedUp(payload.budgets, await spent(parts, base, search));
      if (usedUp) {
        why = usedUp;
        break;
      }
      await oneRound(job, base, payload, first + index, `Round ${index + 1} of ${payload.rounds}`);
    }
    await parts.store.setSearchState(search.id, 'finished', why);
    return await resultOf(parts, base, search);
  } catch (error) {
    if (job.signal.aborted && !isClosing(job.signal.reason))
      await parts.store.setSearchState(search.id, 'stopped', 'Stopped by a person.');
    throw error;
  }
}

/** The process is going away, the search is not: whoever drives next goes on with it. */
function isClosing(reason: unknown): boolean {
  return reason instanceof HumanError && (reason.code === 'closing' || reason.code === 'lease-lost');
}

async function openSearch({ parts, request }: Job, base: Base, payload: SearchPayload): Promise<Search> {
  const left = (await parts.store.searches()).find(
    (search) => search.startedAt >= request.createdAt && (search.state === 'running' || search.state === 'paused'),
  );
  if (left) return left;
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

/** Waits while a person has paused the search. @throws the signal's reason, HumanError `stopped` */
async function untilRunning({ parts, signal }: Job, id: number): Promise<void> {
  for (;;) {
    const search = (await parts.store.searches()).find((one) => one.id === id);
    if (search?.state === 'stopped') throw new HumanError('The search was stopped.', { code: 'stopped' });
    if (search?.state !== 'paused') return;
    await parts.system.clock.sleep(LOOK_MS, signal);
  }
}

async function baselineRound(job: Job, base: Base, payload: SearchPayload): Promise<void> {
  const { parts, lease } = job;
  const mine = (await parts.store.runs({ base: base.id })).filter((run) => run.purpose === 'baseline');
  const usable = mine.filter((run) => !isEnd(run.state) || countedValue(run) !== undefined);
  const seeds = seedsFrom(1, payload.baselineSeeds).filter((seed) => !usable.some((run) => run.seed === seed));
  const [box] = payload.boxes;
  const fresh = await queueBaselineRuns(parts, lease(), base, { runs: newRunIds(parts, seeds), box });
  const ids = [...usable.map((run) => run.id), ...fresh];
  const runs = await untilEnded(job, ids, 'Baseline', 0);
  if (runs.some((run) => countedValue(run) !== undefined)) return;
  const failed = runs.findLast((run) => isEnd(run.state));
  throw new HumanError(
    `The baseline did not give a value: ${failed?.reason ?? failed?.state ?? 'no run ended'}. ` +
      `Look at the log of run ${failed?.id ?? ''} and mend the run command or the metric in research.yaml.`,
    { code: 'no-baseline' },
  );
}

async function oneRound(job: Job, base: Base, payload: SearchPayload, number: number, label: string): Promise<void> {
  const { parts, request, lease } = job;
  const say = (text: string, share?: number) =>
    parts.store.setRequestProgress(lease(), request.id, { text: `${label}: ${text}`, share });
  await say('asking for ideas', 0);
  const begun = (await parts.store.ideas(base.id)).filter(
    (idea) => idea.round === number && idea.dropped === undefined,
  );
  const round = (await parts.store.rounds(base.id)).find((one) => one.number === number);
  if (round?.state !== 'open' || begun.length === 0) {
    const since = round?.createdAt ?? parts.system.clock.now();
    await proposeRound(job, base, number, payload.ideasPerRound, since);
  }
  const ideas = (await parts.store.ideas(base.id)).filter(
    (idea) => idea.round === number && idea.dropped === undefined,
  );
  const waiting = [...ideas];
  const queued: RunId[] = [];
  let done = 0;
  const work = async (): Promise<void> => {
    for (let idea = waiting.shift(); idea; idea = waiting.shift()) {
      job.signal.throwIfAborted();
      queued.push(...(await tryIdea(job, payload, idea.id)));
      done += 1;
      await say(`implementing ideas (${done} of ${ideas.length})`, (0.3 * done) / ideas.length);
    }
  };
  await Promise.all(Array.from({ length: IMPLEMENTERS }, work));
  await untilEnded(job, queued, label, 0.3);
  await parts.store.setRoundState(lease(), base.id, number, 'closed');
}

/** Implements, approves by the policy, and queues one idea. Gives its runs; none where it came to nothing. */
async function tryIdea(job: Job, payload: SearchPayload, idea: number): Promise<readonly RunId[]> {
  const { parts, lease } = job;
  const own = await parts.store.candidates({ idea });
  const made =
    own.findLast((one) => one.state !== 'implementing' && one.state !== 'failed') ?? (await implement(job, idea));
  if (made.duplicateOf !== undefined) return [];
  const candidate = await approved(job, payload, made);
  if (!candidate) return [];
  const runs = (await parts.store.runs({ candidate: candidate.id })).filter((run) => run.purpose === 'trial');
  if (runs.length > 0) return runs.map((run) => run.id);
  const seeds = newRunIds(parts, seedsFrom(1, payload.seeds));
  return queueCandidate(parts, lease(), candidate.id, { runs: seeds, box: payload.boxes[0] });
}

/** The candidate once it is approved: at once under `all`, by rule under `policy`, by a person under `ask`. */
async function approved(
  { parts, signal }: Job,
  payload: SearchPayload,
  made: Candidate,
): Promise<Candidate | undefined> {
  if (made.state === 'approved') return made;
  if (made.state !== 'ready') return undefined;
  if (payload.approve === 'all') return approveWhole(parts, made.id, 'policy');
  if (payload.approve === 'policy' && made.kind === 'hyperparameter') return approveWhole(parts, made.id, 'policy');
  for (;;) {
    const now = await parts.store.candidate(made.id);
    if (now?.state === 'approved') return now;
    if (now?.state !== 'ready') return undefined;
    await parts.system.clock.sleep(LOOK_MS, signal);
  }
}

async function untilEnded(job: Job, ids: readonly RunId[], label: string, from: number): Promise<readonly Run[]> {
  const { parts, request, lease, signal } = job;
  for (;;) {
    const runs = await withRetries(parts, ids);
    const ended = runs.filter((run) => isEnd(run.state)).length;
    const share = ids.length === 0 ? 1 : ended / runs.length;
    const text = `${label}: ${ended} of ${runs.length} runs`;
    await parts.store.setRequestProgress(lease(), request.id, { text, share: from + (1 - from) * share });
    if (roundIsReady(runs, parts.system.clock.now())) return runs;
    await parts.system.clock.sleep(LOOK_MS, signal);
  }
}

/** The runs of these ids and the later attempts of those that were lost. */
async function withRetries(parts: Parts, ids: readonly RunId[]): Promise<Run[]> {
  const wanted = new Set(ids);
  return (await parts.store.runs()).filter((run) => {
    if (run.retries !== undefined && wanted.has(run.retries)) wanted.add(run.id);
    return wanted.has(run.id);
  });
}

async function spent(parts: Parts, base: Base, search: Search): Promise<Spent> {
  const { boxes } = await loadedBoxes(parts);
  const ideas = (await parts.store.ideas(base.id)).filter((idea) => idea.createdAt >= search.startedAt);
  const runs = (await parts.store.runs({ base: base.id })).filter((run) => run.queuedAt >= search.startedAt);
  const calls = (await parts.store.calls({ base: base.id })).filter((call) => call.createdAt >= search.startedAt);
  const now = parts.system.clock.now();
  const hours = (run: Run) => (run.startedAt === undefined ? 0 : ((run.endedAt ?? now) - run.startedAt) / 3_600_000);
  const { gpus } = base.environment.resources;
  const price = (run: Run) => boxes.find((box) => box.name === run.box)?.price_per_gpu_hour ?? 0;
  return {
    ideas: ideas.length,
    runs: runs.length,
    gpuHours: runs.reduce((sum, run) => sum + hours(run) * gpus, 0),
    money:
      runs.reduce((sum, run) => sum + hours(run) * gpus * price(run), 0) +
      calls.reduce((sum, call) => sum + (call.cost ?? 0), 0),
    wallHours: (now - search.startedAt) / 3_600_000,
  };
}

/** The search in one object: what `--json` prints. */
export async function resultOf(parts: Parts, base: Base, search: Search): Promise<SearchResult> {
  const goal = goalOf(base.environment.objective);
  const [ideas, candidates, runs] = [
    await parts.store.ideas(base.id),
    await parts.store.candidates({ base: base.id }),
    await parts.store.runs({ base: base.id }),
  ];
  const results = foldResults(goal, candidates, runs);
  const byIdea = (id: number) =>
    results.candidates.find((result) => candidates.some((one) => one.id === result.candidate && one.idea === id));
  const rounds = (await parts.store.rounds(base.id)).filter((round) => round.createdAt >= search.startedAt);
  const baseline = mainBaseline(results)?.summary ?? summarise([Number.NaN]);
  const best = results.candidates[0];
  const bestCandidate = candidates.find((one) => one.id === best?.candidate);
  return {
    goal,
    baseline: baseline ?? { mean: Number.NaN, std: 0, n: 0 },
    rounds: rounds.map((round) => {
      const own = ideas.filter((idea) => idea.round === round.number && idea.dropped === undefined);
      const values = own.flatMap((idea) => byIdea(idea.id)?.summary.mean ?? []);
      return {
        number: round.number,
        ideas: own.map((idea) => {
          const result = byIdea(idea.id);
          const newest = candidates.findLast((one) => one.idea === idea.id);
          const trials = runs.filter((run) => run.candidate === newest?.id && run.purpose === 'trial');
          return {
            id: idea.id,
            title: idea.title,
            status: newest ? statusOf(newest, trials).status : 'proposed',
            value: result?.summary.mean ?? null,
            delta: result?.delta ?? null,
            parents: idea.parents.map((parent) => parent.candidate),
          };
        }),
        completion: own.length === 0 ? 0 : values.length / own.length,
        best: values.reduce<number | null>(
          (top, value) => (top === null || better(goal, value, top) ? value : top),
          null,
        ),
      };
    }),
    best:
      best && bestCandidate
        ? {
            idea: bestCandidate.idea,
            candidate: best.candidate,
            value: best.summary.mean,
            delta: best.delta ?? 0,
            improved: best.improved ?? false,
          }
        : null,
  };
}
