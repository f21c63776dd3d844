import { type Base, isEnd, type MetricPoint, type Run, type RunState } from '../domain/index.ts';
import { metricNames, summariseObjective } from '../metrics/index.ts';
import type { Lease, RunPatch } from '../store/index.ts';
import type { RunReport, Worker } from '../workers/index.ts';
import { LogFollower } from './follow.ts';
import type { Parts } from './parts.ts';

/** Brings one run's row, log and metrics to where its box says it is. */
export class RunKeeper {
  readonly #parts: Parts;
  readonly #followers = new Map<string, LogFollower>();

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
    const base = (await store.bases()).find((one) => one.id === run.base);
    if (!base) throw new Error(`Run ${run.id} has no base.`);
    const follower = this.#follower(run, base);
    const last = await follower.catchUp(worker, lease, report.logBytes, base.environment.objective.metric, signal);
    const seen: RunPatch = {
      unreachableSince: null,
      ...(report.startedAt === undefined ? {} : { startedAt: report.startedAt }),
      ...(last === undefined ? {} : { lastMetric: { name: last.name, value: last.value, step: last.step } }),
    };
    if (!isEnd(report.state)) {
      await store.moveRun(lease, run.id, report.state, seen);
      return undefined;
    }
    await follower.finish(lease);
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

  dispose(): void {
    for (const follower of this.#followers.values()) follower.dispose();
    this.#followers.clear();
  }

  #follower(run: Run, base: Base): LogFollower {
    const known = this.#followers.get(run.id);
    if (known) return known;
    const patterns = base.environment.metrics.filter((source) => typeof source === 'string');
    const follower = new LogFollower(this.#parts, run, patterns);
    this.#followers.set(run.id, follower);
    return follower;
  }

  async #end(run: Run, state: RunState, patch: RunPatch, lease: Lease): Promise<Run> {
    const ended = await this.#parts.store.moveRun(lease, run.id, state, {
      endedAt: this.#parts.system.clock.now(),
      ...patch,
      unreachableSince: null,
    });
    this.#followers.get(run.id)?.dispose();
    this.#followers.delete(run.id);
    return ended;
  }

  async #objectiveOf(run: Run, base: Base, state: RunState): Promise<RunPatch> {
    if (state !== 'succeeded') return {};
    const points: readonly MetricPoint[] = await this.#parts.store.metrics(run.id);
    const { objective, evaluate } = base.environment;
    const value = summariseObjective(objective, points);
    const verified = evaluate !== undefined && value.state === 'ok';
    if (value.state !== 'missing') return { objective: value, verified };
    const names = metricNames(points);
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
