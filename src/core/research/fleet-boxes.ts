import { type Box, HumanError, isHumanError, type Millis, messageOf, type Run } from '../domain/index.ts';
import { type BoxReport, createWorker, Typed, type Worker } from '../workers/index.ts';
import { addressOf, backOffMs, NEEDS_PERSON } from './fleet-rules.ts';
import { MayAsk } from './may-ask.ts';
import { loadedBoxes, type Parts } from './parts.ts';

/** Between two looks at a box that has live runs: a log line is on screen within a second (design §7). */
const POLL_MS = 700;
const LOCAL_POLL_MS = 250;
/** How long a probe's answer is believed when runs are placed. */
const REPORT_AGE_MS = 10 * 60_000;
/** Between two looks at the GPUs of a box, however many windows and views ask for them. */
const GLANCE_MS = 1000;
/** Between two tries of a box that only a person can mend: seldom enough for a host that bans who fails to log in. */
const PERSON_MS = 5 * 60_000;

/** What this process knows of one box. */
export interface BoxEntry {
  readonly box: Box;
  readonly address: string;
  worker: Promise<Worker> | undefined;
  report: BoxReport | undefined;
  busy: boolean;
  nextLook: Millis;
  failures: number;
  unreachableSince: Millis | undefined;
  /** A problem only a person can mend: the box takes nothing new until it answered, or *Check Boxes*. */
  problem: string | undefined;
  readonly mayAsk: MayAsk;
  /** Its GPUs are looked at just now. */
  glancing: boolean;
  /** Lost runs to ask for again. */
  again: readonly Run[];
  /** The same box before its lines changed: what it is in the middle of comes first. */
  readonly before: BoxEntry | undefined;
}

/** The boxes of boxes.yaml: their workers, how they answered last, and when each is asked next. */
export class Boxes {
  readonly #parts: Parts;
  readonly #changed: () => void;
  readonly #entries = new Map<string, BoxEntry>();
  readonly #stop = new AbortController();
  readonly #typed = new Typed();
  readonly #work = new Set<Promise<void>>();
  /** Why boxes.yaml cannot be read; the boxes are then those it named before. */
  #unreadable: string | undefined;

  constructor(parts: Parts, changed: () => void) {
    this.#parts = parts;
    this.#changed = changed;
  }

  /** Aborts when the fleet is closed. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get unreadable(): string | undefined {
    return this.#unreadable;
  }

  /** Whether something is done with a box just now. */
  get working(): boolean {
    return this.#work.size > 0;
  }

  all(): readonly BoxEntry[] {
    return [...this.#entries.values()];
  }

  get(name: string): BoxEntry | undefined {
    return this.#entries.get(name);
  }

  /** Reads boxes.yaml again; a box whose lines changed gets a new worker. A slip in the file takes no box away. */
  async refresh(): Promise<void> {
    const { boxes, problems } = await loadedBoxes(this.#parts);
    this.#unreadable = problems[0] && `boxes.yaml:${problems[0].line}: ${problems[0].message}`;
    if (problems.length > 0) return;
    const before = new Map(this.#entries);
    for (const [name, entry] of before) {
      const now = boxes.find((box) => box.name === name);
      if (now && JSON.stringify(now) === JSON.stringify(entry.box)) continue;
      void entry.worker?.then((worker) => worker.dispose()).catch(() => {});
      this.#entries.delete(name);
    }
    for (const box of boxes.filter((one) => !this.#entries.has(one.name))) {
      this.#entries.set(box.name, {
        box,
        address: addressOf(box),
        worker: undefined,
        report: undefined,
        busy: false,
        nextLook: 0,
        failures: 0,
        unreachableSince: undefined,
        problem: undefined,
        mayAsk: new MayAsk(this.#parts.system.clock),
        glancing: false,
        again: [],
        before: before.get(box.name),
      });
    }
  }

  /** @throws HumanError `no-such-box` naming the boxes there are */
  async require(name: string): Promise<BoxEntry> {
    if (!this.#entries.has(name)) await this.refresh();
    const entry = this.#entries.get(name);
    if (entry) return entry;
    const names = [...this.#entries.keys()].join(', ') || 'none';
    throw new HumanError(`There is no box named ${name} in boxes.yaml. The boxes there: ${names}.`, {
      code: 'no-such-box',
    });
  }

  workerOf(entry: BoxEntry): Promise<Worker> {
    const made =
      entry.worker ??
      createWorker(entry.box, {
        system: this.#parts.system,
        configFolder: this.#parts.configFolder,
        asker: entry.mayAsk.asker(this.#parts.host.asker),
        typed: this.#typed,
        sshConfigFile: this.#parts.system.env.RESEARCH_COPILOT_SSH_CONFIG,
      });
    entry.worker = made;
    made.catch(() => {
      entry.worker = undefined;
    });
    return made;
  }

  /**
   * Asks a box how it is, for a person who waits; clears what held it back. Never throws for the box's own faults:
   * they are in the report.
   */
  async check(name: string, signal?: AbortSignal): Promise<BoxReport> {
    const entry = await this.require(name);
    const report = entry.mayAsk.whileChecking(() => this.probe(entry, signal));
    this.#changed();
    return report.finally(() => this.#changed());
  }

  /** A person just asked for runs, on one box or on any: one not reached yet may ask them for a key or a password. */
  async expectPerson(name?: string): Promise<void> {
    await this.refresh();
    for (const entry of this.all()) {
      if (name !== undefined && name !== entry.box.name) continue;
      if (entry.mayAsk.expect() && entry.problem !== undefined) entry.nextLook = 0;
    }
  }

  async probe(entry: BoxEntry, signal?: AbortSignal): Promise<BoxReport> {
    const report: BoxReport & { readonly needsPerson?: string } = await this.workerOf(entry)
      .then((worker) => worker.probe(signal))
      .catch((error: unknown) => this.#faultReport(entry.box.name, error));
    entry.report = report;
    entry.problem = report.needsPerson;
    entry.nextLook = 0;
    entry.mayAsk.settle(report.reachable);
    if (report.reachable) entry.failures = 0;
    entry.unreachableSince = report.reachable ? undefined : (entry.unreachableSince ?? this.#now());
    this.#changed();
    return report;
  }

  /** A box that cannot be asked is a report too: that is what *Check Boxes* is for. */
  #faultReport(name: string, error: unknown): BoxReport & { readonly needsPerson?: string } {
    if (!isHumanError(error) || error.code === 'closing') throw error;
    const checkedAt = this.#now();
    const problems = [{ what: error.message, fix: '' }];
    const needsPerson = NEEDS_PERSON.has(error.code) ? error.message : undefined;
    return { box: name, reachable: false, gpus: [], tools: {}, problems, hardware: 'unknown', checkedAt, needsPerson };
  }

  /** Asks a box that was not asked for long, in the background. */
  probeIfStale(entry: BoxEntry): void {
    const age = this.#now() - (entry.report?.checkedAt ?? 0);
    if (entry.busy || this.#now() < entry.nextLook || (entry.report?.reachable && age < REPORT_AGE_MS)) return;
    this.occupy(
      entry,
      this.probe(entry, this.signal)
        .then((report) => (report.reachable ? this.noteAnswer(entry) : this.#backOff(entry, true)))
        .catch((error: unknown) => {
          this.noteFault(entry, error);
        }),
    );
  }

  /** Looks at the GPUs and disks of the boxes that answered lately, in the background, for a person who looks at them. */
  glance(): void {
    const now = this.#now();
    for (const entry of this.all()) {
      const { box, report } = entry;
      if (box.kind === 'slurm' || report?.reachable !== true || entry.unreachableSince !== undefined) continue;
      if (entry.mayAsk.checking || entry.glancing || now - (report.seenAt ?? report.checkedAt) < GLANCE_MS) continue;
      entry.glancing = true;
      const look = this.workerOf(entry)
        .then((worker) => worker.probe(this.signal, report))
        .then((seen) => {
          if (entry.report === report) entry.report = seen;
        })
        .catch((error: unknown) => {
          this.noteFault(entry, error);
        })
        .finally(() => {
          entry.glancing = false;
        });
      this.beside(entry, look);
    }
  }

  /** Whether a box may be asked now: it is due, and nothing else is done with it. */
  isFree(entry: BoxEntry): boolean {
    return !entry.busy && entry.before?.busy !== true && this.#now() >= entry.nextLook;
  }

  /** Does something with a box in the background, one thing at a time a box. */
  occupy(entry: BoxEntry, work: Promise<void>): void {
    entry.busy = true;
    this.#track(entry, work, () => {
      entry.busy = false;
    });
  }

  /** Does something for a box in the background, beside what else is done with it. */
  beside(entry: BoxEntry, work: Promise<void>): void {
    this.#track(entry, work, () => {});
  }

  #track(entry: BoxEntry, work: Promise<void>, after: () => void): void {
    const settled = work
      .catch((error: unknown) => this.#parts.log('error', `box ${entry.box.name}: ${messageOf(error)}`))
      .finally(() => {
        after();
        this.#work.delete(settled);
        this.#changed();
      });
    this.#work.add(settled);
  }

  noteAnswer(entry: BoxEntry): void {
    entry.failures = 0;
    entry.mayAsk.settle(true);
    entry.unreachableSince = undefined;
    entry.problem = undefined;
    entry.nextLook = this.#now() + (entry.box.kind === 'local' ? LOCAL_POLL_MS : POLL_MS);
  }

  /** Notes why a box could not be asked. Gives what its runs' rows should say; undefined where it is not their matter. */
  noteFault(
    entry: BoxEntry,
    error: unknown,
  ): { readonly unreachable: boolean; readonly reason: string | undefined } | undefined {
    // A box whose lines changed in boxes.yaml was cut off by us: its new worker asks for the same runs.
    if (this.signal.aborted || this.#entries.get(entry.box.name) !== entry) return undefined;
    const code = isHumanError(error) ? error.code : 'bug';
    if (code === 'lease-lost') return undefined;
    entry.mayAsk.settle(false);
    if (NEEDS_PERSON.has(code)) entry.problem = messageOf(error);
    const unreachable = code === 'unreachable' || NEEDS_PERSON.has(code);
    this.#backOff(entry, unreachable);
    this.#parts.log(code === 'bug' ? 'error' : 'warn', `box ${entry.box.name}: ${messageOf(error)}`);
    return { unreachable, reason: code === 'unreachable' ? undefined : messageOf(error) };
  }

  #backOff(entry: BoxEntry, unreachable: boolean): void {
    entry.failures += 1;
    if (unreachable) entry.unreachableSince ??= this.#now();
    const limit = entry.problem === undefined ? backOffMs(entry.failures) : PERSON_MS;
    entry.nextLook = this.#now() + limit * (0.5 + 0.5 * this.#parts.system.random.unit());
  }

  /** Stops looking; resolves when what is under way has been written down or given up. */
  async settled(): Promise<void> {
    this.#stop.abort(new HumanError('Research Copilot is closing.', { code: 'closing' }));
    await Promise.allSettled(this.#work);
  }

  dispose(): void {
    for (const entry of this.all()) void entry.worker?.then((worker) => worker.dispose()).catch(() => {});
  }

  #now(): Millis {
    return this.#parts.system.clock.now();
  }
}
