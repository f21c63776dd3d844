import type { Run, RunId } from '../domain/index.ts';
import type { Store } from '../store/index.ts';

/** The runs of these ids and the later attempts of those that were lost. */
export async function withRetries(store: Pick<Store, 'runs'>, ids: readonly RunId[]): Promise<Run[]> {
  const runs: Run[] = [];
  for (let next = await store.runs({ ids }); next.length > 0; ) {
    runs.push(...next);
    next = await store.runs({ retries: next.map((run) => run.id) });
  }
  return runs;
}

/** For each of these runs the try that speaks for it: the last that succeeded, else the last that nobody cancelled. */
export function newestTries(ids: readonly RunId[], runs: readonly Run[]): Run[] {
  return ids.flatMap((id) => {
    const tries = runs.filter((run) => run.id === id);
    for (let next = tries[0]; next; ) {
      const { id: earlier } = next;
      next = runs.find((run) => run.retries === earlier);
      if (next) tries.push(next);
    }
    const succeeded = tries.findLast((run) => run.state === 'succeeded');
    return succeeded ?? tries.findLast((run) => run.state !== 'cancelled') ?? tries.at(-1) ?? [];
  });
}
