import type { Box } from '../domain/index.ts';
import { isEnd, isHumanError, type Millis, RUN_STATES, type Run } from '../domain/index.ts';
import type { Lease } from '../store/index.ts';
import type { BoxReport, Worker } from '../workers/index.ts';
import { Boxes } from './fleet-boxes.ts';
import { Moves } from './fleet-moves.ts';
import { type BoxClass, Queue } from './fleet-queue.ts';
import { inImage, isAt, runsOwnPython } from './fleet-rules.ts';
import { ordersFor, Service } from './fleet-serve.ts';
import { RunKeeper } from './keep-run.ts';
import { LiveLogs } from './live-logs.ts';
import { type Parts, requireBase } from './parts.ts';

/** An exit may reach a box's disk late (NFS, a cluster): a lost run is asked for again so often, and for so long. */
const LOST_LOOK_MS = 15_000;
const LOST_FOR_MS = 60 * 60_000;
const LIVE = RUN_STATES.filter((state) => !isEnd(state));

/** What the views show of a box. */
export interface BoxCondition {
  readonly box: Box;
  readonly checking: boolean;
  readonly report?: BoxReport;
  readonly unreachableSince?: Millis;
  readonly problem?: string;
}

/**
 * The boxes of one repo. Only the driving process calls `tick`; the parts are the boxes (fleet-boxes), our queue
 * (fleet-queue), what is done with one box at a time (fleet-serve) and how runs change boxes (fleet-moves).
 */
export class Fleet {
  readonly #parts: Parts;
  readonly #boxes: Boxes;
  readonly #keeper: RunKeeper;
  /** The logs of runs on screen. */
  readonly live: LiveLogs;
  readonly #queue: Queue;
  readonly #moves: Moves;
  readonly #service: Service;
  #generation = 0;
  #lostLook = 0;

  /** @param ended called with a run that ended by itself, once that is written down */
  constructor(parts: Parts, changed: () => void, ended: (run: Run) => void = () => {}) {
    this.#parts = parts;
    this.#boxes = new Boxes(parts, changed);
    this.#keeper = new RunKeeper(parts);
    this.live = new LiveLogs(parts, this.#keeper);
    this.#queue = new Queue(parts, this.#boxes, this.#keeper);
    this.#moves = new Moves(parts, this.#boxes);
    const onEnd = (run?: Run) => {
      this.#queue.forget();
      if (run) ended(run);
    };
    this.#service = new Service(parts, this.#boxes, this.#keeper, this.live, this.#moves, onEnd);
  }

  conditions(): readonly BoxCondition[] {
    return this.#boxes.all().map(({ box, report, unreachableSince, problem, mayAsk }) => ({
      box,
      checking: mayAsk.checking,
      report,
      unreachableSince,
      problem,
    }));
  }

  refresh(): Promise<void> {
    return this.#boxes.refresh();
  }

  /** @throws HumanError `no-such-box` naming the boxes there are */
  async worker(name: string): Promise<Worker> {
    return this.#boxes.workerOf(await this.#boxes.require(name));
  }

  /**
   * Which modules the Python of this base's runs cannot find: asked where one of them ran last; before the first one, a
   * box's own Python where that is what runs will have. Undefined where no box answers: nobody is asked for a password
   * for it.
   */
  async missingModules(base: number, modules: readonly string[], signal?: AbortSignal) {
    const ran = await this.#parts.store.runs({ base, states: ['succeeded', 'failed'], newest: 20 });
    const newest = ran.filter((one) => one.box !== undefined).toSorted((a, b) => b.queuedAt - a.queuedAt);
    for (const run of newest.slice(0, 3)) {
      try {
        const missing = await (await this.worker(run.box ?? '')).lacks(run.id, modules, signal);
        if (missing) return missing;
      } catch (error) {
        signal?.throwIfAborted();
        if (!isHumanError(error)) throw error;
      }
    }
    return newest.length > 0 ? undefined : this.#lackedByOwn(base, modules, signal);
  }

  async #lackedByOwn(id: number, modules: readonly string[], signal?: AbortSignal) {
    const { environment } = await requireBase(this.#parts, id);
    if (!runsOwnPython(environment)) return undefined;
    const [best] = await this.classes(environment.resources.gpus);
    const name = best?.boxes[0];
    if (name === undefined || inImage(this.#boxes.get(name)?.report)) return undefined;
    try {
      return await (await this.worker(name)).lacks(undefined, modules, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isHumanError(error)) throw error;
      return undefined;
    }
  }

  /** As `Boxes.check`: asks a box how it is, for a person who waits. */
  check(name: string, signal?: AbortSignal): Promise<BoxReport> {
    return this.#boxes.check(name, signal);
  }

  /** As `Boxes.glance`. */
  glance(): void {
    this.#boxes.glance();
  }

  /** As `Boxes.expectPerson`. */
  expectPerson(name?: string): Promise<void> {
    return this.#boxes.expectPerson(name);
  }

  /** As `Queue.classes`. */
  async classes(gpus: number, names?: readonly string[]): Promise<readonly BoxClass[]> {
    return this.#queue.classes(gpus, await this.#parts.store.schedule(), names);
  }

  /** One step of the loop: cancel what waits here, move, place, then serve each box that has something to do. */
  async tick(lease: Lease): Promise<readonly Run[]> {
    await this.refresh();
    const { store } = this.#parts;
    if (lease.generation !== this.#generation && !this.#boxes.working) {
      this.#generation = lease.generation;
      this.live.drop();
      this.#keeper.dispose();
      this.#queue.forget();
    }
    const live = await store.runs({ states: LIVE });
    for (const run of live.filter((one) => one.state === 'queued' && one.cancelAsked)) {
      await store.moveRun(lease, run.id, 'cancelled', {
        reason: 'Cancelled before it was sent to a box.',
        endedAt: this.#parts.system.clock.now(),
      });
    }
    const schedule = await store.schedule();
    await this.#moves.moveFromSilent(lease, live, schedule);
    await this.#queue.send(lease, live, schedule);
    const placed = live.length > 0 ? await store.runs({ states: LIVE }) : live;
    await this.#moves.explain(lease, placed, schedule);
    await this.#askForLost();
    for (const entry of this.#boxes.all()) {
      const { name } = entry.box;
      const own = placed.filter((run) => run.state !== 'queued' && isAt(run, name, entry.address));
      if (own.length + entry.again.length === 0 || !this.#boxes.isFree(entry)) continue;
      this.#service.begin(entry, own, ordersFor(name, schedule), lease);
    }
    return placed;
  }

  async #askForLost(): Promise<void> {
    const now = this.#parts.system.clock.now();
    if (now < this.#lostLook) return;
    this.#lostLook = now + LOST_LOOK_MS;
    const lost = await this.#parts.store.runs({ states: ['lost'], newest: 50 });
    const late = lost.filter((run) => now - (run.endedAt ?? 0) < LOST_FOR_MS);
    for (const entry of this.#boxes.all()) {
      entry.again = late.filter((run) => isAt(run, entry.box.name, entry.address));
    }
  }

  /** Stops looking; resolves when the last answer under way has been written down or given up. */
  async dispose(): Promise<void> {
    await this.#boxes.settled();
    await this.live.dispose();
    this.#boxes.dispose();
    this.#keeper.dispose();
  }
}
