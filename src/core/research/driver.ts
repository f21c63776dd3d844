import { HumanError, isEnd, isHumanError, messageOf } from '../domain/index.ts';
import type { Lease, Request } from '../store/index.ts';
import type { Disposable } from '../system/index.ts';
import type { Fleet } from './fleet.ts';
import type { Parts } from './parts.ts';
import { endLeftSearches, handleRequest } from './requests/index.ts';

/** The lease lapses after 20 s (design §3); renewing every 5 s survives three missed beats. */
const RENEW_MS = 5_000;
/** Between two looks at the queue when no change woke us. */
const IDLE_MS = 1_000;
const BUSY_MS = 200;
/** How long a close waits for work that was told to stop: a model call's price is still written down. */
const CLOSE_MS = 5_000;

/**
 * The loop of the one process that drives: it renews the lease, does what was asked, and keeps the boxes busy. Every
 * process that has the repo open runs one; all but one only wait for the lease to lapse.
 */
export class Driver {
  readonly #parts: Parts;
  readonly #fleet: Fleet;
  readonly #subscription: Disposable;
  readonly #stop = new AbortController();
  readonly #running = new Map<number, AbortController>();
  readonly #work = new Set<Promise<void>>();
  #lease: Lease | undefined;
  #wake: (() => void) | undefined;
  #loop: Promise<void> = Promise.resolve();
  #renewAt = 0;

  constructor(parts: Parts, fleet: Fleet) {
    this.#parts = parts;
    this.#fleet = fleet;
    this.#subscription = parts.store.onDidChange(() => this.wake());
  }

  get drives(): boolean {
    return this.#lease !== undefined;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Looks at the queue now. */
  wake(): void {
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new HumanError('Research Copilot is closing.', { code: 'closing' }));
    this.#subscription.dispose();
    for (const controller of this.#running.values()) controller.abort(this.#stop.signal.reason);
    this.wake();
    await this.#loop;
    // Before the lease is given up: what this process still writes must not meet the next driver's same work.
    const waited = new AbortController();
    const enough = this.#parts.system.clock.sleep(CLOSE_MS, waited.signal).catch(() => {});
    await Promise.race([Promise.allSettled([...this.#work]), enough]);
    waited.abort();
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease) await this.#parts.store.releaseLease(lease).catch(() => {});
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      let busy = false;
      try {
        busy = await this.#step();
      } catch (error) {
        if (isHumanError(error) && error.code === 'lease-lost') this.#loseLease();
        else if (!this.#stop.signal.aborted) this.#parts.log('error', `driver: ${messageOf(error)}`);
      }
      await this.#pause(busy ? BUSY_MS : IDLE_MS);
    }
  }

  async #step(): Promise<boolean> {
    const { store, system, holder } = this.#parts;
    const now = system.clock.now();
    if (!this.#lease || now >= this.#renewAt) {
      const had = this.#lease;
      this.#lease = await store.acquireLease(holder, had);
      this.#renewAt = now + RENEW_MS;
      // A new generation means that somebody else drove in between: what runs here may be done, or done again, by them.
      if (had && had.generation !== this.#lease?.generation) this.#abortWork();
      if (!this.#lease) return false;
      if (!had || had.generation !== this.#lease.generation) {
        // Work a dead driver had taken is offered again; what it paid for is replayed from the call log.
        await store.requeueTaken(this.#lease);
        await endLeftSearches(this.#parts);
      }
    }
    const lease = this.#lease;
    await this.#startRequests(lease);
    const live = await this.#fleet.tick(lease);
    return this.#running.size > 0 || live.some((run) => !isEnd(run.state));
  }

  async #startRequests(lease: Lease): Promise<void> {
    const { store } = this.#parts;
    for (const request of await store.requests({ states: ['asked', 'taken'] })) {
      const running = this.#running.get(request.id);
      if (running && request.cancelAsked) running.abort(new HumanError('Cancelled.', { code: 'cancelled' }));
      if (running || request.state !== 'asked') continue;
      if (!(await store.takeRequest(lease, request.id))) continue;
      const work = this.#do(request, lease).finally(() => this.#work.delete(work));
      this.#work.add(work);
    }
  }

  async #do(request: Request, lease: Lease): Promise<void> {
    const { store } = this.#parts;
    const controller = new AbortController();
    this.#running.set(request.id, controller);
    if (request.cancelAsked) controller.abort(new HumanError('Cancelled.', { code: 'cancelled' }));
    try {
      const result = await handleRequest({
        parts: this.#parts,
        request,
        lease: () => this.#lease ?? lease,
        signal: controller.signal,
        missingModules: (base, modules, ended) => this.#fleet.missingModules(base, modules, ended),
        classes: (gpus, boxes) => this.#fleet.classes(gpus, boxes),
      });
      await store.endRequest(this.#lease ?? lease, request.id, { state: 'done', result });
    } catch (error) {
      if (!this.#stop.signal.aborted) await this.#endFailed(request, controller.signal, error, lease);
    } finally {
      this.#running.delete(request.id);
      this.wake();
    }
  }

  async #endFailed(request: Request, signal: AbortSignal, error: unknown, lease: Lease): Promise<void> {
    // Whoever drives next does it again, also where the abort came out as another error.
    if ([error, signal.reason].some((one) => isHumanError(one) && one.code === 'lease-lost')) return;
    if (!isHumanError(error) && !signal.aborted) this.#parts.log('error', stackOf(error));
    const code = isHumanError(error) ? error.code : 'bug';
    await this.#parts.store
      .endRequest(this.#lease ?? lease, request.id, {
        state: signal.aborted ? 'cancelled' : 'failed',
        error: {
          message: messageOf(signal.aborted ? signal.reason : error),
          code: signal.aborted ? 'cancelled' : code,
        },
      })
      .catch((late: unknown) => this.#parts.log('warn', `request ${request.id}: ${messageOf(late)}`));
  }

  #loseLease(): void {
    this.#lease = undefined;
    this.#abortWork();
  }

  #abortWork(): void {
    for (const controller of this.#running.values()) {
      controller.abort(new HumanError('Another window drives this research by now.', { code: 'lease-lost' }));
    }
  }

  async #pause(ms: number): Promise<void> {
    const wake = Promise.withResolvers<void>();
    this.#wake = wake.resolve;
    const timer = new AbortController();
    const slept = this.#parts.system.clock.sleep(ms, timer.signal).catch(() => {});
    await Promise.race([slept, wake.promise]);
    timer.abort();
    this.#wake = undefined;
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
