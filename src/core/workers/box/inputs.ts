import { HumanError, type RunId } from '../../domain/index.ts';
import type { Files } from '../../system/index.ts';
import type { Shipment, SubmitOptions } from '../types.ts';
import { throwForAnswer } from './answers.ts';
import type { BoxCalls } from './calls.ts';

const CHUNK = 1024 * 1024;

/** Sends the untracked files that runs need, each content once. */
export class InputSender {
  readonly #calls: BoxCalls;
  readonly #files: Files;

  constructor(calls: BoxCalls, files: Files) {
    this.#calls = calls;
    this.#files = files;
  }

  /** Sends what the box wants. Gives an error for each run whose input could not be sent. */
  async send(
    shipments: readonly Shipment[],
    want: readonly string[],
    options: SubmitOptions,
  ): Promise<Map<RunId, HumanError>> {
    for (const sha256 of want) await this.#put(shipments, sha256, options.signal);
    return new Map();
  }

  async #put(shipments: readonly Shipment[], sha256: string, signal?: AbortSignal): Promise<void> {
    const files = this.#files;
    const source = shipments.flatMap(({ inputs }) => inputs).find((input) => input.sha256 === sha256);
    if (!source) throw this.#calls.cut();
    async function* bytes(file: string) {
      for (let offset = 0; ; ) {
        const chunk = await files.readRange(file, offset, CHUNK);
        if (chunk.length === 0) return;
        offset += chunk.length;
        yield chunk;
      }
    }
    const answer = await this.#calls.text('put-input', [sha256], { input: () => bytes(source.source), signal });
    throwForAnswer(answer, this.#calls.where);
    if (answer.includes('DIFFERENT')) {
      throw new HumanError(
        `The input ${source.path} changed while it was sent to ${this.#calls.where}. Run it again.`,
        {
          code: 'input-changed',
        },
      );
    }
    if (!answer.includes('TAKEN')) throw this.#calls.cut();
  }
}
