import type { MetricPoint, Run, RunId } from '../domain/index.ts';
import { createMetricReader, type MetricReader } from '../metrics/index.ts';
import type { Lease } from '../store/index.ts';
import { logFile, type Parts } from './parts.ts';

/** How far back the start of a half line is looked for when another process takes a log over. */
const LOOK_BACK = 64 * 1024;
/** Read at a time when what evaluate printed is looked at. */
const CHUNK = 1024 * 1024;

/**
 * Copies one run's log from its box to this machine, by byte offset, and reads metrics out of it. The bytes are
 * written at their offset before the store moves: a crash in between writes them once more at the same place. A poll
 * and a live channel may bring the same bytes: each comes with its place, and is taken once.
 */
export class LogFollower {
  readonly #parts: Parts;
  readonly #run: RunId;
  readonly #patterns: readonly string[];
  #reader: MetricReader | undefined;
  #offset: number;
  #queue: Promise<unknown> = Promise.resolve();
  #broken: string | undefined;

  constructor(parts: Parts, run: Pick<Run, 'id' | 'logBytes'>, patterns: readonly string[]) {
    this.#parts = parts;
    this.#run = run.id;
    this.#patterns = patterns;
    this.#offset = run.logBytes;
  }

  /** The next byte that is wanted of the box. */
  get offset(): number {
    return this.#offset;
  }

  /** Why the log is read no further, in a sentence; undefined while it is. */
  get broken(): string | undefined {
    return this.#broken;
  }

  get diagnostics(): readonly string[] {
    return [...(this.#broken === undefined ? [] : [this.#broken]), ...(this.#reader?.diagnostics ?? [])];
  }

  /** Notes the size that the box tells: a log that is shorter than what was read of it is another one. */
  note(size: number): void {
    if (size < this.#offset) this.#break(`${this.#offset} bytes of it are here, ${Math.max(0, size)} are there`);
  }

  /** Compares the box's first bytes with those that are here; one that differs is another log, and is read no further. */
  async beginsWith(first: Buffer): Promise<boolean> {
    const file = logFile(this.#parts.repository, this.#run);
    const here = await this.#parts.system.files.readRange(file, 0, first.length);
    // A log that was cleaned up here says nothing about the box's.
    if (here.length < first.length || here.equals(first)) return true;
    this.#break('it begins otherwise than what is here');
    return false;
  }

  #break(why: string): void {
    this.#broken ??=
      `Its log on the box was truncated or replaced: ${why}. ` +
      'What is here is kept, and what the box wrote after that is not read.';
  }

  /**
   * Takes bytes that begin at byte `at`, less those that are here. Gives the points in them.
   * @throws Error where bytes are missing in between, or another process took the log over
   */
  take(at: number, bytes: Buffer, lease: Lease): Promise<readonly MetricPoint[]> {
    const work = this.#queue.then(() => this.#take(at, bytes, lease));
    this.#queue = work.catch(() => {});
    return work;
  }

  /** Reads the half line that the log may end with. */
  finish(lease: Lease): Promise<readonly MetricPoint[]> {
    const work = this.#queue.then(async () => {
      const reader = await this.#readerAtOffset();
      const points = await reader.end();
      if (points.length > 0) {
        await this.#parts.store.addMetrics(lease, this.#run, points, this.#offset, this.#offset);
      }
      return points;
    });
    this.#queue = work.catch(() => {});
    return work;
  }

  /** The points of the log from a byte on, read anew: what `evaluate` printed, and no line that began before it. */
  async pointsFrom(byte: number): Promise<readonly MetricPoint[]> {
    const reader = createMetricReader({ patterns: [...this.#patterns] });
    const file = logFile(this.#parts.repository, this.#run);
    const points: MetricPoint[] = [];
    try {
      for (let offset = byte; offset < this.#offset; ) {
        const wanted = Math.min(CHUNK, this.#offset - offset);
        const bytes = await this.#parts.system.files.readRange(file, offset, wanted);
        if (bytes.length === 0) break;
        offset += bytes.length;
        points.push(...(await reader.push(bytes)));
      }
      points.push(...(await reader.end()));
      return points;
    } finally {
      reader.dispose();
    }
  }

  async #take(at: number, bytes: Buffer, lease: Lease): Promise<readonly MetricPoint[]> {
    if (at > this.#offset)
      throw new Error(`Bytes ${this.#offset} to ${at} of the log of run ${this.#run} are missing.`);
    const fresh = bytes.subarray(this.#offset - at);
    if (fresh.length === 0 || this.#broken !== undefined) return [];
    const reader = await this.#readerAtOffset();
    const file = logFile(this.#parts.repository, this.#run);
    await this.#parts.system.files.writeAt(file, this.#offset, fresh);
    const points = await reader.push(fresh);
    const to = this.#offset + fresh.length;
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
