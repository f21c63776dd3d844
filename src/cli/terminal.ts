import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { SingleBar } from 'cli-progress';
import type { Progress } from '../core/research/types.ts';
import { barLine } from './bar.ts';
import { screenText } from './columns.ts';

const DEFAULT_COLUMNS = 80;

/** A progress that ends, and that makes room for what else is written to the same terminal. */
interface Bar extends Progress {
  hide(): void;
  show(): void;
  end(): void;
}

/** What the terminal commands write to and read from. Answers go to stdout, everything else to stderr. */
export class Terminal {
  readonly json: boolean;
  readonly yes: boolean;
  readonly #out: NodeJS.WriteStream;
  readonly #err: NodeJS.WriteStream;
  readonly #in: NodeJS.ReadStream;
  #bar: Bar | undefined;

  constructor(options: { readonly json: boolean; readonly yes: boolean }) {
    this.json = options.json;
    this.yes = options.yes;
    this.#out = process.stdout;
    this.#err = process.stderr;
    this.#in = process.stdin;
  }

  /** Somebody is there to answer. */
  get interactive(): boolean {
    return this.#in.isTTY === true && this.#err.isTTY === true;
  }

  /** Somebody watches the progress: it is a bar there, and may change often. */
  get watched(): boolean {
    return this.#err.isTTY === true;
  }

  /** How wide answers may be; undefined where nobody reads them on a terminal, and everything is printed whole. */
  get width(): number | undefined {
    return this.#out.isTTY ? this.#out.columns || DEFAULT_COLUMNS : undefined;
  }

  /** A line of the answer for a person; nothing under `--json`. */
  say(text: string): void {
    if (!this.json) this.raw(`${screenText(text)}\n`);
  }

  /** The answer for a program: one JSON value on stdout, and only under `--json`. */
  answer(value: unknown): void {
    if (this.json) this.raw(`${JSON.stringify(value, null, 2)}\n`);
  }

  raw(bytes: Uint8Array | string): void {
    this.#apart(() => this.#out.write(bytes));
  }

  note(text: string): void {
    this.#apart(() => this.#err.write(`${screenText(text)}\n`));
  }

  /** A question; undefined where nobody can answer, or where the signal ends it. */
  async ask(question: string, signal?: AbortSignal): Promise<string | undefined> {
    const answer = await this.#read(screenText(question), this.#err, signal);
    return answer?.trim();
  }

  /** As `ask`, for a password: what is typed is not shown. */
  async askSecret(question: string, signal?: AbortSignal): Promise<string | undefined> {
    if (!this.interactive) return undefined;
    this.#bar?.hide();
    this.#err.write(screenText(question));
    const answer = await this.#read('', new Writable({ write: (_chunk, _encoding, done) => done() }), signal);
    this.#err.write('\n');
    this.#bar?.show();
    return answer;
  }

  async #read(question: string, output: NodeJS.WritableStream, signal?: AbortSignal): Promise<string | undefined> {
    if (!this.interactive) return undefined;
    this.#bar?.hide();
    const reader = createInterface({ input: this.#in, output, terminal: true });
    // readline takes Ctrl+C for itself while it reads.
    reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    try {
      return await reader.question(question, signal ? { signal } : {});
    } catch (error) {
      if (signal?.aborted || (error as Error).name === 'AbortError') return undefined;
      throw error;
    } finally {
      reader.close();
      this.#bar?.show();
    }
  }

  /** A bar on a terminal, a line for each step in a pipe. Call `end` when the work is over. */
  progress(): Progress & { end(): void } {
    if (!this.watched) return lines((text) => this.note(text));
    const bar = singleBar(this.#err);
    this.#bar = bar;
    return {
      report: (step) => bar.report(step),
      end: () => {
        bar.end();
        this.#bar = undefined;
      },
    };
  }

  /** Gives the terminal back as it was, from wherever the work is. */
  restore(): void {
    this.#bar?.end();
    this.#bar = undefined;
  }

  #apart(write: () => void): void {
    this.#bar?.hide();
    write();
    this.#bar?.show();
  }
}

function singleBar(stream: NodeJS.WriteStream): Bar {
  let last = { text: '', share: 0 };
  let shown = false;
  const bar = new SingleBar({
    format: () => barLine(last, stream.columns || DEFAULT_COLUMNS),
    hideCursor: true,
    clearOnComplete: true,
    // The line is cut to fit. Switching the terminal's wrapping off would also cut what others write.
    linewrap: true,
    // Ctrl+C is ours.
    gracefulExit: false,
    stream,
  });
  const show = () => {
    if (shown || last.text === '') return;
    shown = true;
    bar.start(1, 0);
  };
  const hide = () => {
    if (shown) bar.stop();
    shown = false;
  };
  return {
    report: ({ text, share }) => {
      last = { text, share: share ?? 0 };
      show();
      bar.update(0);
    },
    show,
    hide,
    end: () => {
      hide();
      last = { text: '', share: 0 };
    },
  };
}

function lines(write: (text: string) => void): Progress & { end(): void } {
  let last = '';
  return {
    report: ({ text }) => {
      if (text !== last) write(text);
      last = text;
    },
    end: () => {},
  };
}
