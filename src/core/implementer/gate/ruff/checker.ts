import { Worker } from 'node:worker_threads';
import { bundleFile, type Clock, type Disposable } from '../../../system/index.ts';
import type { CheckAnswer, CheckRequest, Language, Problem } from './protocol.ts';

/** What came of one text: its problems, or why it could not be read. */
export type Checked =
  | { readonly ok: true; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly why: string };

/** Reads Python and YAML in a thread of its own, which starts with the first text and ends when nobody asks. */
export interface SyntaxChecker extends Disposable {
  /** Never rejects. @param target the Python that will run it, in ruff's words: `py310` */
  check(text: string, language: Language, target: string): Promise<Checked>;
}

export interface SyntaxCheckerOptions {
  readonly clock: Clock;
  /** The bundle of worker.ts; its WebAssembly file lies beside it. Default: `ruff.js` beside the running bundle. */
  readonly workerFile?: string;
  /** Milliseconds one text may take. */
  readonly limitMs?: number;
  readonly idleMs?: number;
}

/** Loading and compiling 10 MB of WebAssembly takes a busy machine long; that time is not the text's. */
const STARTING_MS = 60_000;
const LIMIT_MS = 15_000;
const IDLE_MS = 60_000;
/** Larger than any file that the size gate lets through. */
const MOST_CHARS = 2_000_000;

export function createSyntaxChecker(options: SyntaxCheckerOptions): SyntaxChecker {
  return new ThreadChecker(options);
}

class ThreadChecker implements SyntaxChecker {
  readonly #options: SyntaxCheckerOptions;
  #worker: Worker | undefined;
  #idle: Disposable | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #next = 1;
  #fault = 'its thread ended';

  constructor(options: SyntaxCheckerOptions) {
    this.#options = options;
  }

  check(text: string, language: Language, target: string): Promise<Checked> {
    const checked = this.#last.then(() => this.#check(text, language, target));
    this.#last = checked;
    return checked;
  }

  dispose(): void {
    this.#idle?.dispose();
    this.#idle = undefined;
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #check(text: string, language: Language, target: string): Promise<Checked> {
    if (text.length > MOST_CHARS) return { ok: false, why: `it has more than ${MOST_CHARS} characters` };
    this.#idle?.dispose();
    const worker = this.#worker ?? (await this.#start());
    if (!worker) return { ok: false, why: `the checker did not start (${this.#fault})` };
    this.#worker = worker;
    const id = this.#next;
    this.#next += 1;
    const { clock, limitMs = LIMIT_MS, idleMs = IDLE_MS } = this.#options;
    worker.ref();
    const answered = this.#answer(worker, limitMs, (message) => (message as CheckAnswer).id === id);
    worker.postMessage({ id, language, text, target } satisfies CheckRequest);
    const answer = (await answered) as CheckAnswer | 'late' | undefined;
    worker.unref();
    if (answer === undefined || answer === 'late' || 'failed' in answer) {
      // What broke once may be broken inside: the next text gets a new thread.
      this.dispose();
      if (answer === 'late') return { ok: false, why: `reading it took longer than ${limitMs} ms` };
      return { ok: false, why: `the checker stopped (${answer?.failed ?? this.#fault})` };
    }
    this.#idle = clock.after(idleMs, () => this.dispose());
    return { ok: true, problems: answer.problems };
  }

  async #start(): Promise<Worker | undefined> {
    const worker = new Worker(this.#options.workerFile ?? bundleFile('ruff.js'), {
      // Nothing of our environment is needed there.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    worker.on('error', (error) => {
      this.#fault = error instanceof Error ? error.message : String(error);
    });
    if ((await this.#answer(worker, STARTING_MS, (message) => message === 'ready')) === 'ready') return worker;
    void worker.terminate();
    return undefined;
  }

  /** The first message that fits; `late` when the time is up, undefined when the thread has died. */
  #answer(worker: Worker, limitMs: number, fits: (message: unknown) => boolean): Promise<unknown> {
    return new Promise((resolve) => {
      const done = (message: unknown) => {
        timer.dispose();
        worker.off('message', onMessage).off('exit', onEnd);
        resolve(message);
      };
      const onMessage = (message: unknown) => {
        if (fits(message)) done(message);
      };
      const onEnd = () => done(undefined);
      const timer = this.#options.clock.after(limitMs, () => done('late'));
      worker.on('message', onMessage).on('exit', onEnd);
    });
  }
}
