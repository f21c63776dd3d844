import { HumanError, isRunId, type RunId } from '../../domain/index.ts';
import type { Artifact, Leftover, Piece, Want } from '../types.ts';

/** What `read.sh` takes on stdin. */
export function wantLines(wants: readonly Want[]): Buffer {
  for (const { file } of wants) {
    if (/[\n\0]/.test(file)) throw new Error(`Not a file of a run: ${JSON.stringify(file)}`);
  }
  return Buffer.from(
    wants.map(({ run, file, offset, limit }) => `${run} ${offset} ${limit} ${file}|\n`).join(''),
    'utf8',
  );
}

/** The frames of `read.sh`; undefined where the answer was cut, or a file shrank while it was read. */
export function parsePieces(answer: Buffer, count: number): Piece[] | undefined {
  const pieces: Piece[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const end = answer.indexOf(0x0a, at);
    const head = end < 0 ? null : /^(-1|\d{1,16}) (\d{1,16})$/.exec(answer.toString('latin1', at, end));
    if (!head) return undefined;
    const length = Number(head[2]);
    const bytes = answer.subarray(end + 1, end + 1 + length);
    at = end + 1 + length;
    if (bytes.length !== length || answer[at] !== 0x0a) return undefined;
    at += 1;
    pieces.push({ size: Number(head[1]), bytes });
  }
  return answer.toString('latin1', at) === 'END\n' ? pieces : undefined;
}

/** The lines of an answer before its END; undefined where it was cut. */
function linesOf(answer: string): string[] | undefined {
  const lines = answer.split('\n');
  const end = lines.lastIndexOf('END');
  return end < 0 ? undefined : lines.slice(0, end);
}

/** `list.sh`. */
export function parseArtifacts(answer: string): Artifact[] | undefined {
  return linesOf(answer)?.flatMap((line) => {
    const [, size = '', path = ''] = /^(\d+) (.+)$/.exec(line) ?? [];
    return path === '' ? [] : [{ path, size: Number(size) }];
  });
}

/** `list.sh` with `sums`. */
export function parseSums(answer: string): Map<string, string> | undefined {
  const pairs = linesOf(answer)?.flatMap((line): [string, string][] => {
    const [, sum = '', path = ''] = /^([0-9a-f]{64}) (.+)$/.exec(line) ?? [];
    return path === '' ? [] : [[path, sum]];
  });
  return pairs && new Map(pairs);
}

/** `sizes.sh`. */
export function parseSizes(answer: string): Map<RunId, number> | undefined {
  const pairs = linesOf(answer)?.flatMap((line): [RunId, number][] => {
    const [run = '', kib = ''] = line.split(' ');
    return isRunId(run) && /^\d+$/.test(kib) ? [[run, Number(kib) * 1024]] : [];
  });
  return pairs && new Map(pairs);
}

/** `caches.sh`. */
export function parseLeftovers(answer: string): Leftover[] | undefined {
  return linesOf(answer)?.flatMap((line) => {
    const [, kind = '', count = '', kib = ''] = /^(env|inputs|bin|repo|trash) (\d+) (\d+)$/.exec(line) ?? [];
    return kind === '' ? [] : [{ kind: kind as Leftover['kind'], count: Number(count), bytes: Number(kib) * 1024 }];
  });
}

const BEGIN = 'FOLLOW\n';
/** What a login shell may say before the answer begins. */
const MAX_NOISE = 64 * 1024;

/** The answer of `follow.sh` as it comes: what stands before its first line is not the log's. */
export class FollowStream {
  readonly #mark: Buffer;
  readonly #onBytes: (bytes: Buffer) => void;
  readonly #fail: (error: Error) => void;
  readonly #where: string;
  #before: Buffer = Buffer.alloc(0);
  #begun = false;

  constructor(nonce: string, onBytes: (bytes: Buffer) => void, fail: (error: Error) => void, where: string) {
    this.#mark = Buffer.from(`${nonce}\n${BEGIN}`);
    this.#onBytes = onBytes;
    this.#fail = fail;
    this.#where = where;
  }

  /** Whether the log's own bytes have begun. */
  get begun(): boolean {
    return this.#begun;
  }

  take(chunk: Buffer): void {
    if (this.#begun) {
      this.#onBytes(chunk);
      return;
    }
    this.#before = Buffer.concat([this.#before, chunk]);
    const at = this.#before.indexOf(this.#mark);
    if (at < 0) {
      if (this.#before.length > MAX_NOISE) this.#fail(this.#noise());
      return;
    }
    this.#begun = true;
    const rest = this.#before.subarray(at + this.#mark.length);
    this.#before = Buffer.alloc(0);
    if (rest.length > 0) this.#onBytes(rest);
  }

  hear(chunk: Buffer): void {
    if (!this.#begun || !chunk.includes('truncated')) return;
    this.#fail(
      new HumanError(`A log on ${this.#where} was truncated while it was followed.`, { code: 'log-truncated' }),
    );
  }

  #noise(): HumanError {
    return new HumanError(`${this.#where} says too much before a command begins; its shell may start a program.`, {
      code: 'box-failed',
    });
  }
}
