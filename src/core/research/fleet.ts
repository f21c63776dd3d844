import {
  type Box,
  HumanError,
  isEnd,
  isHumanError,
  type Millis,
  messageOf,
  RUN_STATES,
  type Run,
} from '../domain/index.ts';
import { type BoxLoad, place, type QueuedRun, whyWaiting } from '../scheduler/index.ts';
import type { Lease } from '../store/index.ts';
import { type BoxReport, createWorker, type RunReport, Typed, type Worker } from '../workers/index.ts';
import { backOffMs, ENDS_RUN, isFoundLater, NEEDS_PERSON, STOPS_BOX, slotsOf } from './fleet-rules.ts';
import { RunKeeper } from './keep-run.ts';
import { LiveLogs } from './live-logs.ts';
import { MayAsk } from './may-ask.ts';
import { loadedBoxes, type Parts } from './parts.ts';
import { makeShipment } from './ship.ts';

/** Between two looks at a box that has live runs: a log line is on screen within a second (design §7). */
const POLL_MS = 700;
const LOCAL_POLL_MS = 250;
/** How long a probe's answer is believed when runs are placed. */
const REPORT_AGE_MS = 10 * 60_000;
/** Between two tries of a box that only a person can mend: seldom enough for a host that bans who fails to log in. */
const PERSON_MS = 5 * 60_000;
/** An exit may reach a box's disk late (NFS, a cluster): a lost run is asked for again so often, and for so long. */
const LOST_LOOK_MS = 15_000;
const LOST_FOR_MS = 60 * 60_000;
/** The ends that tell how long a run takes on a box, and which boxes have the code. */
const LATELY = 500;
const LIVE = RUN_STATES.filter((state) => !isEnd(state));
const ENDS = RUN_STATES.filter(isEnd);

interface BoxState {
  box: Box;
  worker: Promise<Worker> | undefined;
  report: BoxReport | undefined;
  busy: boolean;
  nextLook: number;
  failures: number;
  unreachableSince: Millis | undefined;
  /** A problem only a person can mend: the box takes nothing new until it answered, or *Check Boxes*. */
  problem: string | undefined;
  readonly mayAsk: MayAsk;
  /** Lost runs to ask for again. */
  again: readonly Run[];
  /** The same box before its lines changed: what it is in the middle of comes first. */
  before: BoxState | undefined;
}

/** What the views show of a box. */
export interface BoxCondition {
  readonly box: Box;
  readonly checking: boolean;
  readonly report?: BoxReport;
  readonly unreachableSince?: Millis;
  readonly problem?: string;
}

/** The boxes of one repo: places, ships, watches and cancels runs. Only the driving process calls `tick`. */
export class Fleet {
  readonly #parts: Parts;
  readonly #keeper: RunKeeper;
  /** The logs of runs on screen. */
  readonly live: LiveLogs;
  readonly #boxes = new Map<string, BoxState>();
  readonly #stop = new AbortController();
  readonly #typed = new Typed();
  readonly #work = new Set<Promise<void>>();
  readonly #changed: () => void;
  readonly #shipTries = new Map<string, { readonly times: number; readonly next: Millis }>();
  /** The runs that ended last, oldest first; read again after an end. */
  #ended: readonly Run[] | undefined;
  #generation = 0;
  #lostLook = 0;
  /** Why boxes.yaml cannot be read; the boxes are then those it named before. */
  #unreadable: string | undefined;

  constructor(parts: Parts, changed: () => void) {
    this.#parts = parts;
    this.#changed = changed;
    this.#keeper = new RunKeeper(parts);
    this.live = new LiveLogs(parts, this.#keeper);
  }

  conditions(): readonly BoxCondition[] {
    return [...this.#boxes.values()].map(({ box, report, unreachableSince, problem, mayAsk }) => ({
      box,
      checking: mayAsk.checking,
      report,
      unreachableSince,
      problem,
    }));
  }

  /** Reads boxes.yaml again; a box whose lines changed gets a new worker. A slip in the file takes no box away. */
  async refresh(): Promise<void> {
    const { boxes, problems } = await loadedBoxes(this.#parts);
    this.#unreadable = problems[0] && `boxes.yaml:${problems[0].line}: ${problems[0].message}`;
    if (problems.length > 0) return;
    const before = new Map(this.#boxes);
    for (const [name, state] of before) {
      const now = boxes.find((box) => box.name === name);
      if (now && JSON.stringify(now) === JSON.stringify(state.box)) continue;
      void state.worker?.then((worker) => worker.dispose()).catch(() => {});
      this.#boxes.delete(name);
    }
    for (const box of boxes.filter((one) => !this.#boxes.has(one.name))) {
      this.#boxes.set(box.name, {
        box,
        worker: undefined,
        report: undefined,
        busy: false,
        nextLook: 0,
        failures: 0,
        unreachableSince: undefined,
        problem: undefined,
        mayAsk: new MayAsk(this.#parts.system.clock),
        again: [],
        before: before.get(box.name),
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

  /**
   * Asks a box how it is, for a person who waits; clears what held it back. Never throws for the box's own faults:
   * they are in the report.
   */
  async check(name: string, signal?: AbortSignal): Promise<BoxReport> {
    await this.worker(name);
    const state = this.#boxes.get(name);
    if (!state) throw new HumanError(`The box ${name} was removed from boxes.yaml meanwhile.`, { code: 'no-such-box' });
    const report = state.mayAsk.whileChecking(() => this.#probe(state, signal));
    this.#changed();
    return report.finally(() => this.#changed());
  }

  /** A person just asked for runs, on one box or on any: one not reached yet may ask them for a key or a password. */
  async expectPerson(name?: string): Promise<void> {
    await this.refresh();
    for (const state of this.#boxes.values()) {
      if (name !== undefined && name !== state.box.name) continue;
      if (state.mayAsk.expect() && state.problem !== undefined) state.nextLook = 0;
    }
  }

  async #probe(state: BoxState, signal?: AbortSignal): Promise<BoxReport> {
    const report: BoxReport & { readonly needsPerson?: string } = await this.#workerOf(state)
      .then((worker) => worker.probe(signal))
      .catch((error: unknown) => this.#faultReport(state.box.name, error));
    state.report = report;
    state.problem = report.needsPerson;
    state.nextLook = 0;
    state.mayAsk.settle(report.reachable);
    if (report.reachable) state.failures = 0;
    state.unreachableSince = report.reachable ? undefined : (state.unreachableSince ?? this.#now());
    this.#changed();
    return report;
  }

  /** One step of the loop: cancel what waits here, place, then serve each box that has something to do. */
  async tick(lease: Lease): Promise<readonly Run[]> {
    await this.refresh();
    const { store } = this.#parts;
    if (lease.generation !== this.#generation && this.#work.size === 0) {
      this.#generation = lease.generation;
      this.live.drop();
      this.#keeper.dispose();
      this.#ended = undefined;
    }
    const live = await store.runs({ states: LIVE });
    for (const run of live.filter((one) => one.state === 'queued' && one.cancelAsked)) {
      await store.moveRun(lease, run.id, 'cancelled', {
        reason: 'Cancelled before it was sent to a box.',
        endedAt: this.#now(),
      });
    }
    const queued = live.filter((run) => run.state === 'queued' && !run.cancelAsked);
    await this.#place(lease, queued, live);
    const placed = queued.length > 0 ? await store.runs({ states: LIVE }) : live;
    await this.#explainLeftBehind(lease, placed);
    await this.#askForLost();
    for (const state of this.#boxes.values()) {
      const own = placed.filter((run) => run.box === state.box.name && run.state !== 'queued');
      const idle = !state.busy && state.before?.busy !== true;
      if (own.length + state.again.length > 0 && idle && this.#now() >= state.nextLook) this.#serve(state, own, lease);
    }
    return placed;
  }

  /** Runs on a box that boxes.yaml no longer names: nobody can ask for them, so their rows say why they stand still. */
  async #explainLeftBehind(lease: Lease, live: readonly Run[]): Promise<void> {
    for (const run of live) {
      if (run.state === 'queued' || run.box === undefined || this.#boxes.has(run.box)) continue;
      const gone = `There is no box named ${run.box} in boxes.yaml any more.`;
      if (run.cancelAsked && this.#unreadable === undefined) {
        const reason = `Given up. ${gone} What it began there may still run.`;
        await this.#parts.store.moveRun(lease, run.id, 'cancelled', { reason, endedAt: this.#now() });
        continue;
      }
      const reason =
        this.#unreadable === undefined
          ? `${gone} Put it back to follow this run, or cancel the run to give it up.`
          : `${this.#unreadable}. Mend it, and this run is followed again.`;
      await this.#parts.store.patchRun(lease, run.id, { reason });
    }
  }

  async #askForLost(): Promise<void> {
    const now = this.#now();
    if (now < this.#lostLook) return;
    this.#lostLook = now + LOST_LOOK_MS;
    const lost = await this.#parts.store.runs({ states: ['lost'], newest: 50 });
    const late = lost.filter((run) => now - (run.endedAt ?? 0) < LOST_FOR_MS);
    for (const state of this.#boxes.values()) state.again = late.filter((run) => run.box === state.box.name);
  }

  /** Stops looking; resolves when the last answer under way has been written down or given up. */
  async dispose(): Promise<void> {
    this.#stop.abort(new HumanError('Research Copilot is closing.', { code: 'closing' }));
    await Promise.allSettled(this.#work);
    await this.live.dispose();
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
        asker: state.mayAsk.asker(this.#parts.host.asker),
        typed: this.#typed,
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
    const queue: QueuedRun[] = [];
    for (const run of queued) {
      const { gpus } = (await this.#keeper.base(run.base)).environment.resources;
      queue.push({ run: run.id, wants: run.box, gpus, purpose: run.purpose, queuedAt: run.queuedAt });
    }
    for (const state of this.#boxes.values()) this.#probeIfStale(state);
    this.#ended ??= await this.#parts.store.runs({ states: ENDS, newest: LATELY });
    const ended = this.#ended;
    const loads = [...this.#boxes.values()].map((state) => this.#load(state, live, ended));
    for (const placement of place(queue, loads)) {
      await this.#parts.store.moveRun(lease, placement.run, 'shipping', { box: placement.box, reason: null });
    }
    const unprobed = [...this.#boxes.values()].some(
      (state) => state.report === undefined && state.problem === undefined,
    );
    if (unprobed) return;
    for (const run of queue) {
      const reason = this.#unreadable === undefined ? whyWaiting(run, loads) : `${this.#unreadable}. Mend it first.`;
      await this.#parts.store.patchRun(lease, run.run, { reason: reason ?? null });
    }
  }

  #probeIfStale(state: BoxState): void {
    const age = this.#now() - (state.report?.checkedAt ?? 0);
    if (state.busy || this.#now() < state.nextLook || (state.report?.reachable && age < REPORT_AGE_MS)) return;
    this.#occupy(
      state,
      this.#probe(state, this.#stop.signal)
        .then((report) => (report.reachable ? this.#noteAnswer(state) : this.#backOff(state, true)))
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
      takes: report?.reachable === true && state.failures === 0 && state.problem === undefined,
      why: state.problem ?? `${box.name} does not answer; it is asked again.`,
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
        .then(() => this.#noteAnswer(state))
        .catch((error: unknown) => this.#noteFault(state, error, runs, lease)),
    );
  }

  async #serveBox(state: BoxState, runs: readonly Run[], lease: Lease): Promise<void> {
    const { signal } = this.#stop;
    const worker = await this.#workerOf(state);
    // What it is made of goes into the comparison class: a guess from before it answered would be a wrong class.
    if (state.report?.reachable !== true) await this.#requireAnswer(state);
    for (const run of runs.filter((one) => one.state === 'shipping')) await this.#ship(state, worker, run.id, lease);
    for (const run of runs.filter((one) => one.cancelAsked)) await worker.cancel(run.id, signal);
    const { again } = state;
    state.again = [];
    const reports = await worker.poll(
      [...runs, ...again].map((run) => run.id),
      signal,
    );
    await this.#keeper.catchUp(worker, reports, lease, signal);
    this.live.look(worker, reports, lease);
    let trouble: unknown;
    for (const report of reports) {
      try {
        await this.#apply(worker, report, lease);
      } catch (error) {
        // One run's trouble keeps no other from its log; a dead link does.
        if (isHumanError(error) && STOPS_BOX.has(error.code)) throw error;
        trouble ??= error;
      }
    }
    if (trouble !== undefined) throw trouble;
  }

  async #requireAnswer(state: BoxState): Promise<void> {
    const report = await this.#probe(state, this.#stop.signal);
    if (report.reachable) return;
    const what = report.problems[0]?.what ?? `${state.box.name} does not answer.`;
    throw new HumanError(what, { code: state.problem === undefined ? 'unreachable' : 'auth' });
  }

  async #apply(worker: Worker, report: RunReport, lease: Lease): Promise<void> {
    const { store } = this.#parts;
    const run = await store.run(report.run);
    if (!run || (isEnd(run.state) && !isFoundLater(run, report))) return;
    const gone = report.state === 'lost' || (report.state === 'absent' && run.state !== 'shipping');
    if (report.state === 'absent' && run.state === 'shipping' && run.cancelAsked) {
      const reason = 'Cancelled before its box had it.';
      await store.moveRun(lease, run.id, 'cancelled', { reason, endedAt: this.#now() });
      return;
    }
    // First the next try, then the end: whoever waits for this number must not find nothing live in between.
    if (gone) await this.#retryLost(run, lease);
    const ended = await this.#keeper.apply(worker, run, report, lease);
    if (ended) this.#ended = undefined;
    // What is left of its processes still holds a slot: only a sweep frees it.
    if (ended?.state === 'lost') await worker.cancel(run.id, this.#stop.signal);
    if (ended && run.state === 'lost') {
      const tries = await store.runs({ retries: [run.id], states: ['queued'] });
      for (const next of tries) await store.askToCancelRun(next.id);
    }
  }

  async #ship(state: BoxState, worker: Worker, id: string, lease: Lease): Promise<void> {
    const { store } = this.#parts;
    const run = await store.run(id);
    const tried = this.#shipTries.get(id);
    // Cancelled meanwhile: the box is told so, and says whether it has it from an earlier try.
    if (run?.state !== 'shipping' || run.cancelAsked || this.#now() < (tried?.next ?? 0)) return;
    try {
      const base = await this.#keeper.base(run.base);
      if (!run.commit) throw new Error(`Run ${id} has no commit.`);
      const gpus = base.environment.resources.gpus;
      const hardware = state.report?.hardware ?? 'unknown';
      const comparisonClass = gpus > 1 ? `${hardware} ×${gpus}` : hardware;
      const shipment = await makeShipment(this.#parts, base, run);
      const outcome = await worker.submit(shipment, this.#stop.signal);
      this.#shipTries.delete(id);
      if (outcome === 'started' || outcome === 'already') {
        await store.moveRun(lease, id, 'waiting', { comparisonClass, unreachableSince: null, reason: null });
      } else {
        await store.patchRun(lease, id, { comparisonClass });
      }
    } catch (error) {
      if (this.#stop.signal.aborted || (isHumanError(error) && STOPS_BOX.has(error.code))) throw error;
      if (isHumanError(error) && ENDS_RUN.has(error.code)) {
        await store.moveRun(lease, id, 'failed', { reason: error.message, endedAt: this.#now() });
        return;
      }
      // This run's own trouble: it says so and is tried again, while the others on the box go on.
      const times = (tried?.times ?? 0) + 1;
      this.#shipTries.set(id, { times, next: this.#now() + backOffMs(times) });
      this.#parts.log('error', `run ${id} could not be sent to ${state.box.name}: ${messageOf(error)}`);
      const reason = `It could not be sent to ${state.box.name}, and is tried again: ${messageOf(error)}`;
      await store.patchRun(lease, id, { reason });
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

  #noteAnswer(state: BoxState): void {
    state.failures = 0;
    state.mayAsk.settle(true);
    state.unreachableSince = undefined;
    state.problem = undefined;
    state.nextLook = this.#now() + (state.box.kind === 'local' ? LOCAL_POLL_MS : POLL_MS);
  }

  #backOff(state: BoxState, unreachable: boolean): void {
    state.failures += 1;
    if (unreachable) state.unreachableSince ??= this.#now();
    const limit = state.problem === undefined ? backOffMs(state.failures) : PERSON_MS;
    state.nextLook = this.#now() + limit * (0.5 + 0.5 * this.#parts.system.random.unit());
  }

  async #noteFault(state: BoxState, error: unknown, runs: readonly Run[] = [], lease?: Lease): Promise<void> {
    // A box whose lines changed in boxes.yaml was cut off by us: its new worker asks for the same runs.
    if (this.#stop.signal.aborted || this.#boxes.get(state.box.name) !== state) return;
    const code = isHumanError(error) ? error.code : 'bug';
    if (code === 'lease-lost') return;
    state.mayAsk.settle(false);
    if (isHumanError(error) && NEEDS_PERSON.has(code)) state.problem = error.message;
    const unreachable = code === 'unreachable' || NEEDS_PERSON.has(code);
    this.#backOff(state, unreachable);
    this.#parts.log(code === 'bug' ? 'error' : 'warn', `box ${state.box.name}: ${messageOf(error)}`);
    if (!lease) return;
    const reason = code === 'unreachable' ? undefined : messageOf(error);
    for (const run of runs) {
      const row = await this.#parts.store.run(run.id);
      if (!row || isEnd(row.state)) continue;
      const since = unreachable ? { unreachableSince: state.unreachableSince ?? null } : {};
      await this.#parts.store.patchRun(lease, run.id, { ...since, reason });
    }
  }
}
