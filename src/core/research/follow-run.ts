import { isEnd, type MetricPoint, type Run } from '../domain/index.ts';
import type { Lease } from '../store/index.ts';
import type { Piece, RunReport, Want } from '../workers/index.ts';
import { LogFollower } from './follow.ts';
import { FilesFollower } from './follow-files.ts';
import type { Parts } from './parts.ts';

/** Bytes of a log asked for at a time: a slow link shows progress, and memory stays small. */
const CHUNK = 256 * 1024;

/** By its first bytes a log is known again that another process began to read. */
const FACE = 1024;

/** Pieces that are read together, and what becomes of them. */
export interface Job {
  readonly wants: readonly Want[];
  take(pieces: readonly Piece[], lease: Lease): Promise<void>;
}

/** Everything that is followed of one run: its log and its metric files. */
export class RunFollower {
  readonly log: LogFollower;
  readonly files: FilesFollower;
  readonly #run: Run;
  readonly #metric: string;
  #last: MetricPoint | undefined;
  #filed = false;
  #recognised = false;

  /** @param metric the objective's, whose last point is kept for the views */
  constructor(parts: Parts, run: Run, patterns: readonly string[], metric: string) {
    this.#run = run;
    this.#metric = metric;
    this.log = new LogFollower(parts, run, patterns);
    this.files = new FilesFollower(parts, run.id);
  }

  get diagnostics(): readonly string[] {
    return [...this.log.diagnostics, ...this.files.diagnostics];
  }

  /** The last point of the objective's metric that came, in this process. */
  get last(): MetricPoint | undefined {
    return this.#last;
  }

  /** What is still to be read of what the box told. */
  async jobs(report: RunReport): Promise<readonly Job[]> {
    this.log.note(report.logBytes);
    const jobs: Job[] = [];
    const { offset } = this.log;
    if (this.log.broken === undefined && offset < report.logBytes) {
      const next = {
        run: this.#run.id,
        file: 'log',
        offset,
        limit: Math.min(CHUNK, report.logBytes - offset),
      } as const;
      // Once for each process: a log that shrank may have grown past what is here since somebody last looked.
      const known = this.#recognised || offset === 0;
      jobs.push({
        wants: known ? [next] : [next, { ...next, offset: 0, limit: Math.min(FACE, offset) }],
        take: async ([piece, face], lease) => {
          if (!piece) return;
          if (face && !(await this.log.beginsWith(face.bytes))) return;
          this.#recognised = true;
          // A link or nothing in its place: no byte of it will come.
          if (piece.bytes.length === 0) this.log.note(piece.size < offset ? piece.size : -1);
          else await this.takeLog(offset, piece.bytes, lease);
        },
      });
    }
    for (const { path, wants } of await this.files.wants(report, report.state !== 'absent' && isEnd(report.state))) {
      jobs.push({
        wants,
        take: async (pieces, lease) => this.#note(await this.files.take(path, pieces, lease), true),
      });
    }
    return jobs;
  }

  async takeLog(at: number, bytes: Buffer, lease: Lease): Promise<void> {
    this.#note(await this.log.take(at, bytes, lease));
  }

  /** Whether everything that the report tells of is here. */
  complete(report: RunReport): boolean {
    return (this.log.broken !== undefined || this.log.offset >= report.logBytes) && this.files.complete;
  }

  /** Reads the half lines at the ends. */
  async finish(lease: Lease): Promise<void> {
    this.#note(await this.log.finish(lease));
    this.#note(await this.files.finish(lease), true);
  }

  dispose(): void {
    this.log.dispose();
  }

  #note(points: readonly MetricPoint[], ofFile = false): void {
    const last = points.findLast((point) => point.name === this.#metric);
    // A name that a file gives is read from files: the store hides the log's.
    if (!last || (this.#filed && !ofFile)) return;
    this.#last = last;
    this.#filed ||= ofFile;
  }
}
