import { type Base, isEnd, type Run, type RunId } from '../../domain/index.ts';
import { isOfCluster } from '../../scheduler/index.ts';
import { countedValue } from '../../search/index.ts';
import type { BoxClass } from '../fleet-queue.ts';
import { requireBase } from '../parts.ts';
import type { Job } from './index.ts';
import { runPayload } from './payloads.ts';
import { newRunIds, queueBaselineRuns, queueRuns, seedsFrom } from './runs.ts';

/** The baseline runs of a class: those that gave a value there, and those that may still. */
export function baselineOf(runs: readonly Run[], { comparisonClass, boxes }: BoxClass): readonly Run[] {
  return runs.filter((run) => {
    if (run.purpose !== 'baseline' || (isEnd(run.state) && countedValue(run) === undefined)) return false;
    if (isOfCluster(comparisonClass) && run.box !== undefined && boxes.includes(run.box)) return true;
    if (run.comparisonClass !== undefined) return run.comparisonClass === comparisonClass;
    return run.wantsClass === comparisonClass || (run.wants !== undefined && boxes.includes(run.wants));
  });
}

/**
 * Queues what a class lacks of its baseline: as many seeds as asked for, the same ones in every class.
 * @returns the class's baseline runs, old and new
 */
export async function completeBaseline(
  { parts, lease }: Pick<Job, 'parts' | 'lease'>,
  base: Base,
  kind: BoxClass,
  seeds: number,
  box?: string,
): Promise<{ readonly all: readonly RunId[]; readonly fresh: readonly RunId[] }> {
  const known = baselineOf(await parts.store.runs({ base: base.id }), kind);
  const missing = seedsFrom(1, seeds).filter((seed) => !known.some((run) => run.seed === seed));
  const runs = newRunIds(parts, missing);
  const wanted = { runs, box, wantsClass: box === undefined ? kind.comparisonClass : undefined };
  const fresh = missing.length === 0 ? [] : await queueBaselineRuns(parts, lease(), base, wanted);
  return { all: [...known.map((run) => run.id), ...fresh], fresh };
}

/** Queues runs of a candidate, and before them a baseline where they would be compared to nothing. Gives the run ids. */
export async function queueRunsAfterBaseline(job: Job): Promise<readonly RunId[]> {
  const { candidate, baselineSeeds, box } = runPayload.parse(job.request.payload);
  const found = await job.parts.store.candidate(candidate);
  if (found?.approved) {
    await ensureSomeBaseline(job, await requireBase(job.parts, found.base), baselineSeeds, box);
  }
  return queueRuns(job);
}

/**
 * Before a trial is queued: where it can only go to boxes whose class has no baseline at all, one is queued before it,
 * in the class with most room. A class that has a baseline is left to the scheduler, which prefers it.
 */
async function ensureSomeBaseline(
  job: Pick<Job, 'parts' | 'lease' | 'classes'>,
  base: Base,
  seeds: number,
  box?: string,
): Promise<void> {
  const classes = await job.classes(base.environment.resources.gpus, box === undefined ? undefined : [box]);
  const [roomiest] = classes;
  if (!roomiest) return;
  const runs = await job.parts.store.runs({ base: base.id });
  if (classes.some((kind) => baselineOf(runs, kind).length > 0)) return;
  // One that is queued for nobody in particular may come to any of them.
  if (runs.some((run) => run.purpose === 'baseline' && run.state === 'queued' && anywhere(run))) return;
  await completeBaseline(job, base, roomiest, seeds, box);
}

function anywhere(run: Run): boolean {
  return run.wants === undefined && run.wantsClass === undefined;
}
