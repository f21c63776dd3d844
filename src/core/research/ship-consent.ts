import { formatSize, messageOf, type RunId } from '../domain/index.ts';
import type { ShipQuestion } from '../workers/index.ts';
import { inputKey } from './consents.ts';
import type { Parts } from './parts.ts';

/** Files that a question names one by one. */
const NAMED = 20;

/**
 * Asks a person before much leaves for a box, once per content and box. The question stands beside the work: what waits
 * for it is tried again later, and finds the answer.
 */
export class ShipConsent {
  readonly #parts: Parts;
  readonly #answered: () => void;
  /** Questions by box and content: the runs that were told no; undefined while nobody has answered. */
  readonly #asked = new Map<string, Set<RunId> | undefined>();

  /** @param answered called when a person said yes */
  constructor(parts: Parts, answered: () => void) {
    this.#parts = parts;
    this.#answered = answered;
  }

  /** Whether it may leave now. A no holds for the runs that it was said of; a new run asks anew. */
  async mayShip(question: ShipQuestion): Promise<boolean> {
    const { consents } = this.#parts;
    const open: ShipQuestion['inputs'][number][] = [];
    for (const input of question.inputs) {
      if (!(await consents.has('inputs', inputKey(question.box, input.sha256)))) open.push(input);
    }
    if (open.length === 0) return true;
    const key = JSON.stringify([question.box, open.map(({ sha256 }) => sha256).sort()]);
    const refused = this.#asked.get(key);
    const answered = !this.#asked.has(key) || refused !== undefined;
    if (answered && !question.runs.every((run) => refused?.has(run))) {
      this.#asked.set(key, undefined);
      void this.#ask(question, open, key, refused);
    }
    return false;
  }

  async #ask(
    question: ShipQuestion,
    open: ShipQuestion['inputs'],
    key: string,
    refused: ReadonlySet<RunId> = new Set(),
  ): Promise<void> {
    const { host, consents, log } = this.#parts;
    const files = open.slice(0, NAMED).map(({ path, bytes }) => `${path} (${formatSize(bytes)})`);
    if (open.length > NAMED) files.push(`and ${open.length - NAMED} more`);
    const yes = await host
      .confirm({
        kind: 'ship-inputs',
        message: `Send ${formatSize(question.bytes)} of inputs to ${question.box}?`,
        detail: `${files.join('\n')}\n\nThey are sent once; later runs find them there.`,
        yes: 'Send Them',
      })
      .catch((error: unknown) => {
        log('warn', `inputs for ${question.box}: ${messageOf(error)}`);
        return false;
      });
    if (!yes) {
      this.#asked.set(key, new Set([...refused, ...question.runs]));
      return;
    }
    for (const { sha256 } of open) await consents.give('inputs', inputKey(question.box, sha256));
    this.#asked.delete(key);
    this.#answered();
  }
}
