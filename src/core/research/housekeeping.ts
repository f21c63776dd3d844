import * as path from 'node:path';
import {
  better,
  type CandidateId,
  type Goal,
  goalOf,
  isEnd,
  isHumanError,
  RUN_STATES,
  type Run,
} from '../domain/index.ts';
import type { Leftover } from '../workers/index.ts';
import type { Fleet } from './fleet.ts';
import { loadedBoxes, logFile, type Parts } from './parts.ts';
import { inHand } from './review.ts';

export interface Housekeeping {
  readonly id: string;
  readonly what: string;
  readonly bytes: number;
  readonly items: number;
}

/** Ended runs that keep their folder on a box: younger ones, the newest of it, the best of each base, those of pinned ideas. */
export const KEEP = { days: 3, newest: 20, best: 5 } as const;
/** How long environments, inputs and scripts must have been unused, in minutes. */
const UNUSED_MINUTES = 7 * 24 * 60;
const DAY_MS = 24 * 60 * 60_000;

const WORDS: Readonly<Record<Leftover['kind'], string>> = {
  env: 'environments',
  inputs: 'inputs',
  bin: 'earlier versions of our scripts',
  repo: 'packs',
  trash: 'what earlier removals left',
};

/**
 * The ended runs of one box whose folders may go. Pure.
 * @param ended all ended runs, of all boxes
 * @param pinned candidates of pinned ideas
 * @param goals what better means, by base
 */
export function removableRuns(
  ended: readonly Run[],
  box: string,
  pinned: ReadonlySet<CandidateId>,
  goals: ReadonlyMap<number, Goal>,
  now: number,
): readonly Run[] {
  const own = ended.filter((run) => run.box === box);
  const byEnd = own.toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
  const kept = new Set(byEnd.slice(0, KEEP.newest).map((run) => run.id));
  for (const [base, runs] of Map.groupBy(ended, (run) => run.base)) {
    const goal = goals.get(base);
    if (goal === undefined) continue;
    const results = runs.flatMap((run) => (run.objective?.state === 'ok' ? [{ run, value: run.objective.value }] : []));
    results.sort((a, b) => (better(goal, a.value, b.value) ? -1 : better(goal, b.value, a.value) ? 1 : 0));
    for (const { run } of results.slice(0, KEEP.best)) kept.add(run.id);
  }
  return own.filter(
    (run) =>
      !kept.has(run.id) &&
      now - (run.endedAt ?? 0) > KEEP.days * DAY_MS &&
      !(run.candidate !== undefined && pinned.has(run.candidate)),
  );
}

/**
 * What lies around and may go: logs of ended runs, refs of rejected and failed candidates, decided reviews; and on each
 * box the folders of ended runs that no rule keeps, and what nothing there uses. A box that does not answer is left out,
 * and said.
 */
export async function measure(parts: Parts, fleet: Fleet, signal?: AbortSignal): Promise<readonly Housekeeping[]> {
  const { repository, store, system } = parts;
  const ended = await store.runs({ states: RUN_STATES.filter(isEnd) });
  const logs = await Promise.all(
    (await loggedRuns(parts)).map((run) => system.files.info(logFile(repository, run.id))),
  );
  const bytes = logs.reduce((sum, info) => sum + (info?.size ?? 0), 0);
  const refs = await removableRefs(parts);
  const reviews = await removableReviews(parts);
  const used = new Set(ended.flatMap((run) => (run.box === undefined ? [] : [run.box])));
  const { boxes } = await loadedBoxes(parts);
  const names = boxes.map((box) => box.name).filter((name) => used.has(name));
  const onBoxes = await Promise.all(names.map((name) => measureBox(parts, fleet, name, ended, signal)));
  return [
    { id: 'logs', what: 'Logs of ended runs on this machine', bytes, items: logs.filter(Boolean).length },
    { id: 'refs', what: 'Git refs of rejected and failed candidates', bytes: 0, items: refs.length },
    {
      id: 'reviews',
      what: `Review folders of decided candidates (${path.join('.research', 'review')})`,
      bytes: 0,
      items: reviews.length,
    },
    ...onBoxes.flat(),
  ];
}

async function measureBox(
  parts: Parts,
  fleet: Fleet,
  name: string,
  ended: readonly Run[],
  signal?: AbortSignal,
): Promise<readonly Housekeeping[]> {
  const runs = await removableOn(parts, name, ended);
  try {
    const worker = await fleet.worker(name);
    const sizes = await worker.sizes(
      runs.map((run) => run.id),
      signal,
    );
    const found = (await worker.leftovers('look', UNUSED_MINUTES, signal)).filter(({ count }) => count > 0);
    const kinds = found.map(({ kind, count, bytes }) => `${count} ${WORDS[kind]} (${inMB(bytes)})`);
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
    return [
      {
        id: `box/${name}`,
        what: `Folders of ended runs on ${name} (kept: the newest ${KEEP.newest}, the best ${KEEP.best} of each base, those of pinned ideas, and ${KEEP.days} days)`,
        bytes: sum([...sizes.values()]),
        items: sizes.size,
      },
      {
        id: `unused/${name}`,
        what: `Unused for a week on ${name}: ${kinds.join(', ') || 'nothing'}`,
        bytes: sum(found.map((one) => one.bytes)),
        items: sum(found.map((one) => one.count)),
      },
    ];
  } catch (error) {
    if (!isHumanError(error)) throw error;
    parts.log('warn', `box ${name} could not be measured: ${error.message}`);
    return [{ id: `box/${name}`, what: `${name} cannot be looked at: ${error.message}`, bytes: 0, items: 0 }];
  }
}

function inMB(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0)} MB`;
}

/** The candidates of pinned ideas. */
async function pinnedCandidates({ store }: Parts): Promise<ReadonlySet<CandidateId>> {
  const ideas = new Set((await store.ideas()).filter((idea) => idea.pinned).map((idea) => idea.id));
  return new Set((await store.candidates()).filter(({ idea }) => ideas.has(idea)).map(({ id }) => id));
}

/** Ended runs whose logs may go from this machine: not those of pinned ideas. */
async function loggedRuns(parts: Parts): Promise<readonly Run[]> {
  const pinned = await pinnedCandidates(parts);
  const ended = await parts.store.runs({ states: RUN_STATES.filter(isEnd) });
  return ended.filter((run) => run.candidate === undefined || !pinned.has(run.candidate));
}

async function removableOn(parts: Parts, box: string, ended: readonly Run[]): Promise<readonly Run[]> {
  const { store, system } = parts;
  const pinned = await pinnedCandidates(parts);
  const goals = new Map((await store.bases()).map((base) => [base.id, goalOf(base.environment.objective)]));
  return removableRuns(ended, box, pinned, goals, system.clock.now());
}

/** Those that are decided: an open one holds what a person accepted so far. */
async function removableReviews({ repository, store }: Parts) {
  const open = (await store.candidates()).filter((one) => one.state === 'ready' || inHand(one)).map((one) => one.id);
  return (await repository.reviews()).filter((review) => !open.includes(review.candidate));
}

async function removableRefs(parts: Parts): Promise<readonly string[]> {
  const pinned = await pinnedCandidates(parts);
  const gone = (await parts.store.candidates()).filter(
    (one) => (one.state === 'rejected' || one.state === 'failed') && !pinned.has(one.id),
  );
  const names = new Set(gone.map((candidate) => `refs/research/candidates/${candidate.id}`));
  return (await parts.repository.refs()).map((ref) => ref.name).filter((name) => names.has(name));
}

/** Removes what was named. Gives the bytes freed, as far as they are known. */
export async function cleanUp(parts: Parts, fleet: Fleet, ids: readonly string[]): Promise<number> {
  const { repository, store, system } = parts;
  const ended = await store.runs({ states: RUN_STATES.filter(isEnd) });
  let freed = 0;
  for (const id of ids) {
    if (id === 'logs') {
      for (const run of await loggedRuns(parts)) {
        const file = logFile(repository, run.id);
        freed += (await system.files.info(file))?.size ?? 0;
        await system.files.remove(file);
      }
    } else if (id === 'refs') {
      for (const ref of await removableRefs(parts)) await repository.dropRef(ref);
    } else if (id === 'reviews') {
      for (const review of await removableReviews(parts)) await review.close();
    } else if (id.startsWith('box/')) {
      const box = id.slice('box/'.length);
      const worker = await fleet.worker(box);
      freed += await worker.tidy((await removableOn(parts, box, ended)).map((run) => run.id));
    } else if (id.startsWith('unused/')) {
      const worker = await fleet.worker(id.slice('unused/'.length));
      const gone = await worker.leftovers('remove', UNUSED_MINUTES);
      freed += gone.reduce((sum, { bytes }) => sum + bytes, 0);
    }
  }
  return freed;
}
