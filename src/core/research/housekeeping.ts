import * as path from 'node:path';
import { isEnd, RUN_STATES } from '../domain/index.ts';
import type { Fleet } from './fleet.ts';
import { logFile, type Parts } from './parts.ts';

export interface Housekeeping {
  readonly id: string;
  readonly what: string;
  readonly bytes: number;
  readonly items: number;
}

/** What lies around and may go: logs of dropped ideas' runs, refs of rejected and failed candidates, run folders of ended runs. */
export async function measure(parts: Parts): Promise<readonly Housekeeping[]> {
  const { repository, store, system } = parts;
  const ended = await store.runs({ states: RUN_STATES.filter(isEnd) });
  const logs = await Promise.all(ended.map((run) => system.files.info(logFile(repository, run.id))));
  const bytes = logs.reduce((sum, info) => sum + (info?.size ?? 0), 0);
  const refs = await removableRefs(parts);
  const reviews = await removableReviews(parts);
  const byBox = Map.groupBy(ended, (run) => run.box ?? '');
  return [
    { id: 'logs', what: 'Logs of ended runs on this machine', bytes, items: logs.filter(Boolean).length },
    { id: 'refs', what: 'Git refs of rejected and failed candidates', bytes: 0, items: refs.length },
    {
      id: 'reviews',
      what: `Review folders of decided candidates (${path.join('.research', 'review')})`,
      bytes: 0,
      items: reviews.length,
    },
    ...[...byBox]
      .filter(([box]) => box !== '')
      .map(([box, runs]) => ({
        id: `box/${box}`,
        what: `Folders of ended runs on ${box}`,
        bytes: 0,
        items: runs.length,
      })),
  ];
}

/** Those that are decided: an open one holds what a person accepted so far. */
async function removableReviews({ repository, store }: Parts) {
  const ready = new Set((await store.candidates()).flatMap(({ id, state }) => (state === 'ready' ? [id] : [])));
  return (await repository.reviews()).filter((review) => !ready.has(review.candidate));
}

async function removableRefs(parts: Parts): Promise<readonly string[]> {
  const gone = (await parts.store.candidates()).filter((one) => one.state === 'rejected' || one.state === 'failed');
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
      for (const run of ended) {
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
      freed += await worker.tidy(ended.filter((run) => run.box === box).map((run) => run.id));
    }
  }
  return freed;
}
