import type { Purpose } from '../domain/index.ts';
import { Heap } from './heap.ts';
import { Room } from './room.ts';
import { type BoxLoad, classOf, type Known, type Placement, type QueuedRun } from './types.ts';

/** What is missing on a box, in seconds of waiting that are as bad. The code is sent in seconds. */
const NO_CODE_S = 5;
/** Setup builds an environment: minutes for a torch one, and it is built under a lock. */
const NO_SETUP_S = 600;
/** A class without a baseline compares with nothing until one has run there: three seeds by default. */
const BASELINE_SEEDS = 3;
const UNKNOWN_RUN_S = 3600;

/** Runs that are the same to the decision: they want the same boxes and like the same ones best. */
interface Kind {
  readonly gpus: number;
  readonly boxes: Heap<Ranked>;
}

/** A box in the order of one kind of runs. */
interface Ranked {
  readonly room: Room;
  readonly seconds: number | undefined;
  /** Seconds of waiting that what is missing there is worth. */
  readonly missing: number;
  rank: Rank;
}

type Rank = readonly [startsNow: number, seconds: number, name: string];

/** A patch waits for its smoke run, which is short; without a baseline no result says anything. */
function turnOf(purpose: Purpose): number {
  return purpose === 'smoke' ? 0 : purpose === 'baseline' ? 1 : 2;
}

/** Which of two waiting runs goes first: the higher priority, smoke runs, baselines, then first come first served. */
export function inOrder(a: QueuedRun, b: QueuedRun): number {
  return (
    b.priority - a.priority ||
    turnOf(a.purpose) - turnOf(b.purpose) ||
    a.queuedAt - b.queuedAt ||
    (a.run < b.run ? -1 : a.run > b.run ? 1 : 0)
  );
}

/**
 * Decides which waiting run goes to which box, in `inOrder`. A run goes to a box that has free slots for it, else to the
 * one where it begins soonest; where boxes are alike in that, to one whose class has a baseline, that has the
 * environment, that has the code; then to the emptier one. A run that no box takes now waits, and those behind it do
 * not take its place: a box is open to all sizes or to none.
 *
 * Pure: nothing but its arguments decides, in whatever order they come. Near-linear in runs: a placement makes a box
 * only worse, so each kind of run keeps its boxes in a heap and looks again only at the one on top.
 */
export function place(queue: readonly QueuedRun[], boxes: readonly BoxLoad[], known: Known): Placement[] {
  const rooms = boxes.filter((box) => box.takes).map((box) => new Room(box));
  const kinds = new Map<string, Kind>();
  const placements: Placement[] = [];
  for (const run of queue.toSorted(inOrder)) {
    const key = kindOf(run);
    let kind = kinds.get(key);
    if (!kind) {
      kind = makeKind(run, rooms, known);
      kinds.set(key, kind);
    }
    const best = takeBest(kind);
    if (!best) continue;
    const { room } = best;
    const wait = room.startsNow(run.gpus) ? 0 : room.wait(run.gpus);
    room.take(run.gpus, best.seconds);
    placements.push({ run: run.run, box: room.box.name, wait });
  }
  return placements;
}

function kindOf({ base, wants, wantsClass, gpus, purpose, setup }: QueuedRun): string {
  return JSON.stringify([base, wants, wantsClass, gpus, purpose === 'trial', setup]);
}

function makeKind(run: QueuedRun, rooms: readonly Room[], known: Known): Kind {
  const ranked = rooms
    .filter((room) => mayRun(run, room.box) && room.fits(run.gpus))
    .map((room): Ranked => {
      const { box } = room;
      const comparisonClass = classOf(box.hardware, run.gpus);
      const seconds = known.seconds(run.base, comparisonClass);
      const lacksBaseline = run.purpose === 'trial' && !known.baseline(run.base, comparisonClass);
      const missing =
        (box.code ? 0 : NO_CODE_S) +
        (run.setup === undefined || box.setups.has(run.setup) ? 0 : NO_SETUP_S) +
        (lacksBaseline ? BASELINE_SEEDS * (seconds ?? UNKNOWN_RUN_S) : 0);
      return { room, seconds, missing, rank: rankOf(room, run.gpus, missing) };
    });
  return { gpus: run.gpus, boxes: new Heap(ranked, (a, b) => compareRanks(a.rank, b.rank)) };
}

/** Whether a run may go to a box at all, apart from room. */
export function mayRun(run: QueuedRun, box: BoxLoad): boolean {
  if (run.wants !== undefined && run.wants !== box.name) return false;
  return run.wantsClass === undefined || run.wantsClass === classOf(box.hardware, run.gpus);
}

function takeBest({ gpus, boxes }: Kind): Ranked | undefined {
  for (let top = boxes.top; top; top = boxes.top) {
    // Full boxes stay full: nothing is taken off them while runs are placed.
    if (!top.room.isOpen(gpus)) {
      boxes.drop();
      continue;
    }
    const now = rankOf(top.room, gpus, top.missing);
    if (compareRanks(now, top.rank) === 0) return top;
    top.rank = now;
    boxes.sink();
  }
  return undefined;
}

function rankOf(room: Room, gpus: number, missing: number): Rank {
  if (room.startsNow(gpus)) return [0, missing + room.used(gpus), room.box.name];
  return [1, missing + room.wait(gpus), room.box.name];
}

function compareRanks(a: Rank, b: Rank): number {
  return a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : 0);
}
