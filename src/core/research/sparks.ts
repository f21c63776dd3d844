import type { Run, RunId } from '../domain/index.ts';
import type { Store } from '../store/index.ts';

/** How many values a sparkline shows: more than its pixels would be waste. */
const SPARK = 60;
/** Runs asked for at a time: other questions to the store come in between. */
const BATCH = 100;

/** The thinned objective curves of runs. A curve is read again only after its run told something new. */
export class Sparks {
  readonly #store: Store;
  readonly #known = new Map<RunId, { readonly seen: string; readonly values: readonly number[] }>();
  #metric = '';

  constructor(store: Store) {
    this.#store = store;
  }

  /** The curve of each run that began. */
  async of(runs: readonly Run[], metric: string): Promise<ReadonlyMap<RunId, readonly number[]>> {
    if (metric !== this.#metric) this.#known.clear();
    this.#metric = metric;
    const begun = runs.filter((run) => run.logBytes > 0 || run.lastMetric !== undefined);
    const grown = begun.filter((run) => this.#known.get(run.id)?.seen !== seenOf(run));
    for (let at = 0; at < grown.length; at += BATCH) {
      const batch = grown.slice(at, at + BATCH);
      const found = await this.#store.sparks(
        batch.map((run) => run.id),
        metric,
        SPARK,
      );
      for (const run of batch) this.#known.set(run.id, { seen: seenOf(run), values: found[run.id] ?? [] });
    }
    return new Map(begun.map((run) => [run.id, this.#known.get(run.id)?.values ?? []]));
  }
}

/** Points come from the log, which has a size, or from files, whose newest point is in the row. */
function seenOf({ logBytes, lastMetric, state }: Run): string {
  return JSON.stringify([logBytes, lastMetric, state]);
}
