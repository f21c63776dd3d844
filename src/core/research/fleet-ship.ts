import { formatSize, isHumanError, type Millis, messageOf, type Run } from '../domain/index.ts';
import { classOf } from '../scheduler/index.ts';
import type { Lease } from '../store/index.ts';
import type { Shipment, ShipProgress, ShipQuestion, SubmitOutcome, Worker } from '../workers/index.ts';
import type { BoxEntry, Boxes } from './fleet-boxes.ts';
import { backOffMs, ENDS_RUN, STOPS_BOX } from './fleet-rules.ts';
import type { RunKeeper } from './keep-run.ts';
import type { Parts } from './parts.ts';
import { makeShipment } from './ship.ts';

/** Runs of one call: enough for one pack to save much, few enough that a cancel is heard in between. */
const TOGETHER = 50;
/** How often a row says how far its data is. */
const TELL_MS = 1000;

/** Sends runs to their box, those of one look together: one pack, one start. */
export class Sender {
  readonly #parts: Parts;
  readonly #boxes: Boxes;
  readonly #keeper: RunKeeper;
  readonly #tries = new Map<string, { readonly times: number; readonly next: Millis }>();
  /** What a person said to sending much, by box and bytes; undefined while they are asked. */
  readonly #agreed = new Map<string, boolean | undefined>();

  constructor(parts: Parts, boxes: Boxes, keeper: RunKeeper) {
    this.#parts = parts;
    this.#boxes = boxes;
    this.#keeper = keeper;
  }

  /** @throws what concerns the whole box: `unreachable`, `auth`, `host-key`, `closing`, `lease-lost` */
  async send(entry: BoxEntry, worker: Worker, runs: readonly Run[], lease: Lease): Promise<void> {
    const due = runs.filter((run) => this.#now() >= (this.#tries.get(run.id)?.next ?? 0));
    for (let at = 0; at < due.length; at += TOGETHER) {
      await this.#sendTogether(entry, worker, due.slice(at, at + TOGETHER), lease);
    }
  }

  async #sendTogether(entry: BoxEntry, worker: Worker, runs: readonly Run[], lease: Lease): Promise<void> {
    const { store } = this.#parts;
    const shipments: Shipment[] = [];
    const classes = new Map<string, string>();
    for (const run of await store.runs({ ids: runs.map(({ id }) => id), states: ['shipping'] })) {
      // Cancelled meanwhile: the box is told so, and says whether it has it from an earlier try.
      if (run.cancelAsked) continue;
      try {
        const base = await this.#keeper.base(run.base);
        if (!run.commit) throw new Error(`Run ${run.id} has no commit.`);
        classes.set(run.id, classOf(entry.report?.hardware ?? 'unknown', base.environment.resources.gpus));
        shipments.push(await makeShipment(this.#parts, base, run));
      } catch (error) {
        await this.#noteTrouble(entry, run.id, error, lease);
      }
    }
    if (shipments.length === 0) return;
    const options = {
      signal: this.#boxes.signal,
      progress: this.#teller(entry.box.name, lease),
      mayShip: async (question: ShipQuestion) => this.#mayShip(question),
    };
    const results = await worker.submitAll(shipments, options).catch((error: unknown) => {
      // The trouble of the call is that of each run in it, unless it is the box's.
      if (this.#isOfBox(error)) throw error;
      return shipments.map(({ run }) => ({ run, error }));
    });
    for (const result of results) {
      if ('error' in result) await this.#noteTrouble(entry, result.run, result.error, lease);
      else await this.#noteSent(result.run, result.outcome, classes.get(result.run), lease);
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

  #isOfBox(error: unknown): boolean {
    return this.#boxes.signal.aborted || (isHumanError(error) && STOPS_BOX.has(error.code));
  }

  /** One run's own trouble: it says so and is tried again, while the others on the box go on. */
  async #noteTrouble(entry: BoxEntry, id: string, error: unknown, lease: Lease): Promise<void> {
    if (this.#isOfBox(error)) throw error;
    const { store } = this.#parts;
    const code = isHumanError(error) ? error.code : 'bug';
    if (ENDS_RUN.has(code)) {
      await store.moveRun(lease, id, 'failed', { reason: messageOf(error), endedAt: this.#now() });
      return;
    }
    const times = (this.#tries.get(id)?.times ?? 0) + 1;
    this.#tries.set(id, { times, next: this.#now() + backOffMs(times) });
    const waits = code === 'ask-inputs';
    if (!waits) this.#parts.log('error', `run ${id} could not be sent to ${entry.box.name}: ${messageOf(error)}`);
    const reason = waits
      ? messageOf(error)
      : `It could not be sent to ${entry.box.name}, and is tried again: ${messageOf(error)}`;
    await store.patchRun(lease, id, { reason });
  }

  /**
   * Whether so much may leave for a box. The person is asked beside the work, once for these bytes: other runs go on
   * meanwhile, and this one is tried again with their answer.
   */
  #mayShip(question: ShipQuestion): boolean {
    const files = question.inputs.map(({ path, bytes }) => `${path} (${formatSize(bytes)})`);
    const key = JSON.stringify([question.box, question.inputs.map(({ sha256 }) => sha256).sort()]);
    if (this.#agreed.has(key)) return this.#agreed.get(key) === true;
    this.#agreed.set(key, undefined);
    const answer = this.#parts.host.confirm({
      kind: 'ship-inputs',
      message: `Send ${formatSize(question.bytes)} of inputs to ${question.box}?`,
      detail: `${files.join('\n')}\n\nThey are sent once; later runs find them there.`,
      yes: 'Send Them',
    });
    answer.then(
      (yes) => {
        this.#agreed.set(key, yes);
        if (yes) this.#tries.clear();
      },
      (error: unknown) => this.#parts.log('warn', `inputs for ${question.box}: ${messageOf(error)}`),
    );
    return false;
  }

  /** Rows say how far their data is. */
  #teller(box: string, lease: Lease): (progress: ShipProgress) => void {
    let next = 0;
    return ({ what, sentBytes, totalBytes, runs }) => {
      if (this.#now() < next || what === 'code') return;
      next = this.#now() + TELL_MS;
      const share = totalBytes === 0 ? 100 : Math.floor((100 * sentBytes) / totalBytes);
      const reason = `Sending ${what} to ${box}: ${share} % of ${formatSize(totalBytes)}.`;
      // A late word about bytes is no reason to stop sending them.
      void this.#parts.store
        .explainRuns(
          lease,
          runs.map((run) => ({ run, reason })),
        )
        .catch(() => {});
    };
  }

  #now(): Millis {
    return this.#parts.system.clock.now();
  }
}
