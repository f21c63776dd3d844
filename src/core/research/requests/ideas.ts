import { createHash } from 'node:crypto';
import { type Base, type CandidateId, goalOf, type Idea, type IdeaId, type Round } from '../../domain/index.ts';
import { readContext } from '../../environment/index.ts';
import type { Outcome, ProposedIdea } from '../../ideator/index.ts';
import {
  buildable,
  chooseParents,
  type Evidence,
  exploitShare,
  foldBase,
  outcomesOf,
  planRound,
  restOf,
} from '../../search/index.ts';
import { seededRandom } from '../../system/index.ts';
import { ensureBase } from '../base.ts';
import { readBrief } from '../brief.ts';
import { contextLine } from '../context-words.ts';
import { logTail } from '../log-tail.ts';
import { makeIdeator } from '../make.ts';
import { modelConfig, type Parts } from '../parts.ts';
import { readTexts } from '../texts.ts';
import { type Origin, originOf, stageOf } from './go-on.ts';
import { isHandedOver } from './handed-over.ts';
import type { Job } from './index.ts';
import { ideasPayload } from './payloads.ts';

/** How much of a failed run's log the ideator is shown, in characters. */
const TAIL = 1_500;

/** Adds ideas to the newest open round, or begins round 0. */
export async function generateIdeas(job: Job): Promise<readonly IdeaId[]> {
  const { count } = ideasPayload.parse(job.request.payload);
  const base = await ensureBase(job.parts);
  const rounds = await job.parts.store.rounds(base.id);
  const current = rounds.at(-1);
  const origin = originOf(job.request, await job.parts.store.requests(), base.createdAt);
  return proposeRound(job, base, current ? current.number : 0, count, origin);
}

/** Begins the next round: its exploit ideas build on parents chosen from the results so far. */
export async function nextRound(job: Job): Promise<readonly IdeaId[]> {
  const { count } = ideasPayload.parse(job.request.payload);
  const base = await ensureBase(job.parts);
  const rounds = await job.parts.store.rounds(base.id);
  const origin = originOf(job.request, await job.parts.store.requests(), base.createdAt);
  // A driver that died in the middle of this request left its round behind: go on with it. So did a try that failed
  // before its first idea.
  const ideas = await job.parts.store.ideas(base.id);
  const begun = rounds.find(
    (round) => round.createdAt >= origin.createdAt || !ideas.some((idea) => idea.round >= round.number),
  );
  const number = begun ? begun.number : (rounds.at(-1)?.number ?? -1) + 1;
  return proposeRound(job, base, number, count, origin);
}

/**
 * Fills one round up to `count` new ideas. Gives the ids of those that stand (not the dropped ones).
 * @param origin what was asked for, and when: what came later is of a first try that died in the middle
 */
export function proposeRound(
  job: Job,
  base: Base,
  number: number,
  count: number,
  origin: Origin,
): Promise<readonly IdeaId[]> {
  const { parts, lease, signal } = job;
  return parts.turns.take(`ideas of base ${base.id}`, signal, async () => {
    try {
      return await fillRound(job, base, number, count, origin);
    } catch (error) {
      if (isHandedOver(error) || isHandedOver(signal.reason)) throw error;
      // Nobody proposes any more: the round stands with what it has.
      if ((await parts.store.rounds(base.id)).some((round) => round.number === number)) {
        await parts.store.setRoundState(lease(), base.id, number, 'open').catch(() => {});
      }
      throw error;
    }
  });
}

async function fillRound(
  { parts, request, lease, signal }: Job,
  base: Base,
  number: number,
  count: number,
  { id, createdAt: since }: Origin,
): Promise<readonly IdeaId[]> {
  const { store } = parts;
  const ideator = await makeIdeator(parts);
  const [ideas, candidates, runs] = [
    await store.ideas(base.id),
    await store.candidates({ base: base.id }),
    await store.runs({ base: base.id }),
  ];
  const goal = goalOf(base.environment.objective);
  const results = foldBase(base.environment, candidates, runs);
  const key = `base-${base.id}/round-${number}/request-${id}`;
  const own = ideas.filter((idea) => idea.round === number && idea.createdAt >= since);
  const mine = own.filter((idea) => idea.dropped === undefined);
  const open = buildable(results, ideas);
  const calls = await store.calls({ base: base.id, since });
  const stage = stageOf({ key, since }, calls, mine, parts.system.clock.now());
  const plan = restOf(
    planRound(number, count, open.candidates.length > 0),
    mine.filter((idea) => idea.createdAt < stage.since),
  );
  const texts = await readTexts(parts.repository, base.commit, (text) => parts.log('warn', text));
  const random = seededRandom(createHash('sha256').update(key).digest().readUInt32BE(0));
  const parents = chooseParents(goal, open, Math.max(1, plan.exploit), random, pinnedOf(ideas));
  const evidence = await gatherEvidence(parts, base, runs);
  const history = outcomesOf(
    // What a question brought must not change it when it is asked again.
    ideas.filter((idea) => idea.createdAt < stage.since),
    candidates,
    runs,
    results,
    evidence,
  );
  await ensureRound(parts, lease, {
    base: base.id,
    number,
    ideator: ideator.label,
    exploitShare: number === 0 ? 0 : exploitShare(number),
    asked: count,
    state: 'proposing',
  });

  const standing: IdeaId[] = mine.map((idea) => idea.id);
  const report = (text: string, share?: number) => store.setRequestProgress(lease(), request.id, { text, share });
  const missing = plan.explore + plan.exploit;
  await report(`Asking ${ideator.label} for ${missing} ideas`, standing.length / count);
  const context = readContext(texts, base.environment, (await modelConfig(parts)).models.context_tokens);
  if (ideator.lane === 'model') parts.log('info', contextLine(context));
  await ideator.propose({
    base,
    round: number,
    explore: plan.explore,
    exploit: plan.exploit,
    parents: parentOutcomes(parents, history),
    history,
    baseline: [...results.baselines.values()][0]?.summary,
    brief: (await readBrief(parts, base)).text,
    files: texts,
    context,
    key: stage.key,
    signal,
    onProgress: (text) => void report(text, standing.length / count).catch(() => {}),
    onIdea: async (proposed) => {
      signal.throwIfAborted();
      const full = proposed.dropped === undefined && standing.length >= count;
      if (full || own.some((idea) => sameIdea(idea, proposed))) return;
      const idea = await addProposed(parts, base, number, ideator.lane, proposed);
      if (proposed.dropped === undefined) standing.push(idea.id);
      await report(`${standing.length} of ${count} ideas`, Math.min(1, standing.length / count));
    },
  });
  await store.setRoundState(lease(), base.id, number, 'open');
  return standing;
}

function pinnedOf(ideas: readonly Idea[]): ReadonlySet<IdeaId> {
  return new Set(ideas.filter((idea) => idea.pinned && idea.dropped === undefined).map((idea) => idea.id));
}

async function addProposed(
  parts: Parts,
  base: Base,
  round: number,
  lane: Idea['lane'],
  proposed: ProposedIdea,
): Promise<Idea> {
  const { dropped, ...words } = proposed;
  const idea = await parts.store.addIdea({ base: base.id, round, lane, ...words });
  if (dropped !== undefined) await parts.store.dropIdea(idea.id, dropped);
  return idea;
}

function sameIdea(idea: Idea, proposed: ProposedIdea): boolean {
  return (
    idea.title === proposed.title &&
    idea.details === proposed.details &&
    JSON.stringify(idea.edits) === JSON.stringify(proposed.edits)
  );
}

async function ensureRound(parts: Parts, lease: Job['lease'], round: Omit<Round, 'createdAt'>): Promise<void> {
  const known = (await parts.store.rounds(round.base)).find((one) => one.number === round.number);
  if (known) await parts.store.setRoundState(lease(), round.base, round.number, 'proposing');
  else await parts.store.addRound(lease(), round);
}

function parentOutcomes(parents: readonly CandidateId[], history: readonly Outcome[]): Outcome[] {
  return parents.flatMap((id) => history.find((outcome) => outcome.candidate?.id === id) ?? []);
}

/** The curve's shape of each result, and the last lines of each failed run's log. */
async function gatherEvidence(
  parts: Parts,
  base: Base,
  runs: Awaited<ReturnType<Parts['store']['runs']>>,
): Promise<Map<string, Evidence>> {
  const { describeCurve } = await import('../../ideator/index.ts');
  const evidence = new Map<string, Evidence>();
  const metric = base.environment.objective.metric;
  // Also of those that came to no number: how it went wrong is in the curve.
  const succeeded = runs.filter((one) => one.purpose === 'trial' && one.state === 'succeeded');
  for (const [candidate, run] of new Map(succeeded.map((one) => [one.candidate, one]))) {
    const points = await parts.store.metrics(run.id, { names: [metric] });
    if (candidate !== undefined) evidence.set(candidate, { curve: describeCurve(points) });
  }
  for (const run of runs.filter((one) => one.state === 'failed' || one.state === 'timed-out')) {
    if (run.candidate === undefined || evidence.has(run.candidate)) continue;
    evidence.set(run.candidate, { tail: await logTail(parts, run, TAIL) });
  }
  return evidence;
}
