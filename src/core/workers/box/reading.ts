import { HumanError } from '../../domain/index.ts';
import type { Piece, Want } from '../types.ts';

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
