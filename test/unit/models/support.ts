import { configSchema, type ModelCall, type ModelSettings } from '../../../src/core/domain/index.ts';
import {
  type CallGate,
  type CallLog,
  type ClientOptions,
  loadClients,
  serverOf,
} from '../../../src/core/models/index.ts';
import { type Clock, realClock, seededRandom } from '../../../src/core/system/index.ts';

/** A call log in memory that does what the store does: an answered key is given back. */
export class MemoryLog implements CallLog {
  readonly calls: ModelCall[] = [];

  async openCall(call: Parameters<CallLog['openCall']>[0]): Promise<ModelCall> {
    const known = this.calls.find((one) => one.key === call.key && one.state === 'answered');
    if (known) return known;
    const opened: ModelCall = { ...call, id: this.calls.length + 1, createdAt: 0, state: 'asked' };
    this.calls.push(opened);
    return opened;
  }

  async closeCall(id: number, end: Parameters<CallLog['closeCall']>[1]): Promise<void> {
    const at = this.calls.findIndex((one) => one.id === id);
    this.calls[at] = { ...(this.calls[at] as ModelCall), ...end };
  }
}

export const KEY = 'sk-test-0123456789abcdef';

/** A client of a server at a URL, through the real openai package. Waits are real but short. */
export async function clientOf(
  url: string,
  options: Partial<ClientOptions> & {
    readonly log: CallLog;
    readonly gate?: CallGate;
    readonly api?: ModelSettings['api'];
  },
) {
  const { models } = configSchema.parse({});
  return (await loadClients()).createModelClient({
    config: models,
    at: serverOf(models, { base_url: url, api: options.api }, 'ideator'),
    prices: { 'test-model': { input: 1, cached: 0.1, output: 4 } },
    model: 'test-model',
    apiKey: async () => KEY,
    gate: async () => {},
    clock: realClock,
    random: seededRandom(1),
    ...options,
  });
}

/** Time that stands still until a test moves it on. */
export class HeldClock implements Clock {
  readonly sleep = realClock.sleep;
  readonly every = realClock.every;
  readonly now = realClock.now;
  /** How often anybody looked: each sign of life of a server is one. */
  looks = 0;
  #time = 0;
  #timers: { readonly at: number; readonly callback: () => void }[] = [];

  monotonic(): number {
    this.looks += 1;
    return this.#time;
  }

  after(ms: number, callback: () => void) {
    const timer = { at: this.#time + ms, callback };
    this.#timers.push(timer);
    const dispose = () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
    return { dispose };
  }

  pass(ms: number): void {
    this.#time += ms;
    const due = this.#timers.filter((timer) => timer.at <= this.#time);
    this.#timers = this.#timers.filter((timer) => timer.at > this.#time);
    for (const timer of due) timer.callback();
  }
}
