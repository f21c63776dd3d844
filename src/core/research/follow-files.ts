import { createHash } from 'node:crypto';
import type { MetricPoint, RunId } from '../domain/index.ts';
import { type FileReader, loadFileReaders } from '../metrics/index.ts';
import type { Lease } from '../store/index.ts';
import type { Piece, RunReport, Want } from '../workers/index.ts';
import type { Parts } from './parts.ts';

/** Bytes asked for at a time of one file. */
const CHUNK = 256 * 1024;
/** More of a file is not read: it holds something else than metrics. */
const FILE_CAP = 256 * 1024 * 1024;
/** By its first bytes a file is known again: one that was written anew begins otherwise, as a rule. */
const FACE = 1024;

type Readers = Awaited<ReturnType<typeof loadFileReaders>>;

interface Known {
  reader: FileReader;
  /** The next byte that is wanted of the box. */
  offset: number;
  /** What the store has. */
  stored: number;
  /** How many of the first bytes, and their hash: `1024 ab12…`. */
  face: string;
  /** The file is another one than what was read: the points it gave go. */
  fresh: boolean;
  /** Bytes that the box says there are. */
  size: number;
  /** Nothing more is read of it. */
  closed: boolean;
}

interface StoredState {
  readonly reader: string;
  readonly face: string;
}

/** Reads the metric files of one run as they grow: where each was read up to is in the store, with its points. */
export class FilesFollower {
  readonly #parts: Parts;
  readonly #run: RunId;
  readonly #files = new Map<string, Known>();
  readonly #notes = new Set<string>();
  #loaded: Promise<Readers> | undefined;

  constructor(parts: Parts, run: RunId) {
    this.#parts = parts;
    this.#run = run;
  }

  get diagnostics(): readonly string[] {
    const ofReaders = [...this.#files].flatMap(([path, { reader }]) =>
      reader.diagnostics.map((text) => `${path}: ${text}`),
    );
    return [...this.#notes, ...ofReaders];
  }

  /**
   * What is wanted of the files that the box tells of: for each the next piece, and its first bytes, by which a file
   * that was written anew is noticed. Both go to `take`.
   */
  async wants(
    report: RunReport,
    ended: boolean,
  ): Promise<{ readonly path: string; readonly wants: readonly Want[] }[]> {
    const told = report.files ?? [];
    if (told.length === 0) return [];
    this.#loaded ??= this.#load();
    const readers = await this.#loaded;
    return told.flatMap(({ path, size }) => {
      const known = this.#files.get(path) ?? this.#open(readers, path, 0, { reader: '', face: '' });
      known.size = size;
      if (known.closed || (readers.readAtEnd(path) && !ended)) return [];
      if (size === known.offset) return [];
      if (known.offset >= FILE_CAP) {
        known.closed = true;
        this.#notes.add(`${path}: only its first ${FILE_CAP / 1024 / 1024} MB were read.`);
        return [];
      }
      const file = `code/${path}` as const;
      const from = size < known.offset ? 0 : known.offset;
      return {
        path,
        wants: [
          { run: this.#run, file, offset: 0, limit: faceLength(known.face) },
          { run: this.#run, file, offset: from, limit: CHUNK },
        ],
      };
    });
  }

  /** Takes the first bytes and the next piece of a file. Gives the points. */
  async take(path: string, [first, next]: readonly Piece[], lease: Lease): Promise<readonly MetricPoint[]> {
    const known = this.#files.get(path);
    const readers = await this.#loaded;
    if (!known || !readers || !first || !next) return [];
    if (next.size < 0) {
      // Gone, or a link by now: it may come back, and is looked at again when the box tells of it again.
      known.size = known.offset;
      return [];
    }
    const length = faceLength(known.face);
    if (next.size < known.offset || (known.face !== '' && faceOf(first.bytes, length) !== known.face)) {
      this.#parts.log('info', `run ${this.#run}: ${path} was written anew and is read from its beginning`);
      const anew = this.#open(readers, path, 0, { reader: '', face: '' });
      anew.fresh = true;
      anew.size = next.size;
      return [];
    }
    if (next.bytes.length === 0) {
      known.size = known.offset;
      return [];
    }
    const points = known.reader.push(next.bytes);
    if (known.offset < FACE) {
      const seen = known.offset === 0 ? next.bytes : Buffer.concat([first.bytes.subarray(0, length), next.bytes]);
      // Where the first bytes came in several pieces, only what is here in one row can be hashed.
      if (known.offset === 0 || length === known.offset) known.face = faceOf(seen, Math.min(FACE, seen.length));
    }
    known.offset += next.bytes.length;
    await this.#store(path, known, points, lease);
    return points;
  }

  /** Whether all of every file that the box told of is here. */
  get complete(): boolean {
    return [...this.#files].every(([, known]) => known.closed || known.offset >= known.size);
  }

  /** Reads what stands at the ends of the files. */
  async finish(lease: Lease): Promise<readonly MetricPoint[]> {
    const all: MetricPoint[] = [];
    for (const [path, known] of this.#files) {
      const points = known.reader.end();
      if (points.length > 0) await this.#store(path, known, points, lease);
      all.push(...points);
    }
    return all;
  }

  async #store(path: string, known: Known, points: readonly MetricPoint[], lease: Lease): Promise<void> {
    const to = known.reader.consumed;
    if (points.length === 0 && to === known.stored && !known.fresh) return;
    const state: StoredState = { reader: known.reader.state, face: known.face };
    const taken = await this.#parts.store.addFileMetrics(lease, this.#run, points, {
      path,
      from: known.stored,
      to,
      state: JSON.stringify(state),
      ...(known.fresh ? { fresh: true } : {}),
    });
    if (!taken) throw new Error(`${path} of run ${this.#run} was read by another process past byte ${known.stored}.`);
    known.stored = to;
    known.fresh = false;
  }

  async #load(): Promise<Readers> {
    const readers = await loadFileReaders();
    for (const { path, bytes, state } of await this.#parts.store.runFiles(this.#run)) {
      this.#open(readers, path, bytes, JSON.parse(state) as StoredState);
    }
    return readers;
  }

  #open(readers: Readers, path: string, from: number, state: StoredState): Known {
    const known: Known = {
      reader: readers.createFileReader(path, from, state.reader),
      offset: from,
      stored: from,
      face: state.face,
      fresh: false,
      size: 0,
      closed: false,
    };
    this.#files.set(path, known);
    return known;
  }
}

function faceOf(bytes: Buffer, length: number): string {
  return `${length} ${createHash('sha1').update(bytes.subarray(0, length)).digest('hex').slice(0, 20)}`;
}

function faceLength(face: string): number {
  return face === '' ? 0 : Number(face.split(' ')[0]);
}
