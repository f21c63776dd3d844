import type { MetricPoint, Run, RunId } from '../domain/index.ts';
import { createMetricReader, type MetricReader } from '../metrics/index.ts';
import type { Lease } from '../store/index.ts';
import type { Worker } from '../workers/index.ts';
import { logFile, type Parts } from './parts.ts';

/** Bytes asked for at a time: a slow link shows progress, and memory stays small. */
const CHUNK = 256 * 1024;
/** How far back the start of a half line is looked for when another process takes a log over. */
const LOOK_BACK = 64 * 1024;

/**
 * Copies one run's log from its box to this machine, by byte offset, and reads metrics out of it. The bytes are
 * written at their offset before the store moves: a crash in between writes them once more at the same place.
 */
export class LogFollower {
  readonly #parts: Parts;
  readonly #run: RunId;
  readonly #patterns: readonly string[];
  #reader: MetricReader | undefined;
  #offset: number;

  constructor(parts: Parts, run: Run, patterns: readonly string[]) {
    this.#parts = parts;
    this.#run = run.id;
    this.#patterns = patterns;
    this.#offset = run.logBytes;
  }

  /** The next byte that is wanted of the box. */
  get offset(): number {
    return this.#offset;
  }

  get diagnostics(): readonly string[] {
    return this.#reader?.diagnostics ?? [];
  }

  /** Copies up to the box's size of the log. Gives the last point of the objective's metric, if any came. */
  async catchUp(
    worker: Worker,
    lease: Lease,
    boxBytes: number,
    metric: string,
    signal: AbortSignal,
  ): Promise<MetricPoint | undefined> {
    let last: MetricPoint | undefined;
    while (this.#offset < boxBytes) {
      const wanted = Math.min(CHUNK, boxBytes - this.#offset);
      const bytes = await worker.read(this.#run, 'log', this.#offset, wanted, signal);
      if (bytes.length === 0) return last;
      const points = await this.#take(bytes, lease);
      last = points.findLast((point) => point.name === metric) ?? last;
    }
    return last;
  }

  /** Reads the half line that the log may end with. */
  async finish(lease: Lease): Promise<void> {
    const reader = await this.#readerAtOffset();
    const points = await reader.end();
    if (points.length > 0) {
      await this.#parts.store.addMetrics(lease, this.#run, points, this.#offset, this.#offset);
    }
  }

  async #take(bytes: Buffer, lease: Lease): Promise<readonly MetricPoint[]> {
    const reader = await this.#readerAtOffset();
    const file = logFile(this.#parts.repository, this.#run);
    await this.#parts.system.files.writeAt(file, this.#offset, bytes);
    const points = await reader.push(bytes);
    const to = this.#offset + bytes.length;
    const taken = await this.#parts.store.addMetrics(lease, this.#run, points, this.#offset, to);
    if (!taken) throw new Error(`The log of run ${this.#run} was moved by another process past byte ${this.#offset}.`);
    this.#offset = to;
    return points;
  }

  /** A reader that has seen the half line before the offset, so that a take-over loses and doubles nothing. */
  async #readerAtOffset(): Promise<MetricReader> {
    if (this.#reader) return this.#reader;
    const reader = createMetricReader({ patterns: [...this.#patterns] });
    const from = Math.max(0, this.#offset - LOOK_BACK);
    const before = await this.#parts.system.files.readRange(
      logFile(this.#parts.repository, this.#run),
      from,
      this.#offset - from,
    );
    const lineStart = before.lastIndexOf(0x0a) + 1;
    await reader.push(before.subarray(lineStart));
    this.#reader = reader;
    return reader;
  }

  dispose(): void {
    this.#reader?.dispose();
  }
}
