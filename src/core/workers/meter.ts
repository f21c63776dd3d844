import type { RunId } from '../domain/index.ts';
import type { Clock } from '../system/index.ts';
import type { ShipProgress } from './types.ts';

/** The rate is that of so many milliseconds. */
const WINDOW_MS = 5000;

/** Counts what goes to a box and tells how far it is. */
export class Meter {
  readonly #clock: Clock;
  readonly #total: number;
  readonly #tell: ((progress: ShipProgress) => void) | undefined;
  #sent = 0;
  #what = '';
  #runs: readonly RunId[] = [];
  #samples: { readonly at: number; readonly sent: number }[] = [];

  constructor(clock: Clock, total: number, tell: ((progress: ShipProgress) => void) | undefined) {
    this.#clock = clock;
    this.#total = total;
    this.#tell = tell;
  }

  /** What goes over the wire from now on. */
  begin(what: string, runs: readonly RunId[]): void {
    this.#what = what;
    this.#runs = runs;
    this.add(0);
  }

  get sent(): number {
    return this.#sent;
  }

  /** So much is there, whoever brought it: less than before where what went was not taken. */
  set(bytes: number): void {
    if (bytes < this.#sent) this.#samples = [];
    this.add(bytes - this.#sent);
  }

  add(bytes: number): void {
    this.#sent += bytes;
    if (!this.#tell) return;
    const at = this.#clock.monotonic();
    this.#samples = [...this.#samples.filter((sample) => at - sample.at <= WINDOW_MS), { at, sent: this.#sent }];
    const [first] = this.#samples;
    const seconds = first ? (at - first.at) / 1000 : 0;
    this.#tell({
      what: this.#what,
      sentBytes: Math.min(this.#sent, this.#total),
      totalBytes: this.#total,
      ...(first && seconds > 0 ? { bytesPerSecond: (this.#sent - first.sent) / seconds } : {}),
      runs: this.#runs,
    });
  }
}
