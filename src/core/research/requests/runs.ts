import { type Base, HumanError, makeRunId, type Run, type RunId } from '../../domain/index.ts';
import type { Lease } from '../../store/index.ts';
import type { Parts } from '../parts.ts';
import { requireBase } from '../parts.ts';
import type { Job } from './index.ts';
import { baselinePayload, runPayload } from './payloads.ts';

/** Seeds of replicates: 1, 2, 3, …: the same for the baseline and every idea, so that pairs share their noise. */
export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

/** Ids that sort as their seeds: of runs that are queued together, the first seed goes first. */
export function newRunIds(parts: Parts, seeds: readonly number[]): { id: RunId; seed: number }[] {
  const { clock, random } = parts.system;
  const ids = seeds.map(() => makeRunId(clock.now(), random.word(6))).sort();
  return ids.map((id, index) => ({ id, seed: seeds[index] ?? 0 }));
}

/** @throws HumanError `no-run` */
export async function requireRun(store: Pick<Parts['store'], 'run'>, id: RunId): Promise<Run> {
  const run = await store.run(id);
  if (!run) throw new HumanError(`There is no run ${id}.`, { code: 'no-run' });
  return run;
}

/** A run that a person may ask for once more. @throws HumanError `no-run`, `smoke-run` */
export async function requireRepeatable(store: Pick<Parts['store'], 'run'>, id: RunId): Promise<Run> {
  const run = await requireRun(store, id);
  if (run.purpose !== 'smoke') return run;
  throw new HumanError(`Run ${id} is a smoke run: it is made anew with each patch, and by itself says nothing.`, {
    code: 'smoke-run',
  });
}

/** The next attempt of a run, as a new run: the same commit and seed. */
export async function onceMore(parts: Parts, row: Run): Promise<readonly Wanted['runs'][number][]> {
  const fellows = (await parts.store.runs({ base: row.base })).filter(
    (one) => one.candidate === row.candidate && one.purpose === row.purpose && one.seed === row.seed,
  );
  const attempt = Math.max(...fellows.map((one) => one.attempt)) + 1;
  return newRunIds(parts, [row.seed]).map((one) => ({ ...one, attempt }));
}

interface Wanted {
  readonly runs: readonly { readonly id: RunId; readonly seed: number; readonly attempt?: number }[];
  readonly box?: string;
  /** The comparison class they must run in. */
  readonly wantsClass?: string;
}

/** Queues the approved commit of a candidate, one run a seed. Gives the run ids. */
export async function queueRuns({ parts, request, lease }: Job): Promise<readonly RunId[]> {
  const payload = runPayload.parse(request.payload);
  return queueCandidate(parts, lease(), payload.candidate, payload);
}

export async function queueCandidate(
  parts: Parts,
  lease: Lease,
  id: string,
  wanted: Wanted,
): Promise<readonly RunId[]> {
  const candidate = await parts.store.candidate(id);
  if (!candidate) throw new HumanError(`There is no candidate #${id}.`, { code: 'no-candidate' });
  if (!candidate.approved) {
    throw new HumanError(`Candidate #${id} is not approved. Only approved patches run: review and approve it first.`, {
      code: 'not-approved',
      actions: [{ title: 'Review', command: 'research.reviewIdea', args: [candidate.idea] }],
    });
  }
  const base = await requireBase(parts, candidate.base);
  return addMissing(parts, lease, base, wanted, { purpose: 'trial', candidate: id, commit: candidate.approved });
}

export async function queueBaseline({ parts, request, lease }: Job): Promise<readonly RunId[]> {
  const payload = baselinePayload.parse(request.payload);
  return queueBaselineRuns(parts, lease(), await requireBase(parts, payload.base), payload);
}

export function queueBaselineRuns(parts: Parts, lease: Lease, base: Base, wanted: Wanted): Promise<readonly RunId[]> {
  return addMissing(parts, lease, base, wanted, { purpose: 'baseline', commit: base.commit });
}

async function addMissing(
  parts: Parts,
  lease: Lease,
  base: Base,
  wanted: Wanted,
  common: { readonly purpose: 'baseline' | 'trial'; readonly candidate?: string; readonly commit: string },
): Promise<readonly RunId[]> {
  const known = new Set((await parts.store.runs({ base: base.id })).map((run) => run.id));
  const missing = wanted.runs.filter((run) => !known.has(run.id));
  await parts.store.addRuns(
    lease,
    missing.map(({ id, seed, attempt = 1 }) => {
      const { box, wantsClass } = wanted;
      return { id, seed, base: base.id, attempt, box, wantsClass, ...common };
    }),
  );
  return wanted.runs.map((run) => run.id);
}
