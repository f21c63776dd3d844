import type { Base, Candidate, Idea, Round, Run } from '../domain/index.ts';
import { type Box, isEnd } from '../domain/index.ts';
import { loadEnvironment } from '../environment/index.ts';
import { type CandidateResult, foldBase, type Results } from '../search/index.ts';
import type { BoxState } from '../store/index.ts';
import { whyBehind } from './base.ts';
import type { BoxCondition } from './fleet.ts';
import { foldLeaderboard, statusOf, statusWithFlags } from './leaderboard.ts';
import { describeIdeator } from './make.ts';
import { loadedBoxes, type Parts } from './parts.ts';
import { foldQueue } from './queue-state.ts';
import type { Sparks } from './sparks.ts';
import type { BoxNode, IdeaNode, Leaderboard, ResearchState } from './types.ts';

/** The rounds, and one for what a person wrote before any was asked for: it stands there until that round begins. */
export function roundsToShow(rounds: readonly Round[], ideas: readonly Idea[]): readonly Round[] {
  const early = ideas.find((idea) => !rounds.some((round) => round.number === idea.round));
  if (!early) return rounds;
  const { base, round: number, createdAt } = early;
  return [{ base, number, ideator: 'you', exploitShare: 0, asked: 0, state: 'open', createdAt }, ...rounds];
}

/** The results of a base as the views show them. */
export function shownResults({ candidates, flagged }: Results): ResearchState['results'] {
  const shown = (doubted: boolean) => (result: CandidateResult) => [result.candidate, { ...result, doubted }] as const;
  return Object.fromEntries([...candidates.map(shown(false)), ...[...flagged.values()].map(shown(true))]);
}

/** Everything the views show, read fresh. */
export async function readState(
  parts: Parts,
  conditions: readonly BoxCondition[],
  drives: boolean,
): Promise<ResearchState> {
  const { store, repository, system } = parts;
  const environment = await loadEnvironment(system.files, repository.root);
  const base = await store.currentBase();
  const [rounds, ideas, candidates, runs] = base
    ? [
        await store.rounds(base.id),
        await store.ideas(base.id),
        await store.candidates({ base: base.id }),
        await store.runs({ base: base.id }),
      ]
    : [[], [], [], []];
  const byIdea = Map.groupBy(candidates, (candidate) => candidate.idea);
  const byCandidate = Map.groupBy(runs, (run) => run.candidate ?? '');
  const results = base && foldBase(base.environment, candidates, runs);
  const nodes = ideas.map((idea) => ideaNode(idea, byIdea.get(idea.id) ?? [], byCandidate, results));
  const lease = await store.lease();
  const boxes = await loadedBoxes(parts);
  const schedule = await store.schedule();
  return {
    root: repository.root,
    environment: environment.ok
      ? { ok: true, value: environment.value }
      : { ok: false, missing: environment.missing, diagnostics: environment.diagnostics },
    base,
    behind: base ? await whyBehind(parts, base, environment.ok ? environment.value : undefined) : undefined,
    ideator: await describeIdeator(parts),
    rounds: roundsToShow(rounds, ideas).map((round) => ({
      round,
      ideas: nodes.filter((node) => node.idea.round === round.number),
    })),
    runs: runs.toSorted((a, b) => b.queuedAt - a.queuedAt || (a.id < b.id ? 1 : -1)),
    judged: Object.fromEntries(results?.judged ?? []),
    results: results ? shownResults(results) : {},
    queue: foldQueue(runs, schedule, base?.environment.resources.gpus ?? 0),
    boxes: boxes.boxes.map((box) => boxNode(box, conditions, runs, schedule.boxes)),
    boxesProblems: boxes.problems,
    search: (await store.searches()).findLast((search) => search.state === 'running' || search.state === 'paused'),
    requests: await store.requests({ states: ['asked', 'taken'] }),
    driver: { here: drives, holder: lease?.holder, pid: lease?.pid },
  };
}

function ideaNode(
  idea: Idea,
  candidates: readonly Candidate[],
  runs: ReadonlyMap<string, readonly Run[]>,
  results: Results | undefined,
): IdeaNode {
  const own = candidates.toSorted((a, b) => a.number - b.number);
  if (idea.dropped !== undefined) return { idea, candidates: own, status: 'dropped' };
  const newest = own.at(-1);
  if (!newest) return { idea, candidates: own, status: 'proposed' };
  const trials = (runs.get(newest.id) ?? []).filter((run) => run.purpose === 'trial');
  const { status } = results ? statusWithFlags(newest, trials, results) : statusOf(newest, trials);
  return { idea, candidates: own, status };
}

export function whereOf(box: Box): string {
  return box.kind === 'local' ? 'this machine' : box.host;
}

export function boxNode(
  box: Box,
  conditions: readonly BoxCondition[],
  runs: readonly Run[],
  said: readonly BoxState[],
): BoxNode {
  const state = said.find((one) => one.name === box.name);
  const condition = conditions.find((one) => one.box.name === box.name);
  const own = runs.filter((run) => run.box === box.name && !isEnd(run.state));
  const running = own.filter((run) => ['preparing', 'running', 'finishing'].includes(run.state)).length;
  return {
    name: box.name,
    kind: box.kind,
    where: whereOf(box),
    ...(condition?.checking ? { checking: true } : {}),
    report: condition?.report,
    // Only the process that drives asks the boxes; to the others their runs tell.
    unreachableSince: condition?.unreachableSince ?? own.find((run) => run.unreachableSince)?.unreachableSince,
    problem: condition?.problem,
    running,
    // Those in our queue for it are on no box yet.
    waiting: own.filter((run) => run.state === 'waiting' || run.state === 'shipping').length,
    ...(state?.drained ? { drained: true } : {}),
    ...(state?.givenUp ? { givenUp: true } : {}),
  };
}

/** The leaderboard of the base in use. @throws nothing when there is none: it is empty then */
export async function readLeaderboard(parts: Parts, base: Base, sparks: Sparks): Promise<Leaderboard> {
  const { store, system, repository } = parts;
  const environment = await loadEnvironment(system.files, repository.root);
  const runs = await store.runs({ base: base.id });
  return foldLeaderboard({
    base,
    behind: (await whyBehind(parts, base, environment.ok ? environment.value : undefined)) !== undefined,
    rounds: await store.rounds(base.id),
    ideas: await store.ideas(base.id),
    candidates: await store.candidates({ base: base.id }),
    runs,
    sparks: await sparks.of(runs, base.environment.objective.metric),
  });
}
