import { isEnd, type RunId } from '../domain/index.ts';
import type { Lease } from '../store/index.ts';
import type { Disposable } from '../system/index.ts';
import type { RunReport, Worker } from '../workers/index.ts';
import type { RunKeeper } from './keep-run.ts';
import type { Parts } from './parts.ts';

/** Channels that live logs may take of a connection's four: polls and shipments need the others. */
const CHANNELS = 2;
/** More than this waiting to be stored: the channel is given up, and polls catch up at their own pace. */
const WAITING_BYTES = 8 * 1024 * 1024;
/** How long a run whose channel broke is left to the polls. */
const AGAIN_MS = 10_000;

interface Channel {
  readonly worker: Worker;
  readonly stop: AbortController;
}

/**
 * The logs of runs that are on screen, each over a channel of its own while its run lives, so that a line shows as
 * soon as it is written. Only an addition to the polls: what a channel brings, they need not; when it breaks, they go on.
 */
export class LiveLogs {
  readonly #parts: Parts;
  readonly #keeper: RunKeeper;
  readonly #watched = new Map<RunId, number>();
  readonly #channels = new Map<RunId, Channel>();
  readonly #notBefore = new Map<RunId, number>();
  readonly #work = new Set<Promise<void>>();
  #lease: Lease | undefined;

  constructor(parts: Parts, keeper: RunKeeper) {
    this.#parts = parts;
    this.#keeper = keeper;
  }

  /** How many logs are followed over a channel now. */
  get channels(): number {
    return this.#channels.size;
  }

  /** Says that these runs are on screen, until it is disposed of. */
  watch(runs: readonly RunId[]): Disposable {
    const own = new Set(runs);
    for (const run of own) this.#watched.set(run, (this.#watched.get(run) ?? 0) + 1);
    let over = false;
    return {
      dispose: () => {
        if (over) return;
        over = true;
        for (const run of own) {
          const left = (this.#watched.get(run) ?? 1) - 1;
          if (left > 0) this.#watched.set(run, left);
          else {
            this.#watched.delete(run);
            this.#channels.get(run)?.stop.abort();
          }
        }
      },
    };
  }

  /** After a poll: opens channels for runs on screen that live. */
  look(worker: Worker, reports: readonly RunReport[], lease: Lease): void {
    this.#lease = lease;
    // A cluster's log is on a shared disk, which tells nobody of changes.
    if (this.#watched.size === 0 || worker.box.kind === 'slurm') return;
    const now = this.#parts.system.clock.monotonic();
    for (const { run, state, logBytes } of reports) {
      if (!this.#watched.has(run) || this.#channels.has(run) || logBytes === 0) continue;
      if (state === 'absent' || state === 'waiting' || isEnd(state)) continue;
      if (now < (this.#notBefore.get(run) ?? 0)) continue;
      const open = [...this.#channels.values()].filter((channel) => channel.worker === worker).length;
      if (open >= CHANNELS) return;
      this.#open(worker, run);
    }
  }

  /** Ends all channels; resolves when what they brought is stored. */
  async dispose(): Promise<void> {
    this.drop();
    await Promise.allSettled([...this.#work]);
  }

  /** Ends all channels: another process drives by now, or this one closes. */
  drop(): void {
    for (const { stop } of this.#channels.values()) stop.abort();
  }

  #open(worker: Worker, run: RunId): void {
    const from = this.#keeper.offsetOf(run);
    if (from === undefined) return;
    const stop = new AbortController();
    const channel = { worker, stop };
    this.#channels.set(run, channel);
    const work = this.#follow(worker, run, from, stop)
      .catch((error: unknown) => {
        if (stop.signal.aborted && stop.signal.reason === error) return;
        this.#notBefore.set(run, this.#parts.system.clock.monotonic() + AGAIN_MS);
      })
      .finally(() => {
        if (this.#channels.get(run) === channel) this.#channels.delete(run);
        this.#work.delete(work);
      });
    this.#work.add(work);
  }

  async #follow(worker: Worker, run: RunId, from: number, stop: AbortController): Promise<void> {
    let offset = from;
    let waiting: Buffer[] = [];
    let waitingBytes = 0;
    let storing: Promise<void> | undefined;
    const store = async (): Promise<void> => {
      // What comes while the last bytes are stored is stored together.
      while (waiting.length > 0) {
        const bytes = Buffer.concat(waiting);
        waiting = [];
        waitingBytes = 0;
        const lease = this.#lease;
        if (!lease || !(await this.#keeper.takeLive(run, offset, bytes, lease))) {
          stop.abort();
          return;
        }
        offset += bytes.length;
      }
    };
    const onBytes = (bytes: Buffer): void => {
      waiting.push(bytes);
      waitingBytes += bytes.length;
      if (waitingBytes > WAITING_BYTES) stop.abort(new Error(`The log of run ${run} grows faster than it is stored.`));
      storing ??= store()
        .catch((error: unknown) => stop.abort(error))
        .finally(() => {
          storing = undefined;
        });
    };
    try {
      await worker.follow(run, from, onBytes, stop.signal);
    } finally {
      await storing;
    }
  }
}
