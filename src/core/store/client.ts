import * as path from 'node:path';
import { Worker } from 'node:worker_threads';
import { bundleFile, type Disposable, onNetworkDrive, type System } from '../system/index.ts';
import { METHODS, type MethodName, type StoreMethods } from './method-list.ts';
import type { Change, Store, StoreOptions } from './types.ts';
import { type FromWorker, type ToWorker, unpackError, type WorkerStart } from './wire.ts';

/** The parts of the system a store needs. */
export type StoreParts = Pick<System, 'clock' | 'random' | 'files' | 'hostname'>;

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** The calling side of the worker: numbers the calls, pairs the answers, keeps the process alive while one is open. */
class Connection {
  readonly #worker: Worker;
  readonly #clock: StoreParts['clock'];
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(changes: readonly Change[]) => void>();
  readonly #exited: Promise<void>;
  #next = 1;
  #over: Error | undefined;

  constructor(worker: Worker, clock: StoreParts['clock']) {
    this.#worker = worker;
    this.#clock = clock;
    worker.on('message', (message: FromWorker) => this.#receive(message));
    worker.on('error', (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#end(new Error('the store worker ended'));
        resolve();
      });
    });
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'changes') {
      for (const listener of [...this.#listeners]) listener(message.changes);
    } else if (message.kind === 'result' || message.kind === 'error') {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (this.#waiting.size === 0) this.#worker.unref();
      if (message.kind === 'result') waiting?.resolve(message.value as never);
      else waiting?.reject(unpackError(message.error));
    }
  }

  #end(error: Error): void {
    this.#over ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#over);
    this.#waiting.clear();
  }

  call(name: MethodName, args: readonly unknown[]): Promise<never> {
    return new Promise((resolve, reject) => {
      if (this.#over) {
        reject(this.#over);
        return;
      }
      const id = this.#next;
      this.#next += 1;
      this.#worker.postMessage({ kind: 'call', id, name, args, now: this.#clock.now() } satisfies ToWorker);
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
    });
  }

  onDidChange(listener: (changes: readonly Change[]) => void): Disposable {
    // Wrapped, so that one function given twice is two subscriptions.
    const own = (changes: readonly Change[]): void => listener(changes);
    this.#listeners.add(own);
    return { dispose: () => this.#listeners.delete(own) };
  }

  async close(): Promise<void> {
    if (!this.#over) {
      this.#over = new Error('the store is closed');
      this.#worker.ref();
      this.#worker.postMessage({ kind: 'close' } satisfies ToWorker);
    }
    await this.#exited;
    this.#listeners.clear();
  }
}

function opened(worker: Worker): Promise<{ readonly setAside?: string }> {
  return new Promise((resolve, reject) => {
    worker.once('message', (message: FromWorker) => {
      if (message.kind === 'opened') resolve(message);
      else if (message.kind === 'refused') reject(unpackError(message.error));
      else reject(new Error('the store worker spoke before it was open'));
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the store worker ended before it was open')));
  });
}

/**
 * Opens a repository's research database, making the file and its folder where there are none. A damaged file is
 * set aside (`setAside`), never overwritten.
 * @throws HumanError `database-newer` for a file of a newer version, `database-unavailable`, `no-sqlite`
 */
export async function openStore(options: StoreOptions & StoreParts): Promise<Store> {
  const { file, clock, files } = options;
  const folder = path.dirname(file);
  await files.makeFolder(folder, 0o700);
  const rollbackJournal = await onNetworkDrive(folder);
  const workerData: WorkerStart = {
    file,
    rollbackJournal,
    pid: options.pid,
    hostname: options.hostname,
    token: options.random.word(20),
  };
  const worker = new Worker(options.workerFile ?? bundleFile('store-worker.js'), {
    workerData,
    execArgv: [],
    // Nothing of our environment is needed there; Node 22 would print that its SQLite is new.
    env: { NODE_NO_WARNINGS: '1' },
  });
  const { setAside } = await opened(worker);
  const connection = new Connection(worker, clock);
  worker.unref();

  const names = Object.keys(METHODS) as MethodName[];
  const methods = Object.fromEntries(
    names.map((name) => [name, (...args: readonly unknown[]) => connection.call(name, args)]),
  ) as unknown as StoreMethods;
  return {
    ...methods,
    file,
    rollbackJournal,
    setAside,
    onDidChange: (listener) => connection.onDidChange(listener),
    close: () => connection.close(),
  };
}
