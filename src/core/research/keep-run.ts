import { type Base, isEnd, type MetricPoint, type Run, type RunState } from '../domain/index.ts';
import { metricNames, summariseObjective } from '../metrics/index.ts';
import type { Lease, RunPatch } from '../store/index.ts';
import type { RunReport, Worker } from '../workers/index.ts';
import { LogFollower } from './follow.ts';
import { type Parts, requireBase } from './parts.ts';

/** Brings one run's row, log and metrics to where its box says it is. */
export class RunKeeper {
  readonly #parts: Parts;
  readonly #followers = new Map<string, LogFollower>();
  readonly #bases = new Map<number, Base>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Applies one report. Gives the run when this report ended it: only after its last log byte is here. */
  async apply(
    worker: Worker,
    run: Run,
    report: RunReport,
    lease: Lease,
    signal: AbortSignal,
  ): Promise<Run | undefined> {
    const { store } = this.#parts;
    if (report.state === 'absent') {
      // A run that is still being shipped is not on the box yet; any other was there and is gone.
      if (run.state === 'shipping') return undefined;
      return this.#end(run, 'lost', { reason: `The run's folder is gone from ${worker.box.name}.` }, lease);
    }
    const base = await this.base(run.base);
    const follower = this.#follower(run, base);
    const last = await this.#careful(run, () =>
      follower.catchUp(worker, lease, report.logBytes, base.environment.objective.metric, signal),
    );
    const seen: RunPatch = {
      // The box has spoken: why it was waited for is over.
      unreachableSince: null,
      reason: null,
      ...(report.startedAt === undefined ? {} : { startedAt: report.startedAt }),
      ...(last === undefined ? {} : { lastMetric: { name: last.name, value: last.value, step: last.step } }),
    };
    if (!isEnd(report.state)) {
      await store.moveRun(lease, run.id, report.state, seen);
      return undefined;
    }
    await this.#careful(run, () => follower.finish(lease));
    const details = withDiagnostics(await this.#objectiveOf(run, base, report.state), follower.diagnostics);
    const end: RunPatch = {
      ...seen,
      ...(report.exitCode === undefined ? {} : { exitCode: report.exitCode }),
      ...details,
      ...(report.reason === undefined || details.reason !== undefined ? {} : { reason: report.reason }),
      endedAt: report.endedAt ?? this.#parts.system.clock.now(),
    };
    return this.#end(run, report.state, end, lease);
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
  }

  #follower(run: Run, base: Base): LogFollower {
    const known = this.#followers.get(run.id);
    // Behind or ahead of the row: another process moved it. Going on from there would refuse every byte for ever.
    if (known?.offset === run.logBytes) return known;
    this.#drop(run);
    const patterns = base.environment.metrics.filter((source) => typeof source === 'string');
    const follower = new LogFollower(this.#parts, run, patterns);
    this.#followers.set(run.id, follower);
    return follower;
  }

  /** Bytes that were read but not stored have left half a line in the reader: the next try begins with a new one. */
  async #careful<T>(run: Run, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#drop(run);
      throw error;
    }
  }

  #drop(run: Run): void {
    this.#followers.get(run.id)?.dispose();
    this.#followers.delete(run.id);
  }

  async #end(run: Run, state: RunState, patch: RunPatch, lease: Lease): Promise<Run> {
    const ended = await this.#parts.store.moveRun(lease, run.id, state, {
      endedAt: this.#parts.system.clock.now(),
      ...patch,
      unreachableSince: null,
    });
    this.#drop(run);
    return ended;
  }

  async #objectiveOf(run: Run, base: Base, state: RunState): Promise<RunPatch> {
    if (state !== 'succeeded') return {};
    const { store } = this.#parts;
    const { objective, evaluate } = base.environment;
    const axis = typeof objective.summary === 'object' ? [objective.summary.axis] : [];
    const points: readonly MetricPoint[] = await store.metrics(run.id, { names: [objective.metric, ...axis] });
    const value = summariseObjective(objective, points);
    const verified = evaluate !== undefined && value.state === 'ok';
    if (value.state !== 'missing') return { objective: value, verified };
    const names = metricNames(await store.metrics(run.id));
    const seen = names.length === 0 ? 'No metric at all was found in its log' : `Found instead: ${names.join(', ')}`;
    const reason =
      `The run never printed ${objective.metric} (objective.metric in research.yaml). ${seen}. ` +
      'Name one of these, or add a pattern under metrics.';
    return { objective: value, verified, reason };
  }
}

/** A pattern that was switched off may be why a number is missing: the row says so. */
function withDiagnostics(patch: RunPatch, diagnostics: readonly string[]): RunPatch {
  if (diagnostics.length === 0) return patch;
  return { ...patch, reason: [patch.reason, ...diagnostics].filter((text) => text !== undefined).join(' ') };
}
