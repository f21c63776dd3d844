import { createInterface } from 'node:readline/promises';
import type { Writable } from 'node:stream';
import { Presets, SingleBar } from 'cli-progress';
import colors from 'picocolors';
import type { Progress } from '../core/research/types.ts';

/** What the terminal commands write to and read from. Answers go to stdout, everything else to stderr. */
export class Terminal {
  readonly json: boolean;
  readonly yes: boolean;
  readonly #out: NodeJS.WriteStream;
  readonly #err: NodeJS.WriteStream;
  readonly #in: NodeJS.ReadStream;

  constructor(options: { readonly json: boolean; readonly yes: boolean }) {
    this.json = options.json;
    this.yes = options.yes;
    this.#out = process.stdout;
    this.#err = process.stderr;
    this.#in = process.stdin;
  }

  get interactive(): boolean {
    return this.#in.isTTY === true && this.#err.isTTY === true;
  }

  /** A line of the answer for a person; nothing under `--json`. */
  say(text: string): void {
    if (!this.json) this.#out.write(`${text}\n`);
  }

  /** The answer for a program: one JSON value on stdout, and only under `--json`. */
  answer(value: unknown): void {
    if (this.json) this.#out.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  raw(bytes: Uint8Array | string): void {
    this.#out.write(bytes);
  }

  note(text: string): void {
    this.#err.write(`${text}\n`);
  }

  /** A yes-or-no question; undefined where nobody can answer. */
  async ask(question: string): Promise<string | undefined> {
    if (!this.interactive) return undefined;
    const reader = createInterface({ input: this.#in, output: this.#err as Writable });
    try {
      return (await reader.question(question)).trim();
    } finally {
      reader.close();
    }
  }

  /** A bar on a terminal, a line for each step in a pipe. Call `end` when the work is over. */
  progress(): Progress & { end(): void } {
    return this.#err.isTTY ? bar(this.#err) : lines((text) => this.note(text));
  }
}

function bar(stream: NodeJS.WriteStream): Progress & { end(): void } {
  const single = new SingleBar(
    {
      format: ` {bar} {percentage}% {text}`,
      hideCursor: true,
      clearOnComplete: true,
      barsize: 24,
      stream,
      linewrap: false,
    },
    Presets.shades_classic,
  );
  single.start(1000, 0, { text: '' });
  return {
    report: ({ text, share }) => single.update(Math.round((share ?? 0) * 1000), { text: colors.dim(text) }),
    end: () => single.stop(),
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
