import { type Base, isEnd, type Run, type RunId } from '../domain/index.ts';
import { classOf } from '../scheduler/index.ts';
import { lastWords } from '../search/index.ts';
import type { Lease, RunPatch } from '../store/index.ts';
import type { RunReport, Worker } from '../workers/index.ts';
import { gpusOf } from './fleet-rules.ts';
import { type Job, RunFollower } from './follow-run.ts';
import { describeMissing } from './left-out.ts';
import { logTail } from './log-tail.ts';
import { objectiveOf } from './objective-of.ts';
import { type Parts, requireBase } from './parts.ts';

/** Bytes of one answer that brings pieces of many runs, and pieces in it. */
const ANSWER_BYTES = 2 * 1024 * 1024;
const ANSWER_PIECES = 128;
/** Characters of a log's end in which the error is looked for. */
const TAIL = 4000;
/** Ends of a run at which a command of its own failed, and may have said why. */
const FAILED_COMMAND: ReadonlySet<string> = new Set(['exited', 'evaluate-failed', 'command-not-found']);
/** A run with much to read must not keep the others of its box from their next poll for longer. */
const CATCH_UP_MS = 1500;

/** Brings the rows, logs and metrics of runs to where their boxes say they are. */
export class RunKeeper {
  readonly #parts: Parts;
  readonly #followers = new Map<RunId, RunFollower>();
  readonly #bases = new Map<number, Base>();
  /** What went wrong with a run since its last report was applied. */
  readonly #trouble = new Map<RunId, unknown>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Reads what is new of all runs that a poll told of, many in one answer, for a while. Trouble of one run waits for
   * its `apply`; a link that dies is thrown.
   */
  async catchUp(worker: Worker, reports: readonly RunReport[], lease: Lease, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.system;
    const until = clock.monotonic() + CATCH_UP_MS;
    const there = reports.filter((report) => report.state !== 'absent');
    const rows = new Map<RunId, Run>();
    for (const run of await this.#parts.store.runs({ ids: there.map((report) => report.run) })) rows.set(run.id, run);
    for (let turn = 0; clock.monotonic() < until; turn += 1) {
      // Another run comes first each time, should one answer not hold them all.
      const first = there.length === 0 ? 0 : turn % there.length;
      const jobs = await this.#jobs([...there.slice(first), ...there.slice(0, first)], turn === 0 ? rows : undefined);
      if (jobs.length === 0) return;
      const pieces = await worker.readMany(
        jobs.flatMap(({ job }) => job.wants),
        signal,
      );
      let at = 0;
      for (const { run, job } of jobs) {
        const own = pieces.slice(at, at + job.wants.length);
        at += job.wants.length;
        await this.#careful(run, () => job.take(own, lease));
      }
    }
  }

  /** Applies one report. Gives the run when this report ended it: only after its last log byte is here. */
  async apply(worker: Worker, run: Run, report: RunReport, lease: Lease): Promise<Run | undefined> {
    const { store } = this.#parts;
    const trouble = this.#trouble.get(run.id);
    this.#trouble.delete(run.id);
    if (trouble !== undefined) throw trouble;
    if (report.state === 'absent') {
      // A run that is still being shipped is not on the box yet; any other was there and is gone.
      if (run.state === 'shipping') return undefined;
      return this.#end(run, 'lost', { reason: `The run's folder is gone from ${worker.box.name}.` }, lease);
    }
    const base = await this.base(run.base);
    const follower = this.#follower(run, base);
    const { last } = follower;
    const seen: RunPatch = {
      // The box has spoken: why it was waited for is over, unless it names a reason itself.
      unreachableSince: null,
      reason: isEnd(report.state) ? null : (report.reason ?? null),
      position: report.position ?? null,
      ...(report.gpus.length === 0 ? {} : { gpus: report.gpus }),
      // A cluster's nodes differ: what it is compared with is what it really runs on.
      ...(report.hardware === undefined ? {} : { comparisonClass: classOf(report.hardware, gpusOf(run, base)) }),
      ...(report.startedAt === undefined ? {} : { startedAt: report.startedAt }),
      ...(last === undefined ? {} : { lastMetric: { name: last.name, value: last.value, step: last.step } }),
    };
    if (!isEnd(report.state)) {
      await store.moveRun(lease, run.id, report.state, seen);
      return undefined;
    }
    // It ended on its box, and there is more to read of it than one turn takes.
    if (!follower.complete(report)) {
      if (!isEnd(run.state)) await store.moveRun(lease, run.id, 'finishing', seen);
      return undefined;
    }
    await this.#orDrop(run.id, () => follower.finish(lease));
    const result = await objectiveOf(this.#parts, run, base, report, follower.log);
    const details = withDiagnostics(result, follower.diagnostics);
    const commit = run.commit ?? base.commit;
    const missing =
      report.state === 'failed' ? await describeMissing(this.#parts.repository, commit, base.environment) : '';
    const said =
      report.state === 'failed' && report.cause !== undefined && FAILED_COMMAND.has(report.cause)
        ? await this.#lastWords(run, follower)
        : '';
    const reason = [report.reason ?? '', said, missing].filter((text) => text !== '').join(' ');
    const end: RunPatch = {
      ...seen,
      ...(report.exitCode === undefined ? {} : { exitCode: report.exitCode }),
      ...(report.cause === undefined ? {} : { cause: report.cause }),
      ...details,
      ...(reason === '' || details.reason !== undefined ? {} : { reason }),
      endedAt: report.endedAt ?? this.#parts.system.clock.now(),
    };
    return this.#end(run, report.state, end, lease);
  }

  /** What the command of a failed run said last; nothing where that cannot be read: the log itself is there. */
  async #lastWords(run: Run, follower: RunFollower): Promise<string> {
    try {
      return lastWords(await logTail(this.#parts, { ...run, logBytes: follower.log.offset }, TAIL));
    } catch {
      return '';
    }
  }

  /** Takes bytes of a log that came over a channel of its own; false where nobody follows the run by now. */
  async takeLive(run: RunId, at: number, bytes: Buffer, lease: Lease): Promise<boolean> {
    const follower = this.#followers.get(run);
    if (!follower) return false;
    await this.#orDrop(run, () => follower.takeLog(at, bytes, lease));
    return true;
  }

  /** The next byte of a run's log that is wanted; undefined where nobody follows the run yet. */
  offsetOf(run: RunId): number | undefined {
    return this.#followers.get(run)?.log.offset;
  }

  /** A base never changes, and every report asks for one. */
  async base(id: number): Promise<Base> {
    const known = this.#bases.get(id) ?? (await requireBase(this.#parts, id));
    this.#bases.set(id, known);
    return known;
  }

  /** Another process drove meanwhile, or will: what was read so far is in the store, and read again from there. */
  dispose(): void {
    for (const follower of this.#followers.values()) follower.dispose();
    this.#followers.clear();
    this.#trouble.clear();
  }

  /** What is to be read next, as much as one answer holds; each run gets a piece before one gets a second. */
  async #jobs(
    reports: readonly RunReport[],
    rows?: ReadonlyMap<RunId, Run>,
  ): Promise<readonly { readonly run: RunId; readonly job: Job }[]> {
    const jobs: { readonly run: RunId; readonly job: Job }[] = [];
    let bytes = 0;
    let pieces = 0;
    for (const report of reports) {
      if (this.#trouble.has(report.run)) continue;
      const found = await this.#careful(report.run, async () => {
        const row = rows?.get(report.run);
        const follower = row ? await this.#followerOf(report, row) : this.#followers.get(report.run);
        return (await follower?.jobs(report)) ?? [];
      });
      for (const job of found ?? []) {
        const size = job.wants.reduce((sum, want) => sum + want.limit, 0);
        if (jobs.length > 0 && (bytes + size > ANSWER_BYTES || pieces + job.wants.length > ANSWER_PIECES)) return jobs;
        jobs.push({ run: report.run, job });
        bytes += size;
        pieces += job.wants.length;
      }
    }
    return jobs;
  }

  /** The follower of a run that a report tells of; undefined for one that ended here already. */
  async #followerOf(report: RunReport, run: Run): Promise<RunFollower | undefined> {
    if (isEnd(run.state) && (run.state !== 'lost' || report.state === 'lost')) return undefined;
    return this.#follower(run, await this.base(run.base));
  }

  #follower(run: Run, base: Base): RunFollower {
    const known = this.#followers.get(run.id);
    // Behind the row: another process moved it. Going on from there would refuse every byte for ever.
    if (known && known.log.offset >= run.logBytes) return known;
    this.#drop(run.id);
    const { metrics, objective } = base.environment;
    const patterns = metrics.filter((source) => typeof source === 'string');
    const follower = new RunFollower(this.#parts, run, patterns, objective.metric);
    this.#followers.set(run.id, follower);
    return follower;
  }

  /** Keeps trouble of one run until its report is applied; the link's own is thrown. */
  async #careful<T>(run: RunId, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#orDrop(run, work);
    } catch (error) {
      this.#trouble.set(run, error);
      return undefined;
    }
  }

  /** Bytes that were read but not stored have left half a line in the reader: the next try begins with a new one. */
  async #orDrop<T>(run: RunId, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#drop(run);
      throw error;
    }
  }

  #drop(run: RunId): void {
    this.#followers.get(run)?.dispose();
    this.#followers.delete(run);
  }

  async #end(run: Run, state: Run['state'], patch: RunPatch, lease: Lease): Promise<Run> {
    const ended = await this.#parts.store.moveRun(lease, run.id, state, {
      endedAt: this.#parts.system.clock.now(),
      ...patch,
      unreachableSince: null,
    });
    this.#drop(run.id);
    return ended;
  }
}

/** A pattern that was switched off may be why a number is missing: the row says so. */
function withDiagnostics(patch: RunPatch, diagnostics: readonly string[]): RunPatch {
  if (diagnostics.length === 0) return patch;
  return { ...patch, reason: [patch.reason, ...diagnostics].filter((text) => text !== undefined).join(' ') };
}
