import { HumanError, isEnd, isHumanError, type Run } from '../domain/index.ts';
import type { BoxState, Lease, Schedule } from '../store/index.ts';
import type { RunReport, Worker } from '../workers/index.ts';
import type { BoxEntry, Boxes } from './fleet-boxes.ts';
import { droppedWords, type Moves } from './fleet-moves.ts';
import { inOurTime, isFoundLater, STOPS_BOX } from './fleet-rules.ts';
import { Sender } from './fleet-ship.ts';
import type { RunKeeper } from './keep-run.ts';
import type { LiveLogs } from './live-logs.ts';
import type { Parts } from './parts.ts';

/** What a person said that concerns one box. */
export interface Orders {
  readonly paused: boolean;
  readonly drained: boolean;
}

export function ordersFor(box: string, schedule: Schedule): Orders {
  const said: BoxState | undefined = schedule.boxes.find((one) => one.name === box);
  return { paused: schedule.paused, drained: said?.drained === true || said?.givenUp === true };
}

/** One look at one box: sends what is to be sent, stops what is to be stopped, and takes in how its runs stand. */
export class Service {
  readonly #parts: Parts;
  readonly #boxes: Boxes;
  readonly #keeper: RunKeeper;
  readonly #live: LiveLogs;
  readonly #moves: Moves;
  readonly #ended: (run?: Run) => void;
  readonly #sender: Sender;

  /** @param ended called after a run ended: with it where it ended by itself */
  constructor(parts: Parts, boxes: Boxes, keeper: RunKeeper, live: LiveLogs, moves: Moves, ended: (run?: Run) => void) {
    this.#parts = parts;
    this.#boxes = boxes;
    this.#keeper = keeper;
    this.#live = live;
    this.#moves = moves;
    this.#ended = ended;
    this.#sender = new Sender(parts, boxes, keeper);
  }

  /** In the background. */
  begin(entry: BoxEntry, runs: readonly Run[], orders: Orders, lease: Lease): void {
    this.#boxes.occupy(
      entry,
      this.#serve(entry, runs, orders, lease)
        .then(() => this.#boxes.noteAnswer(entry))
        .catch((error: unknown) => this.#noteFault(entry, error, runs, lease)),
    );
  }

  async #serve(entry: BoxEntry, runs: readonly Run[], orders: Orders, lease: Lease): Promise<void> {
    const { signal } = this.#boxes;
    const worker = await this.#boxes.workerOf(entry);
    // What it is made of goes into the comparison class: a guess from before it answered would be a wrong class.
    if (entry.report?.reachable !== true) await this.#requireAnswer(entry);
    const sends = !orders.paused && !orders.drained;
    const shipping = runs.filter((one) => one.state === 'shipping' && !one.cancelAsked);
    this.#sender.stopCancelled(entry.box.name, runs);
    if (sends && shipping.length > 0) await this.#sender.send(entry, worker, shipping, lease);
    for (const run of runs.filter((one) => one.cancelAsked)) await worker.cancel(run.id, signal);
    const { again } = entry;
    entry.again = [];
    const asked = [...runs, ...again].map((run) => run.id);
    const skewMs = entry.report?.clockSkewMs;
    const reports = (await worker.poll(asked, signal)).map((report) => inOurTime(report, skewMs));
    await this.#keeper.catchUp(worker, reports, lease, signal);
    this.#live.look(worker, reports, lease);
    let trouble: unknown;
    for (const report of reports) {
      try {
        await this.#apply(worker, report, lease);
        if (orders.drained) await this.#askBack(worker, report, lease);
      } catch (error) {
        // One run's trouble keeps no other from its log; a dead link does.
        if (isHumanError(error) && STOPS_BOX.has(error.code)) throw error;
        trouble ??= error;
      }
    }
    if (trouble !== undefined) throw trouble;
  }

  async #requireAnswer(entry: BoxEntry): Promise<void> {
    const report = await this.#boxes.probe(entry, this.#boxes.signal);
    if (report.reachable) return;
    const what = report.problems[0]?.what ?? `${entry.box.name} does not answer.`;
    throw new HumanError(what, { code: entry.problem === undefined ? 'unreachable' : 'auth' });
  }

  /**
   * Of a drained box, what waits there by its own word of this moment, or has not come there yet: what it began goes on.
   * Asked with the id, which the box then knows as cancelled: a start still on its way finds it ended.
   */
  async #askBack(worker: Worker, report: RunReport, lease: Lease): Promise<void> {
    if (report.state !== 'waiting' && report.state !== 'absent') return;
    const { store } = this.#parts;
    const run = await store.run(report.run);
    if (!run || run.cancelAsked || (run.state !== 'waiting' && run.state !== 'shipping')) return;
    await store.takeBackRun(lease, run.id);
    await worker.cancel(run.id, this.#boxes.signal);
  }

  async #apply(worker: Worker, report: RunReport, lease: Lease): Promise<void> {
    const { store } = this.#parts;
    const run = await store.run(report.run);
    if (!run || (isEnd(run.state) && !isFoundLater(run, report))) return;
    const gone = report.state === 'lost' || (report.state === 'absent' && run.state !== 'shipping');
    const neverCame = report.state === 'absent' && run.state === 'shipping' && run.cancelAsked;
    const expired = report.cause === 'expired';
    if (neverCame || expired || (report.state === 'cancelled' && run.moving)) {
      await this.#dropped(worker, run, report, expired, lease);
      return;
    }
    // First the next try, then the end: whoever waits for this number must not find nothing live in between.
    if (gone) await this.#moves.retryLost(run, lease);
    const ended = await this.#keeper.apply(worker, run, report, lease);
    if (!ended) return;
    this.#ended(ended);
    // What is left of its processes still holds a slot: only a sweep frees it.
    if (ended.state === 'lost') await worker.cancel(run.id, this.#boxes.signal);
    else if (run.state === 'lost' || run.moving) await this.#moves.dropLaterTries(run);
  }

  /** The box has confirmed that it does not run this: by a move, for want of time, or because a person cancelled it. */
  async #dropped(worker: Worker, run: Run, report: RunReport, expired: boolean, lease: Lease): Promise<void> {
    const moves = run.moving === true || (expired && !run.cancelAsked);
    if (moves) await this.#moves.queueAgain(run, lease);
    const reason = moves
      ? droppedWords(run, expired)
      : report.state === 'absent'
        ? 'Cancelled before its box had it.'
        : 'Cancelled while it waited.';
    const { exitCode } = report;
    if (report.state === 'absent') {
      await this.#parts.store.moveRun(lease, run.id, 'cancelled', { reason, endedAt: this.#parts.system.clock.now() });
    } else {
      const said: RunReport = { ...report, state: 'cancelled', reason, exitCode };
      await this.#keeper.apply(worker, run, said, lease);
    }
    this.#ended();
  }

  async #noteFault(entry: BoxEntry, error: unknown, runs: readonly Run[], lease: Lease): Promise<void> {
    const fault = this.#boxes.noteFault(entry, error);
    if (!fault) return;
    for (const { id } of runs) {
      const row = await this.#parts.store.run(id);
      if (!row || isEnd(row.state)) continue;
      const since = fault.unreachable ? { unreachableSince: entry.unreachableSince ?? null } : {};
      // What a moved run says is where it went.
      const reason = row.moving ? undefined : fault.reason;
      await this.#parts.store.patchRun(lease, id, { ...since, reason });
    }
  }
}
