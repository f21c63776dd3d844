import * as fs from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import * as path from 'node:path';
import { type Base, environmentSchema, type Idea, type Run } from '../../src/core/domain/index.ts';
import { type Lease, openStore, type Store } from '../../src/core/store/index.ts';
import { type Clock, realClock, realFiles, realRandom } from '../../src/core/system/index.ts';

/** A clock whose `now` a test moves; timers are real. */
export function movableClock(): Clock & { advance(ms: number): void } {
  let shift = 0;
  return {
    ...realClock,
    now: () => realClock.now() + shift,
    advance(ms) {
      shift += ms;
    },
  };
}

/** A fresh folder, removed by the given `after` hook. */
export async function temporaryFolder(): Promise<string> {
  return fs.mkdtemp(path.join(tmpdir(), 'research-store-'));
}

/** Opens a real store; `pid` may pretend to be another process. */
export function openTestStore(
  file: string,
  options: { readonly clock?: Clock; readonly pid?: number; readonly hostname?: string } = {},
): Promise<Store> {
  return openStore({
    file,
    pid: options.pid ?? process.pid,
    clock: options.clock ?? realClock,
    random: realRandom,
    files: realFiles,
    hostname: options.hostname ?? hostname(),
  });
}

export const environment = environmentSchema.parse({
  name: 'test',
  run: 'python3 train.py',
  objective: { metric: 'val_loss', goal: 'minimize' },
});

export async function lead(store: Store): Promise<Lease> {
  const lease = await store.acquireLease('test');
  if (!lease) throw new Error('somebody else drives');
  return lease;
}

export function addBase(store: Store, commit = 'a'.repeat(40)): Promise<Base> {
  return store.addBase({ commit, snapshot: false, environmentHash: 'e1', environment, branch: 'main' });
}

export function addIdea(store: Store, base: number, title = 'Try it'): Promise<Idea> {
  return store.addIdea({
    base,
    round: 0,
    lane: 'human',
    move: 'explore',
    title,
    hypothesis: 'It helps.',
    details: 'Change it.',
    expected: 'Lower loss.',
    risk: 'None.',
    edits: [],
    parents: [],
  });
}

/** A candidate with an approved commit, which may run. */
export async function addApproved(store: Store, idea: Idea): Promise<string> {
  const { id } = await store.addCandidate({ idea: idea.id, base: idea.base, cutFrom: 'a'.repeat(40) });
  await store.moveCandidate(id, 'ready', { proposal: 'b'.repeat(40) });
  await store.moveCandidate(id, 'approved', { approved: 'c'.repeat(40), approvedBy: 'person' });
  return id;
}

let runs = 0;

export async function addRun(
  store: Store,
  lease: Lease,
  base: number,
  run: Partial<Pick<Run, 'candidate' | 'seed' | 'attempt' | 'retries' | 'purpose' | 'commit'>> = {},
): Promise<Run> {
  runs += 1;
  const id = `run-${process.pid}-${runs}`;
  const [added] = await store.addRuns(lease, [
    { id, base, purpose: 'trial', commit: 'c'.repeat(40), seed: 0, attempt: 1, ...run },
  ]);
  if (!added) throw new Error('no run was added');
  return added;
}
