/**
 * What each cell of the fault matrix must come to. Written before the code that runs it: a cell that ends otherwise is
 * a fault of the product, and this table changes only together with the design.
 *
 * `done`: the run itself ends as its process did (here: `succeeded`), launched once.
 * `lost`: the run ends `lost`, and its next attempt, queued by itself, ends as the process did.
 *
 * In both, the log of the attempt that ended is on this machine byte for byte as on the box and as the process printed
 * it, nothing of any attempt runs on, and every lock of the box is free.
 */
export const STATES = ['shipping', 'waiting', 'preparing', 'running', 'finishing'] as const;
export type HeldState = (typeof STATES)[number];

export const FAULTS = [
  'driver killed',
  'link dropped',
  'link frozen',
  'sshd restarted',
  'supervisor killed',
  'rebooted',
  'folder deleted',
  'disk full',
  'answer cut',
  'clock jumps',
] as const;
export type Fault = (typeof FAULTS)[number];

export type Ending = 'done' | 'lost';

export interface Cell {
  readonly ends: Ending;
  /** Where the end does not follow from the rule that only a lost owner, boot or folder may lose a run. */
  readonly why?: string;
}

const done: Cell = { ends: 'done' };
const lost: Cell = { ends: 'lost' };
const all = (cell: Cell): Readonly<Record<HeldState, Cell>> => ({
  shipping: cell,
  waiting: cell,
  preparing: cell,
  running: cell,
  finishing: cell,
});

export const EXPECTED: Readonly<Record<Fault, Readonly<Record<HeldState, Cell>>>> = {
  // The run belongs to its box. The next driver asks the box of the row, which was written before the first byte left.
  'driver killed': all(done),
  'link dropped': all(done),
  'link frozen': all(done),
  'sshd restarted': all(done),
  'supervisor killed': {
    ...all(lost),
    shipping: {
      ends: 'done',
      why: 'There is no supervisor yet. What receives the run is killed instead; nothing was started, so it is sent again.',
    },
  },
  rebooted: {
    ...all(lost),
    waiting: {
      ends: 'lost',
      why: 'Nothing of the process is lost, but its place in the queue is gone with its owner, and secrets were only in the owner’s memory: it has to be sent again, as a new attempt.',
    },
    shipping: { ends: 'done', why: 'Nothing owns the run yet, so nothing is lost: it is sent again.' },
  },
  'folder deleted': {
    ...all(lost),
    shipping: { ends: 'done', why: 'Nothing owns the run yet, so nothing is lost: it is sent again.' },
    finishing: {
      ends: 'lost',
      why: 'The process has ended, but the number that counts comes from evaluate, whose code and log were in that folder.',
    },
  },
  // Room is made again after the fault was met. Where the process itself prints while there is no room, its bytes are
  // lost in principle and it fails with `disk-full`: test/boxes/ssh/disk.test.ts. Here it stands still meanwhile.
  'disk full': {
    shipping: {
      ends: 'done',
      why: 'The box refuses it (`box-disk-full`). A full disk is the box’s trouble and passes: the run says so and is sent again, or one bad night would fail a whole queue.',
    },
    waiting: { ends: 'done', why: 'Waiting needs no room.' },
    preparing: { ends: 'done', why: 'The code was written before; setup prints after there is room again.' },
    running: done,
    finishing: done,
  },
  // An answer without its last line is no answer, also when its exit code is 0: it is asked again.
  'answer cut': all(done),
  // Three hours forward, then back. A clock that is set is no time that a run has used: the timeout is five minutes.
  'clock jumps': all(done),
};

/** What runs by default: each fault once, each state twice. `FULL=1` runs every cell. */
export const SAMPLE: Readonly<Record<Fault, HeldState>> = {
  'driver killed': 'preparing',
  'link dropped': 'shipping',
  'link frozen': 'running',
  'sshd restarted': 'waiting',
  'supervisor killed': 'finishing',
  rebooted: 'preparing',
  'folder deleted': 'waiting',
  'disk full': 'shipping',
  'answer cut': 'finishing',
  'clock jumps': 'running',
};
