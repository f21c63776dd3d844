import { isEnd, isHumanError, messageOf, type Run } from '../domain/index.ts';
import type { Lease, Schedule } from '../store/index.ts';
import type { Boxes } from './fleet-boxes.ts';
import { isAt, isOverdue, nextTryId, SILENT_MS } from './fleet-rules.ts';
import type { Parts } from './parts.ts';
import { withRetries } from './tries.ts';

/**
 * When a run leaves its box for another, and what becomes of the row it leaves behind. The rules:
 *
 * - A run that waits on a drained box is asked back; it is queued again when the box has confirmed that it dropped it.
 * - A run whose `startBefore` has passed on a box that answers was dropped by its supervisor, which says so.
 * - On a box that is silent, that time alone decides (`isOverdue`), or a person who gives the box up: then nothing can be
 *   confirmed. The row stays live, unreachable and asked to stop, because only the box knows what became of it. If it
 *   finished there all the same, both copies are kept and one counts (`counting.ts`).
 *
 * A move is a new row: next attempt, new id, `retries` the one before. It is written before anything ends the old row, so
 * that whoever waits for this number never finds nothing live in between.
 */
export class Moves {
  readonly #parts: Parts;
  readonly #boxes: Boxes;

  constructor(parts: Parts, boxes: Boxes) {
    this.#parts = parts;
    this.#boxes = boxes;
  }

  /** Queues copies of what cannot begin any more, or was given up, on boxes that say nothing. */
  async moveFromSilent(lease: Lease, live: readonly Run[], schedule: Schedule): Promise<void> {
    const givenUp = new Set(schedule.boxes.filter((box) => box.givenUp).map((box) => box.name));
    for (const run of live) {
      if (run.state === 'queued' || run.box === undefined || run.cancelAsked) continue;
      const gone = givenUp.has(run.box);
      if (!gone && !(this.#isSilent(run) && isOverdue(run, this.#now(), this.#skewOf(run.box)))) continue;
      await this.queueAgain(run, lease, gone);
      await this.#parts.store.takeBackRun(lease, run.id);
    }
  }

  /** Whether nobody on a run's box has answered us for long. */
  #isSilent(run: Run): boolean {
    const entry = this.#boxes.get(run.box ?? '');
    if (!entry || !isAt(run, entry.box.name, entry.address)) return this.#boxes.unreadable === undefined;
    return entry.unreachableSince !== undefined && this.#now() - entry.unreachableSince >= SILENT_MS;
  }

  #skewOf(box: string): number {
    return this.#boxes.get(box)?.report?.clockSkewMs ?? 0;
  }

  /**
   * The next try of a run: same commit, same seed, its place in our queue and the box a person named for it; of a box
   * they gave up, any.
   */
  async queueAgain(run: Run, lease: Lease, anywhere = false): Promise<void> {
    const { base, candidate, purpose, commit, seed, priority, wantsClass, queuedAt } = run;
    const { store } = this.#parts;
    if ((await store.runs({ retries: [run.id] })).length > 0) return;
    const next = { id: nextTryId(run), attempt: run.attempt + 1, retries: run.id };
    const box = anywhere && run.wants === run.box ? undefined : run.wants;
    try {
      await store.addRuns(lease, [
        { base, candidate, purpose, commit, seed, priority, wantsClass, queuedAt, box, ...next },
      ]);
    } catch (error) {
      // Its approval was taken back meanwhile: then it is over.
      if (!isHumanError(error) || error.code !== 'not-approved') throw error;
      this.#parts.log('warn', `run ${run.id} is not tried again: ${messageOf(error)}`);
    }
  }

  /** A run that its box lost gets one more try, however often it was moved. */
  async retryLost(run: Run, lease: Lease): Promise<void> {
    if (run.cancelAsked && !run.moving) return;
    for (let at: Run | undefined = run; at?.retries !== undefined; ) {
      at = await this.#parts.store.run(at.retries);
      if (at?.state === 'lost') return;
    }
    await this.queueAgain(run, lease);
  }

  /** The run ended by itself after all: later tries that have not begun are not needed. */
  async dropLaterTries(run: Run): Promise<void> {
    const { store } = this.#parts;
    const early = new Set(['queued', 'shipping', 'waiting']);
    for (const later of await withRetries(store, [run.id])) {
      if (later.id !== run.id && early.has(later.state)) await store.askToCancelRun(later.id);
    }
  }

  /**
   * Rows that stand still say why: their box is no longer in boxes.yaml, its name stands for another machine by now, or
   * they were moved. A person who cancels what nobody can be asked about gives it up.
   */
  async explain(lease: Lease, live: readonly Run[], schedule: Schedule): Promise<void> {
    const reasons: { run: string; reason: string }[] = [];
    const later = new Map(live.flatMap((run) => (run.retries === undefined ? [] : [[run.retries, run] as const])));
    for (const run of live) {
      if (run.state === 'queued' || run.box === undefined) continue;
      const left = this.#leftBehind(run) ?? this.#givenUpWords(run, schedule);
      if (left !== undefined && run.cancelAsked && !run.moving && this.#boxes.unreadable === undefined) {
        const reason = `Given up. ${left} What it began there may still run.`;
        await this.#parts.store.moveRun(lease, run.id, 'cancelled', { reason, endedAt: this.#now() });
      } else if (run.moving) {
        const reason = movedWords(
          run,
          later.get(run.id) ?? (await this.#parts.store.runs({ retries: [run.id] })).at(-1),
        );
        reasons.push({ run: run.id, reason });
      } else if (left !== undefined && !this.#isFollowed(run)) {
        const reason =
          this.#boxes.unreadable === undefined
            ? `${left} Put it back to follow this run, or cancel the run to give it up.`
            : `${this.#boxes.unreadable}. Mend it, and this run is followed again.`;
        reasons.push({ run: run.id, reason });
      }
    }
    const known = new Map(live.map((run) => [run.id, run.reason]));
    const fresh = reasons.filter(({ run, reason }) => known.get(run) !== reason);
    if (fresh.length > 0) await this.#parts.store.explainRuns(lease, fresh);
  }

  #leftBehind(run: Run): string | undefined {
    const entry = this.#boxes.get(run.box ?? '');
    if (!entry) return `There is no box named ${run.box} in boxes.yaml any more.`;
    if (isAt(run, entry.box.name, entry.address)) return undefined;
    return `${run.box} stands for another machine or folder in boxes.yaml than when this run was sent there.`;
  }

  #isFollowed(run: Run): boolean {
    const entry = this.#boxes.get(run.box ?? '');
    return entry !== undefined && isAt(run, entry.box.name, entry.address);
  }

  /** A box that a person gave up, as long as it is silent: what they cancel there has nobody to confirm it. */
  #givenUpWords(run: Run, schedule: Schedule): string | undefined {
    if (!schedule.boxes.some((box) => box.givenUp && box.name === run.box)) return undefined;
    return this.#boxes.get(run.box ?? '')?.unreachableSince === undefined ? undefined : `You gave ${run.box} up.`;
  }

  #now(): number {
    return this.#parts.system.clock.now();
  }
}

/** What the row of a run says that another one stands in for, or will. */
function movedWords(run: Run, later: Run | undefined): string {
  if (!later) return `Asked back from ${run.box}, to run elsewhere.`;
  const where = later.box === undefined || later.state === 'queued' ? 'the queue' : later.box;
  const ended = isEnd(later.state) ? `, and ended there (${later.state})` : '';
  return `Moved to ${where} as ${later.id}${ended}. ${run.box} is told to drop it when it answers.`;
}

/** What is said of a run that its box dropped, so that it runs elsewhere. */
export function droppedWords(run: Run, expired: boolean): string {
  return expired
    ? `${run.box} had no slot for it in time. It was queued again.`
    : `Taken back from ${run.box}, and queued again.`;
}
