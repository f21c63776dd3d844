import { createHash } from 'node:crypto';
import { isEnd, RUN_STATES, type Run } from '../domain/index.ts';
import { matcher } from '../environment/index.ts';
import {
  type BoxLoad,
  baselineClasses,
  classOf,
  type Known,
  measure,
  place,
  type QueuedRun,
  whyAllWait,
} from '../scheduler/index.ts';
import type { BoxState, Lease, Schedule } from '../store/index.ts';
import type { BoxEntry, Boxes } from './fleet-boxes.ts';
import { awayHours, gpusOf, isAt, slotsOf, startBefore } from './fleet-rules.ts';
import type { RunKeeper } from './keep-run.ts';
import type { Parts } from './parts.ts';

/** The ends that tell how long a run takes on a box, and which boxes have the code. */
const LATELY = 500;
/** How long boxes that were never asked are waited for, where somebody wants to know what there is to run on. */
const ASK_MS = 15_000;
const ENDS = RUN_STATES.filter(isEnd);
/** States in which a run holds its slot, and its environment is built. */
const AT_WORK: ReadonlySet<string> = new Set(['running', 'finishing']);
const HOLDS_SLOT: ReadonlySet<string> = new Set(['preparing', 'running', 'finishing']);

/** Our queue: sends waiting runs to boxes, and says of the others why they wait. */
export class Queue {
  readonly #parts: Parts;
  readonly #boxes: Boxes;
  readonly #keeper: RunKeeper;
  /** The runs that ended last, oldest first; read again after an end. */
  #ended: readonly Run[] | undefined;
  readonly #setups = new Map<number, string | undefined>();

  constructor(parts: Parts, boxes: Boxes, keeper: RunKeeper) {
    this.#parts = parts;
    this.#boxes = boxes;
    this.#keeper = keeper;
  }

  /** A run ended, or another process drove meanwhile: what was learned of ended runs is read again. */
  forget(): void {
    this.#ended = undefined;
  }

  /** @param live every run that has not ended, in the order in which they were queued */
  async send(lease: Lease, live: readonly Run[], schedule: Schedule): Promise<void> {
    const waiting = live.filter((run) => run.state === 'queued' && !run.cancelAsked);
    if (waiting.length === 0) return;
    if (schedule.paused) return this.#say(lease, waiting, () => 'The queue is paused. Resume Queue sends it.');
    const queue: QueuedRun[] = [];
    for (const run of waiting) queue.push(await this.#queued(run));
    for (const entry of this.#boxes.all()) this.#boxes.probeIfStale(entry);
    const loads = await this.#loads(live, schedule);
    const sent = place(queue, loads, await this.#known(live));
    if (sent.length > 0) await this.#parts.store.placeRuns(lease, this.#placements(sent));
    const unprobed = this.#boxes.all().some((entry) => entry.report === undefined && entry.problem === undefined);
    if (unprobed) return;
    const gone = new Set(sent.map((one) => one.run));
    const why = whyAllWait(queue, loads);
    const unreadable = this.#boxes.unreadable && `${this.#boxes.unreadable}. Mend it first.`;
    const left = waiting.filter((run) => !gone.has(run.id));
    await this.#say(lease, left, (run) => unreadable ?? why.get(run.id));
  }

  #placements(sent: ReturnType<typeof place>) {
    const now = this.#parts.system.clock.now();
    return sent.flatMap(({ run, box: name, wait }) => {
      const entry = this.#boxes.get(name);
      if (!entry) return [];
      return [{ run, box: name, address: entry.address, startBefore: startBefore(entry.box, now, wait) }];
    });
  }

  async #say(lease: Lease, runs: readonly Run[], why: (run: Run) => string | undefined): Promise<void> {
    const reasons = runs
      .map((run) => ({ run: run.id, reason: why(run) ?? null, was: run.reason ?? null }))
      .filter(({ reason, was }) => reason !== was);
    if (reasons.length > 0) {
      await this.#parts.store.explainRuns(
        lease,
        reasons.map(({ run, reason }) => ({ run, reason })),
      );
    }
  }

  async #queued(run: Run): Promise<QueuedRun> {
    const gpus = gpusOf(run, await this.#keeper.base(run.base));
    const { id, base, wantsClass, purpose, queuedAt, priority = 0 } = run;
    return {
      run: id,
      base,
      wants: run.wants,
      wantsClass,
      gpus,
      purpose,
      queuedAt,
      priority,
      setup: await this.#setup(base),
    };
  }

  /**
   * What stands for the environment that a base's runs need on a box: the command, and the files it reads. Of the base,
   * because candidates seldom change those, and one that does costs its box a build and nothing else.
   */
  async #setup(id: number): Promise<string | undefined> {
    if (this.#setups.has(id)) return this.#setups.get(id);
    const { commit, environment } = await this.#keeper.base(id);
    let key: string | undefined;
    if (environment.setup !== undefined) {
      const reads = environment.setup_inputs.map((glob) => matcher([glob]));
      const files = (await this.#parts.repository.files(commit)).filter((file) => reads.some((one) => one(file.path)));
      const text = files.map((file) => `${file.blob} ${file.path}\n`).join('');
      key = createHash('sha256').update(`${environment.setup}\n${text}`).digest('hex');
    }
    this.#setups.set(id, key);
    return key;
  }

  async #lately(): Promise<readonly Run[]> {
    this.#ended ??= await this.#parts.store.runs({ states: ENDS, newest: LATELY });
    return this.#ended;
  }

  async #known(live: readonly Run[]): Promise<Known> {
    const ended = await this.#lately();
    const gpus = new Map<number, number>();
    for (const { base } of [...ended, ...live]) {
      if (!gpus.has(base)) gpus.set(base, (await this.#keeper.base(base)).environment.resources.gpus);
    }
    const classOfBox = (base: number, box: string) => {
      const hardware = this.#boxes.get(box)?.report?.hardware;
      return hardware === undefined ? undefined : classOf(hardware, gpus.get(base) ?? 0);
    };
    return { seconds: measure(ended), baseline: baselineClasses([...ended, ...live], classOfBox) };
  }

  /** How the queue sees each box now. */
  async #loads(live: readonly Run[], schedule: Schedule): Promise<readonly BoxLoad[]> {
    const ended = await this.#lately();
    const seconds = measure(ended);
    const said = new Map(schedule.boxes.map((box) => [box.name, box]));
    const loads: BoxLoad[] = [];
    for (const entry of this.#boxes.all()) {
      const { box, report } = entry;
      const here = (run: Run) => isAt(run, box.name, entry.address);
      const own = live.filter((run) => run.state !== 'queued' && here(run)).sort(byPlaceOnBox);
      const setups = new Set<string>();
      for (const run of [...ended, ...own].filter((one) => here(one) && built(one))) {
        const key = await this.#setup(run.base);
        if (key !== undefined) setups.add(key);
      }
      const onBox = own.map(async (run) => ({
        gpus: gpusOf(run, await this.#keeper.base(run.base)),
        waits: !HOLDS_SLOT.has(run.state),
        seconds: run.comparisonClass === undefined ? undefined : seconds(run.base, run.comparisonClass),
      }));
      loads.push({
        name: box.name,
        ...whetherItTakes(entry, said.get(box.name)),
        ...slotsOf(box, report),
        live: await Promise.all(onBox),
        awayHours: awayHours(box),
        hardware: report?.hardware ?? 'unknown',
        code: own.length > 0 || ended.some(here),
        setups,
      });
    }
    return loads;
  }

  /**
   * The classes that runs of so many GPUs would have on boxes that take runs now, with the boxes and the runs each can
   * have at a time; asks those that were never asked. Boxes that do not answer are left out.
   */
  async classes(gpus: number, schedule: Schedule, names?: readonly string[]): Promise<readonly BoxClass[]> {
    await this.#boxes.refresh();
    const entries = this.#boxes.all().filter(({ box }) => names === undefined || names.includes(box.name));
    const unasked = entries.filter((entry) => entry.report === undefined);
    const asked = unasked.map((entry) => this.#boxes.probe(entry, this.#boxes.signal).catch(() => {}));
    const enough = new AbortController();
    await Promise.race([
      Promise.all(asked),
      this.#parts.system.clock.sleep(ASK_MS, AbortSignal.any([this.#boxes.signal, enough.signal])).catch(() => {}),
    ]);
    enough.abort();
    const said = new Map(schedule.boxes.map((box) => [box.name, box]));
    const classes = new Map<string, { boxes: string[]; atOnce: number }>();
    for (const entry of entries) {
      const slots = slotsOf(entry.box, entry.report);
      const atOnce = slots.maxJobs ?? (gpus > 0 ? Math.floor(slots.gpus / gpus) : slots.cpuSlots);
      if (!whetherItTakes(entry, said.get(entry.box.name)).takes || atOnce === 0) continue;
      const name = classOf(entry.report?.hardware ?? 'unknown', gpus);
      const one = classes.get(name) ?? { boxes: [], atOnce: 0 };
      one.boxes.push(entry.box.name);
      one.atOnce += atOnce;
      classes.set(name, one);
    }
    return [...classes]
      .map(([comparisonClass, one]) => ({ comparisonClass, ...one }))
      .sort((a, b) => b.atOnce - a.atOnce || (a.comparisonClass < b.comparisonClass ? -1 : 1));
  }
}

/** Boxes whose runs may be compared. */
export interface BoxClass {
  readonly comparisonClass: string;
  readonly boxes: readonly string[];
  /** Runs at a time, over all of them. */
  readonly atOnce: number;
}

/** As a box serves them: what holds a slot, what it has queued in the order it said, what is on its way. */
function byPlaceOnBox(a: Run, b: Run): number {
  const place = (run: Run) =>
    HOLDS_SLOT.has(run.state) ? -1 : (run.position ?? (run.state === 'waiting' ? 1e6 : 2e6));
  return place(a) - place(b) || a.queuedAt - b.queuedAt || (a.id < b.id ? -1 : 1);
}

function built(run: Run): boolean {
  return run.state === 'succeeded' || run.state === 'timed-out' || AT_WORK.has(run.state);
}

function whetherItTakes(
  entry: BoxEntry,
  said: BoxState | undefined,
): { readonly takes: boolean; readonly why: string | undefined } {
  const { box, report } = entry;
  if (said?.givenUp) return { takes: false, why: `You gave ${box.name} up. Resume Box takes it back.` };
  if (said?.drained) return { takes: false, why: `${box.name} is drained. Resume Box lets it take runs again.` };
  if (entry.problem !== undefined) return { takes: false, why: entry.problem };
  const answers = report?.reachable === true && entry.failures === 0;
  return { takes: answers, why: answers ? undefined : `${box.name} does not answer; it is asked again.` };
}
