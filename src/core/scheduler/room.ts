import type { BoxLoad } from './types.ts';

/** What is free of one kind of slot on a box, and the work that waits there. */
interface Pool {
  readonly size: number;
  free: number;
  /** Slot-seconds of the runs that wait on the box. */
  ahead: number;
}

/** Nobody measures less, and a queue of runs that take no time must end somewhere. */
const LEAST_SECONDS = 1;

/**
 * The room on one box while runs are placed. GPUs and CPU slots are counted apart, in GPUs and not in runs: a run with
 * four takes four. A box is open as long as a run sent now would begin within `awayHours` by what was measured: the box
 * can work on for that long without us, and no longer queue binds runs to it. So one that fits into free slots always
 * finds it open, and whether it is open does not depend on the run's size: small runs never starve a large one.
 */
export class Room {
  readonly box: BoxLoad;
  readonly #gpu: Pool;
  readonly #cpu: Pool;
  #jobs: number;

  constructor(box: BoxLoad) {
    this.box = box;
    this.#gpu = { size: box.gpus, free: box.gpus, ahead: 0 };
    this.#cpu = { size: box.cpuSlots, free: box.cpuSlots, ahead: 0 };
    this.#jobs = 0;
    // What runs holds its slots, whatever waits behind or before it in the list.
    for (const live of box.live) {
      const pool = this.#pool(live.gpus);
      if (!live.waits) pool.free = Math.max(0, pool.free - units(live.gpus));
    }
    for (const live of box.live) {
      if (live.waits) this.#queue(live.gpus, live.seconds);
    }
    this.#jobs = box.live.length;
  }

  #pool(gpus: number): Pool {
    return gpus > 0 ? this.#gpu : this.#cpu;
  }

  /** Whether such a run could ever run here. */
  fits(gpus: number): boolean {
    return this.box.maxJobs !== undefined ? this.box.maxJobs > 0 : units(gpus) <= this.#pool(gpus).size;
  }

  /** Whether one more may be sent now. */
  isOpen(gpus: number): boolean {
    if (this.box.maxJobs !== undefined) return this.#jobs < this.box.maxJobs;
    const pool = this.#pool(gpus);
    return units(gpus) <= pool.size && pool.ahead < pool.size * this.#away;
  }

  /** Whether it would begin at once: the box serves its queue in order, so nothing may wait before it. */
  startsNow(gpus: number): boolean {
    if (this.box.maxJobs !== undefined) return this.isOpen(gpus);
    const pool = this.#pool(gpus);
    return pool.ahead === 0 && pool.free >= units(gpus);
  }

  /** Seconds until it would begin, by what was measured. */
  wait(gpus: number): number {
    const pool = this.#pool(gpus);
    return this.box.maxJobs !== undefined || pool.size === 0 ? 0 : pool.ahead / pool.size;
  }

  /** The share of its slots that is taken, from 0 to 1. */
  used(gpus: number): number {
    if (this.box.maxJobs !== undefined) return this.#jobs / this.box.maxJobs;
    const pool = this.#pool(gpus);
    return pool.size === 0 ? 1 : 1 - pool.free / pool.size;
  }

  /** Notes a run that was sent here. Everything above only ever grows worse with it. */
  take(gpus: number, seconds: number | undefined): void {
    this.#jobs += 1;
    this.#queue(gpus, seconds);
  }

  get #away(): number {
    return this.box.awayHours * 3600;
  }

  #queue(gpus: number, seconds: number | undefined): void {
    const pool = this.#pool(gpus);
    if (pool.ahead === 0 && pool.free >= units(gpus)) {
      pool.free -= units(gpus);
      return;
    }
    // Before anything is measured one run may take all the time we are gone: then one waits behind each slot.
    pool.ahead += units(gpus) * Math.max(LEAST_SECONDS, seconds ?? this.#away);
  }
}

function units(gpus: number): number {
  return Math.max(1, gpus);
}
