import type { Run, RunId } from '../domain/index.ts';
import type { Store } from '../store/index.ts';

/** How many values a sparkline shows: more than its pixels would be waste. */
const SPARK = 60;
/** Runs asked for at a time: other questions to the store come in between. */
const BATCH = 100;

/** The thinned objective curves of runs. A curve is read again only after its run's log grew. */
export class Sparks {
  readonly #store: Store;
  readonly #known = new Map<RunId, { readonly logBytes: number; readonly values: readonly number[] }>();
  #metric = '';

  constructor(store: Store) {
    this.#store = store;
  }

  /** The curve of each run that has a log. */
  async of(runs: readonly Run[], metric: string): Promise<ReadonlyMap<RunId, readonly number[]>> {
    if (metric !== this.#metric) this.#known.clear();
    this.#metric = metric;
    const withLog = runs.filter((run) => run.logBytes > 0);
    const grown = withLog.filter((run) => this.#known.get(run.id)?.logBytes !== run.logBytes);
    for (let at = 0; at < grown.length; at += BATCH) {
      const batch = grown.slice(at, at + BATCH);
      const found = await this.#store.sparks(
        batch.map((run) => run.id),
        metric,
        SPARK,
      );
      for (const { id, logBytes } of batch) this.#known.set(id, { logBytes, values: found[id] ?? [] });
    }
    return new Map(withLog.map((run) => [run.id, this.#known.get(run.id)?.values ?? []]));
  }
}
