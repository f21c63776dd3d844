import { type Box, HumanError, isEnd, isHumanError, type Millis, messageOf, type Run } from '../domain/index.ts';
import { type BoxLoad, place, type QueuedRun, whyWaiting } from '../scheduler/index.ts';
import type { Lease } from '../store/index.ts';
import { type BoxReport, createWorker, type Worker } from '../workers/index.ts';
import { RunKeeper } from './keep-run.ts';
import { loadedBoxes, type Parts } from './parts.ts';
import { makeShipment } from './ship.ts';

/** Between two looks at a box that has live runs: a log line is on screen within a second (design §7). */
const POLL_MS = 700;
const LOCAL_POLL_MS = 250;
/** Between two tries of a box that does not answer: doubles from the first to the last, with full jitter. */
const FIRST_BACKOFF_MS = 1000;
const LAST_BACKOFF_MS = 60_000;
/** How long a probe's answer is believed when runs are placed. */
const REPORT_AGE_MS = 10 * 60_000;

interface BoxState {
  box: Box;
  worker: Promise<Worker> | undefined;
  report: BoxReport | undefined;
  busy: boolean;
  nextLook: number;
  failures: number;
  unreachableSince: Millis | undefined;
  /** A problem only a person can mend: the box takes nothing new until *Check Boxes*. */
  problem: string | undefined;
}

/** What the views show of a box. */
export interface BoxCondition {
  readonly box: Box;
  readonly report?: BoxReport;
  readonly unreachableSince?: Millis;
  readonly problem?: string;
}

/** The boxes of one repo: places, ships, watches and cancels runs. Only the driving process calls `tick`. */
export class Fleet {
  readonly #parts: Parts;
  readonly #keeper: RunKeeper;
  readonly #boxes = new Map<string, BoxState>();
  readonly #stop = new AbortController();
  readonly #work = new Set<Promise<void>>();
  readonly #changed: () => void;

  constructor(parts: Parts, changed: () => void) {
    this.#parts = parts;
    this.#changed = changed;
    this.#keeper = new RunKeeper(parts);
  }

  conditions(): readonly BoxCondition[] {
    return [...this.#boxes.values()].map(({ box, report, unreachableSince, problem }) => ({
      box,
      report,
      unreachableSince,
      problem,
    }));
  }

  /** Reads boxes.yaml again; a box whose lines changed gets a new worker. */
  async refresh(): Promise<void> {
    const { boxes } = await loadedBoxes(this.#parts);
    const names = new Set(boxes.map((box) => box.name));
    for (const [name, state] of this.#boxes) {
      const now = boxes.find((box) => box.name === name);
      if (!now || JSON.stringify(now) !== JSON.stringify(state.box)) {
        void state.worker?.then((worker) => worker.dispose()).catch(() => {});
        this.#boxes.delete(name);
      }
    }
    for (const box of boxes.filter((one) => names.has(one.name) && !this.#boxes.has(one.name))) {
      this.#boxes.set(box.name, {
        box,
        worker: undefined,
        report: undefined,
        busy: false,
        nextLook: 0,
        failures: 0,
        unreachableSince: undefined,
        problem: undefined,
      });
    }
  }

  /** @throws HumanError `no-such-box` naming the boxes there are */
  async worker(name: string): Promise<Worker> {
    if (!this.#boxes.has(name)) await this.refresh();
    const state = this.#boxes.get(name);
    if (!state) {
      const names = [...this.#boxes.keys()].join(', ') || 'none';
      throw new HumanError(`There is no box named ${name} in boxes.yaml. The boxes there: ${names}.`, {
        code: 'no-such-box',
      });
    }
    return this.#workerOf(state);
  }

  /** Asks a box how it is; clears what held it back. Never throws for the box's own faults: they are in the report. */
  async check(name: string, signal?: AbortSignal): Promise<BoxReport> {
    const worker = await this.worker(name);
    const state = this.#boxes.get(name);
    const report: BoxReport & { readonly needsPerson?: string } = await worker
      .probe(signal)
      .catch((error: unknown) => this.#faultReport(name, error));
    if (state) {
      state.report = report;
      state.problem = report.needsPerson;
      state.nextLook = 0;
      state.unreachableSince = report.reachable
        ? undefined
        : (state.unreachableSince ?? this.#parts.system.clock.now());
      this.#changed();
    }
    return report;
  }

  /** One step of the loop: cancel what waits here, place, then serve each box that has something to do. */
  async tick(lease: Lease): Promise<readonly Run[]> {
    await this.refresh();
    const { store } = this.#parts;
    const live = (await store.runs()).filter((run) => !isEnd(run.state));
    for (const run of live.filter((one) => one.state === 'queued' && one.cancelAsked)) {
      await store.moveRun(lease, run.id, 'cancelled', {
        reason: 'Cancelled before it was sent to a box.',
        endedAt: this.#now(),
      });
    }
    const queued = live.filter((run) => run.state === 'queued' && !run.cancelAsked);
    await this.#place(lease, queued, live);
    const placed = queued.length > 0 ? (await store.runs()).filter((run) => !isEnd(run.state)) : live;
    for (const state of this.#boxes.values()) {
      const own = placed.filter((run) => run.box === state.box.name && run.state !== 'queued');
      if (own.length > 0 && !state.busy && this.#now() >= state.nextLook) this.#serve(state, own, lease);
    }
    return placed;
  }

  /** Stops looking; resolves when the last answer under way has been written down or given up. */
  async dispose(): Promise<void> {
    this.#stop.abort(new HumanError('Research Copilot is closing.', { code: 'closing' }));
    await Promise.allSettled(this.#work);
    this.#keeper.dispose();
    for (const state of this.#boxes.values()) void state.worker?.then((worker) => worker.dispose()).catch(() => {});
  }

  /** Does something with a box in the background, one thing at a time a box. */
  #occupy(state: BoxState, work: Promise<void>): void {
    state.busy = true;
    const settled = work
      .catch((error: unknown) => this.#parts.log('error', `box ${state.box.name}: ${messageOf(error)}`))
      .finally(() => {
        state.busy = false;
        this.#work.delete(settled);
        this.#changed();
      });
    this.#work.add(settled);
  }

  /** A box that cannot be asked is a report too: that is what *Check Boxes* is for. */
  #faultReport(name: string, error: unknown): BoxReport & { readonly needsPerson?: string } {
    if (!isHumanError(error) || error.code === 'closing') throw error;
    const checkedAt = this.#now();
    const problems = [{ what: error.message, fix: '' }];
    const needsPerson = NEEDS_PERSON.has(error.code) ? error.message : undefined;
    return { box: name, reachable: false, gpus: [], tools: {}, problems, hardware: 'unknown', checkedAt, needsPerson };
  }

  #now(): number {
    return this.#parts.system.clock.now();
  }

  #workerOf(state: BoxState): Promise<Worker> {
    const made =
      state.worker ??
      createWorker(state.box, {
        system: this.#parts.system,
        configFolder: this.#parts.configFolder,
        asker: this.#parts.host.asker,
        sshConfigFile: this.#parts.system.env.RESEARCH_COPILOT_SSH_CONFIG,
      });
    state.worker = made;
    made.catch(() => {
      state.worker = undefined;
    });
    return made;
  }

  async #place(lease: Lease, queued: readonly Run[], live: readonly Run[]): Promise<void> {
    if (queued.length === 0) return;
    const bases = new Map((await this.#parts.store.bases()).map((base) => [base.id, base]));
    const queue: QueuedRun[] = queued.map((run) => ({
      run: run.id,
      wants: run.box,
      gpus: bases.get(run.base)?.environment.resources.gpus ?? 1,
      purpose: run.purpose,
      queuedAt: run.queuedAt,
    }));
    for (const state of this.#boxes.values()) this.#probeIfStale(state);
    const ended = (await this.#parts.store.runs()).filter((run) => isEnd(run.state));
    const loads = [...this.#boxes.values()].map((state) => this.#load(state, live, ended));
    for (const placement of place(queue, loads)) {
      await this.#parts.store.moveRun(lease, placement.run, 'shipping', { box: placement.box });
    }
    const unprobed = [...this.#boxes.values()].some(
      (state) => state.report === undefined && state.problem === undefined,
    );
    if (unprobed) return;
    for (const run of queue) {
      const reason = whyWaiting(run, loads);
      const row = queued.find((one) => one.id === run.run);
      if (row && reason !== row.reason && reason !== undefined)
        await this.#parts.store.patchRun(lease, run.run, { reason });
    }
  }

  #probeIfStale(state: BoxState): void {
    const age = this.#now() - (state.report?.checkedAt ?? 0);
    if (state.busy || this.#now() < state.nextLook || (state.report?.reachable && age < REPORT_AGE_MS)) return;
    if (state.problem !== undefined) return;
    this.#occupy(
      state,
      this.check(state.box.name, this.#stop.signal)
        .then((report) => this.#noteAnswer(state, report.reachable))
        .catch((error: unknown) => this.#noteFault(state, error)),
    );
  }

  #load(state: BoxState, live: readonly Run[], ended: readonly Run[]): BoxLoad {
    const { box, report } = state;
    const seconds = ended
      .filter((run) => run.box === box.name && run.state === 'succeeded')
      .slice(-10)
      .flatMap((run) => (run.startedAt && run.endedAt ? [(run.endedAt - run.startedAt) / 1000] : []))
      .sort((a, b) => a - b);
    return {
      name: box.name,
      takes: report?.reachable === true && state.problem === undefined && state.unreachableSince === undefined,
      slots: (gpus) => slotsOf(box, report, gpus),
      live: live.filter((run) => run.box === box.name && run.state !== 'queued').length,
      secondsPerRun: seconds[Math.floor(seconds.length / 2)],
      awayHours: box.kind === 'slurm' ? 12 : box.away_hours,
      warm: ended.some((run) => run.box === box.name),
    };
  }

  #serve(state: BoxState, runs: readonly Run[], lease: Lease): void {
    this.#occupy(
      state,
      this.#serveBox(state, runs, lease)
        .then(() => this.#noteAnswer(state, true))
        .catch((error: unknown) => this.#noteFault(state, error, runs, lease)),
    );
  }

  async #serveBox(state: BoxState, runs: readonly Run[], lease: Lease): Promise<void> {
    const { signal } = this.#stop;
    const worker = await this.#workerOf(state);
    if (state.report === undefined) await this.check(state.box.name, signal);
    for (const run of runs.filter((one) => one.state === 'shipping')) await this.#ship(state, worker, run, lease);
    for (const run of runs.filter((one) => one.cancelAsked)) await worker.cancel(run.id, signal);
    const sent = runs.map((run) => run.id);
    const reports = await worker.poll(sent, signal);
    for (const report of reports) {
      const run = await this.#parts.store.run(report.run);
      if (!run || isEnd(run.state)) continue;
      const ended = await this.#keeper.apply(worker, run, report, lease, signal);
      if (ended?.state === 'lost') {
        // What is left of its processes still holds a slot: only a sweep frees it.
        await worker.cancel(run.id, signal);
        await this.#retryLost(ended, lease);
      }
    }
  }

  async #ship(state: BoxState, worker: Worker, run: Run, lease: Lease): Promise<void> {
    if (run.cancelAsked) {
      // The box may have it from an earlier try whose answer was lost; its cancel file then decides.
      await worker.cancel(run.id, this.#stop.signal).catch(() => {});
    }
    const base = (await this.#parts.store.bases()).find((one) => one.id === run.base);
    if (!base || !run.commit) throw new Error(`Run ${run.id} has no base or no commit.`);
    const gpus = base.environment.resources.gpus;
    const hardware = state.report?.hardware ?? 'unknown';
    const comparisonClass = gpus > 1 ? `${hardware} ×${gpus}` : hardware;
    try {
      const shipment = await makeShipment(this.#parts, base, run);
      const outcome = await worker.submit(shipment, this.#stop.signal);
      if (outcome === 'started' || outcome === 'already') {
        await this.#parts.store.moveRun(lease, run.id, 'waiting', { comparisonClass, unreachableSince: null });
      } else {
        await this.#parts.store.patchRun(lease, run.id, { comparisonClass });
      }
    } catch (error) {
      if (!isHumanError(error) || !ENDS_RUN.has(error.code)) throw error;
      await this.#parts.store.moveRun(lease, run.id, 'failed', { reason: error.message, endedAt: this.#now() });
    }
  }

  /** A run that its box lost gets one more try, as a new attempt with a new id. */
  async #retryLost(run: Run, lease: Lease): Promise<void> {
    if (run.attempt > 1 || run.cancelAsked) return;
    const { base, candidate, purpose, commit, seed } = run;
    const id = `${run.id}-a${run.attempt + 1}`;
    await this.#parts.store.addRuns(lease, [
      { id, base, candidate, purpose, commit, seed, attempt: run.attempt + 1, retries: run.id },
    ]);
  }

  #noteAnswer(state: BoxState, reachable: boolean): void {
    if (!reachable) {
      this.#backOff(state);
      return;
    }
    state.failures = 0;
    state.unreachableSince = undefined;
    state.nextLook = this.#now() + (state.box.kind === 'local' ? LOCAL_POLL_MS : POLL_MS);
  }

  #backOff(state: BoxState): void {
    state.failures += 1;
    state.unreachableSince ??= this.#now();
    const limit = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (state.failures - 1));
    state.nextLook = this.#now() + limit * (0.5 + 0.5 * this.#parts.system.random.unit());
  }

  async #noteFault(state: BoxState, error: unknown, runs: readonly Run[] = [], lease?: Lease): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#backOff(state);
    this.#parts.log('warn', `box ${state.box.name}: ${messageOf(error)}`);
    if (isHumanError(error) && NEEDS_PERSON.has(error.code)) state.problem = error.message;
    if (!isHumanError(error)) throw error;
    if (error.code === 'lease-lost' || !lease) return;
    for (const run of runs) {
      const reason = error.code === 'unreachable' ? undefined : error.message;
      await this.#parts.store.patchRun(lease, run.id, { unreachableSince: state.unreachableSince ?? null, reason });
    }
  }
}

/** The box said no for good: trying again would say the same. */
const ENDS_RUN = new Set([
  'box-disk-full',
  'box-missing-tool',
  'missing-secret',
  'missing-input',
  'not-yet',
  'bad-environment',
]);
/** Only a person can mend it, and asking in the background is forbidden. */
const NEEDS_PERSON = new Set(['host-key', 'auth']);

/** How many runs with so many GPUs a box can run at the same time. */
function slotsOf(box: Box, report: BoxReport | undefined, gpus: number): number {
  if (box.kind === 'slurm') return box.max_jobs;
  if (gpus === 0) return box.kind === 'local' ? box.slots : box.cpu_slots;
  const known = report?.gpus ?? [];
  const allowed = box.gpus;
  const usable = Array.isArray(allowed)
    ? known.filter((gpu) => allowed.includes(gpu.index))
    : allowed === 'all'
      ? known
      : [];
  return Math.floor(usable.length / gpus);
}
