import { formatSize, isHumanError, type Millis, messageOf, type Run, type RunId } from '../domain/index.ts';
import { classOf } from '../scheduler/index.ts';
import type { Lease } from '../store/index.ts';
import type { Shipment, ShipProgress, ShipQuestion, SubmitOutcome, Worker } from '../workers/index.ts';
import type { BoxEntry, Boxes } from './fleet-boxes.ts';
import { backOffMs, ENDS_RUN, gpusOf, STOPS_BOX } from './fleet-rules.ts';
import type { RunKeeper } from './keep-run.ts';
import type { Parts } from './parts.ts';
import { makeShipment, withLineOfLink } from './ship.ts';
import { ShipConsent } from './ship-consent.ts';

/** Runs of one call: enough for one pack to save much, few enough that a cancel is heard in between. */
const TOGETHER = 50;
/** How often a row says how far its data is, and from how much data on. */
const TELL_MS = 1000;
const TELL_BYTES = 1_000_000;
/** How often a run that waits for a person's yes looks for it. */
const ANSWER_MS = 3000;

/** An upload that other work of its box does not wait for. */
interface Beside {
  readonly box: string;
  readonly runs: ReadonlySet<RunId>;
  stop(): void;
}

/** `Sending data/train.bin to far: 45 % of 3.2 GB, 11 MB/s.` */
export function describeProgress({ what, sentBytes, totalBytes, bytesPerSecond }: ShipProgress, box: string): string {
  const share = totalBytes === 0 ? 100 : Math.floor((100 * sentBytes) / totalBytes);
  const rate = bytesPerSecond === undefined ? '' : `, ${formatSize(bytesPerSecond)}/s`;
  return `Sending ${what === 'code' ? 'the code' : what} to ${box}: ${share} % of ${formatSize(totalBytes)}${rate}.`;
}

/** Sends runs to their box, those of one look together: one pack, one start. */
export class Sender {
  readonly #parts: Parts;
  readonly #boxes: Boxes;
  readonly #keeper: RunKeeper;
  readonly #tries = new Map<string, { readonly times: number; readonly next: Millis }>();
  readonly #consent: ShipConsent;
  /** Runs whose inputs are sent beside everything else. */
  readonly #beside = new Set<Beside>();

  constructor(parts: Parts, boxes: Boxes, keeper: RunKeeper) {
    this.#parts = parts;
    this.#boxes = boxes;
    this.#keeper = keeper;
    this.#consent = new ShipConsent(parts, () => this.#tries.clear());
  }

  /**
   * Runs that need inputs go beside the rest: gigabytes may be on their way for an hour, in which the box is asked on for
   * all its runs, and a cancel is heard.
   * @throws what concerns the whole box: `unreachable`, `auth`, `host-key`, `closing`, `lease-lost`
   */
  async send(entry: BoxEntry, worker: Worker, runs: readonly Run[], lease: Lease): Promise<void> {
    const plain: Run[] = [];
    const data: Run[] = [];
    for (const run of runs) {
      if (this.#now() < (this.#tries.get(run.id)?.next ?? 0) || this.#isBeside(run.id)) continue;
      const { inputs } = (await this.#keeper.base(run.base)).environment;
      (inputs.length > 0 ? data : plain).push(run);
    }
    if (data.length > 0) {
      this.#boxes.beside(entry, this.#sendBeside(entry, worker, data.slice(0, TOGETHER), lease));
    }
    for (let at = 0; at < plain.length; at += TOGETHER) {
      await this.#sendTogether(entry, worker, plain.slice(at, at + TOGETHER), lease, this.#boxes.signal);
    }
  }

  async #sendBeside(entry: BoxEntry, worker: Worker, runs: readonly Run[], lease: Lease): Promise<void> {
    const { name } = entry.box;
    const stop = new AbortController();
    const beside: Beside = {
      box: name,
      runs: new Set(runs.map(({ id }) => id)),
      stop: () => stop.abort(new Error('cancelled')),
    };
    this.#beside.add(beside);
    try {
      await this.#sendTogether(entry, worker, runs, lease, AbortSignal.any([this.#boxes.signal, stop.signal]));
    } catch (error) {
      if (stop.signal.aborted || this.#boxes.signal.aborted) return;
      // The next look at the box meets it, too, and says so in the rows.
      this.#parts.log('warn', `inputs for ${name}: ${messageOf(error)}`);
      for (const { id } of runs) this.#delay(id);
    } finally {
      this.#beside.delete(beside);
    }
  }

  async #sendTogether(
    entry: BoxEntry,
    worker: Worker,
    runs: readonly Run[],
    lease: Lease,
    signal: AbortSignal,
  ): Promise<void> {
    const { store } = this.#parts;
    const shipments: Shipment[] = [];
    const classes = new Map<string, string>();
    for (const run of await store.runs({ ids: runs.map(({ id }) => id), states: ['shipping'] })) {
      // Cancelled meanwhile: the box is told so, and says whether it has it from an earlier try.
      if (run.cancelAsked) continue;
      try {
        const base = await this.#keeper.base(run.base);
        if (!run.commit) throw new Error(`Run ${run.id} has no commit.`);
        // What a cluster's run is compared as, its node says when it begins.
        if (entry.box.kind !== 'slurm')
          classes.set(run.id, classOf(entry.report?.hardware ?? 'unknown', gpusOf(run, base)));
        shipments.push(await makeShipment(this.#parts, base, run, entry.report?.clockSkewMs));
      } catch (error) {
        if (this.#isOfBox(error, signal)) throw error;
        await this.#noteTrouble(entry, run.id, error, lease);
      }
    }
    if (shipments.length === 0) return;
    const options = {
      signal,
      progress: this.#teller(entry.box.name, lease),
      mayShip: (question: ShipQuestion) => this.#consent.mayShip(question),
    };
    const results = await worker.submitAll(shipments, options).catch((error: unknown) => {
      // The trouble of the call is that of each run in it, unless it is the box's.
      if (this.#isOfBox(error, signal)) throw error;
      return shipments.map(({ run }) => ({ run, error }));
    });
    for (const result of results) {
      if (!('error' in result)) await this.#noteSent(result.run, result.outcome, classes.get(result.run), lease);
      else if (this.#isOfBox(result.error, signal)) throw result.error;
      else await this.#noteTrouble(entry, result.run, result.error, lease);
    }
  }

  async #noteSent(run: string, outcome: SubmitOutcome, comparisonClass: string | undefined, lease: Lease) {
    const { store } = this.#parts;
    this.#tries.delete(run);
    const seen = comparisonClass === undefined ? {} : { comparisonClass };
    if (outcome === 'started' || outcome === 'already') {
      await store.moveRun(lease, run, 'waiting', { ...seen, unreachableSince: null, reason: null });
    } else {
      await store.patchRun(lease, run, seen);
    }
  }

  #isOfBox(error: unknown, signal: AbortSignal): boolean {
    return signal.aborted || (isHumanError(error) && STOPS_BOX.has(error.code));
  }

  /** One run's own trouble: it says so and is tried again, while the others on the box go on. */
  async #noteTrouble(entry: BoxEntry, id: string, error: unknown, lease: Lease): Promise<void> {
    const { store } = this.#parts;
    const code = isHumanError(error) ? error.code : 'bug';
    if (ENDS_RUN.has(code)) {
      const reason = code === 'link-missing' ? await withLineOfLink(this.#parts, error) : messageOf(error);
      await store.moveRun(lease, id, 'failed', { reason, endedAt: this.#now() });
      return;
    }
    const waits = code === 'ask-inputs';
    if (waits) this.#tries.set(id, { times: 0, next: this.#now() + ANSWER_MS });
    else this.#delay(id);
    if (!waits) this.#parts.log('error', `run ${id} could not be sent to ${entry.box.name}: ${messageOf(error)}`);
    const reason = waits
      ? messageOf(error)
      : `It could not be sent to ${entry.box.name}, and is tried again: ${messageOf(error)}`;
    await store.patchRun(lease, id, { reason });
  }

  #delay(id: RunId): void {
    const times = (this.#tries.get(id)?.times ?? 0) + 1;
    this.#tries.set(id, { times, next: this.#now() + backOffMs(times) });
  }

  /** Rows say how far their data is. */
  #teller(box: string, lease: Lease): (progress: ShipProgress) => void {
    let next = 0;
    return (progress) => {
      if (this.#now() < next || progress.totalBytes < TELL_BYTES) return;
      next = this.#now() + TELL_MS;
      const reason = describeProgress(progress, box);
      // A late word about bytes is no reason to stop sending them.
      void this.#parts.store
        .explainRuns(
          lease,
          progress.runs.map((run) => ({ run, reason })),
        )
        .catch(() => {});
    };
  }

  /** What every run that waits for it was cancelled for is not sent on. */
  stopCancelled(box: string, runs: readonly Run[]): void {
    const wanted = runs.filter((run) => run.state === 'shipping' && !run.cancelAsked);
    for (const beside of this.#beside) {
      if (beside.box === box && !wanted.some((run) => beside.runs.has(run.id))) beside.stop();
    }
  }

  #isBeside(run: RunId): boolean {
    return [...this.#beside].some((beside) => beside.runs.has(run));
  }

  #now(): Millis {
    return this.#parts.system.clock.now();
  }
}
