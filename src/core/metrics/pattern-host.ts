import { Worker } from 'node:worker_threads';
import { bundleFile, type Clock } from '../system/index.ts';

export interface PatternStart {
  readonly patterns: readonly string[];
  /** One 32-bit number: which pattern is at work. */
  readonly current: SharedArrayBuffer;
}
export interface PatternBatch {
  readonly id: number;
  readonly lines: readonly string[];
}
/** Per line, the named groups that matched. */
export type Groups = readonly (readonly [name: string, text: string])[];
export interface PatternAnswer {
  readonly id: number;
  readonly found: readonly Groups[];
}

interface Options {
  readonly patterns: readonly string[];
  readonly clock: Clock;
  readonly workerFile?: string;
  /** Milliseconds a batch may take before its pattern is given up. */
  readonly limitMs: number;
}

const STARTING_MS = 30_000;

/**
 * Writes `(?P<name>` as JavaScript does, and tells a broken pattern.
 * @throws SyntaxError where it is no regular expression
 */
export function compilable(pattern: string): string {
  const source = pattern.replaceAll('(?P<', '(?<');
  new RegExp(source);
  return source;
}

/** Runs patterns nobody here wrote in a thread that may be killed. A pattern that takes too long is disabled. */
export class PatternHost {
  readonly #options: Options;
  readonly #diagnostics: string[] = [];
  #patterns: { readonly written: string; readonly source: string }[] = [];
  #worker: Worker | undefined;
  #current = new Int32Array(new SharedArrayBuffer(4));
  #batch = 0;
  #lastError = 'no answer';

  constructor(options: Options) {
    this.#options = options;
    for (const written of options.patterns) {
      try {
        this.#patterns.push({ written, source: compilable(written) });
      } catch (error) {
        this.#diagnostics.push(
          `The metric pattern ${written} is not used: ${error instanceof Error ? error.message : String(error)}.`,
        );
      }
    }
  }

  get diagnostics(): readonly string[] {
    return this.#diagnostics;
  }

  /** The groups that matched in each line. Lines must come in order, one call at a time. */
  async match(lines: readonly string[]): Promise<readonly Groups[]> {
    while (this.#patterns.length > 0) {
      const worker = this.#worker ?? (await this.#start());
      this.#worker = worker;
      if (!worker) break;
      worker.ref();
      const found = await this.#ask(worker, lines);
      worker.unref();
      if (found) return found;
      this.#giveUp();
    }
    return lines.map(() => []);
  }

  dispose(): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #start(): Promise<Worker | undefined> {
    this.#current = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(this.#options.workerFile ?? bundleFile('pattern-worker.js'), {
      workerData: {
        patterns: this.#patterns.map((pattern) => pattern.source),
        current: this.#current.buffer as SharedArrayBuffer,
      } satisfies PatternStart,
      resourceLimits: { maxOldGenerationSizeMb: 128 },
    });
    // An error also ends the thread, and the end is what is listened for.
    worker.on('error', (error) => {
      this.#lastError = error instanceof Error ? error.message : String(error);
    });
    // A busy machine starts a thread slowly; that time is not the pattern's.
    if ((await this.#answer(worker, STARTING_MS, (message) => message === 'ready')) !== undefined) return worker;
    this.#diagnostics.push(`No metric pattern is used: their thread did not start (${this.#lastError}).`);
    this.#patterns = [];
    void worker.terminate();
    return undefined;
  }

  async #ask(worker: Worker, lines: readonly string[]): Promise<readonly Groups[] | undefined> {
    this.#batch += 1;
    const id = this.#batch;
    const answer = this.#answer(worker, this.#options.limitMs, (message) => (message as PatternAnswer).id === id);
    worker.postMessage({ id, lines } satisfies PatternBatch);
    return ((await answer) as PatternAnswer | undefined)?.found;
  }

  /** The first message that fits, or undefined when the time is up or the thread has died. */
  #answer(worker: Worker, limitMs: number, fits: (message: unknown) => boolean): Promise<unknown> {
    return new Promise((resolve) => {
      const done = (message: unknown) => {
        timer.dispose();
        worker.off('message', onMessage).off('error', onEnd).off('exit', onEnd);
        resolve(message);
      };
      const onMessage = (message: unknown) => {
        if (fits(message)) done(message);
      };
      const onEnd = () => done(undefined);
      const timer = this.#options.clock.after(limitMs, onEnd);
      worker.on('message', onMessage).on('error', onEnd).on('exit', onEnd);
    });
  }

  #giveUp(): void {
    const index = Atomics.load(this.#current, 0);
    const [pattern] = this.#patterns.splice(Math.min(index, this.#patterns.length - 1), 1);
    this.#diagnostics.push(
      `The metric pattern ${pattern?.written ?? ''} took longer than ${this.#options.limitMs} ms and is not used any ` +
        'more. Write it without nested repeats, such as (a+)+, in research.yaml.',
    );
    this.dispose();
  }
}
