import { type BoxLoad, type Known, place, type QueuedRun } from '../../src/core/scheduler/index.ts';
import { median, printRatio } from './measure.ts';

const RUNS = 10_000;
const BOXES = 100;
const ROUNDS = 5;

/** Four kinds of hardware, one to eight GPUs, some at work; a queue of baselines and trials of one to four GPUs. */
function scene(): { readonly queue: readonly QueuedRun[]; readonly boxes: readonly BoxLoad[]; readonly known: Known } {
  const kinds = ['H100', 'A100', 'L40S', 'RTX 4090'];
  const boxes = Array.from({ length: BOXES }, (_, index): BoxLoad => {
    const gpus = 1 + (index % 8);
    return {
      name: `box-${String(index).padStart(3, '0')}`,
      takes: index % 17 !== 0,
      gpus,
      cpuSlots: 2,
      live: Array.from({ length: index % (gpus + 2) }, (_, at) => ({ gpus: 1, waits: at >= gpus, seconds: 900 })),
      awayHours: 12,
      hardware: kinds[index % kinds.length] ?? '',
      code: index % 3 === 0,
      setups: new Set(index % 5 === 0 ? ['env'] : []),
    };
  });
  const queue = Array.from(
    { length: RUNS },
    (_, index): QueuedRun => ({
      run: `run-${String((index * 7919) % RUNS).padStart(6, '0')}`,
      base: 1,
      gpus: index % 20 === 0 ? 4 : index % 7 === 0 ? 2 : 1,
      purpose: index % 50 === 0 ? 'baseline' : 'trial',
      queuedAt: (index * 31) % 1000,
      priority: index % 100 === 0 ? 1 : 0,
      setup: 'env',
      ...(index % 250 === 0 ? { wants: `box-${String(index % BOXES).padStart(3, '0')}` } : {}),
    }),
  );
  const known: Known = { seconds: (_, kind) => (kind.startsWith('H100') ? 1800 : 3600), baseline: () => true };
  return { queue, boxes, known };
}

/** As it was: every run filters and sorts all boxes, and slots are counted in runs of its own size. */
function before(queue: readonly QueuedRun[], boxes: readonly BoxLoad[], known: Known): number {
  const live = new Map(boxes.map((box) => [box.name, box.live.length]));
  const slots = (box: BoxLoad, gpus: number) => Math.floor(box.gpus / gpus);
  const capacity = (box: BoxLoad, run: QueuedRun) => {
    const own = slots(box, run.gpus);
    const seconds = known.seconds(run.base, box.hardware) ?? 1;
    return own === 0 ? 0 : own + Math.floor((box.awayHours * 3600 * own) / Math.max(1, seconds));
  };
  let placed = 0;
  const order = queue.toSorted(
    (a, b) =>
      Number(b.purpose === 'baseline') - Number(a.purpose === 'baseline') ||
      a.queuedAt - b.queuedAt ||
      (a.run < b.run ? -1 : 1),
  );
  for (const run of order) {
    const load = (box: BoxLoad) => (live.get(box.name) ?? 0) / slots(box, run.gpus);
    const [box] = boxes
      .filter((one) => one.takes && (run.wants === undefined || run.wants === one.name))
      .filter((one) => (live.get(one.name) ?? 0) < capacity(one, run))
      .sort((a, b) => load(a) - load(b) || Number(b.code) - Number(a.code) || (a.name < b.name ? -1 : 1));
    if (!box) continue;
    live.set(box.name, (live.get(box.name) ?? 0) + 1);
    placed += 1;
  }
  return placed;
}

function time(work: () => number): { readonly ms: number; readonly placed: number } {
  const start = performance.now();
  const placed = work();
  return { ms: performance.now() - start, placed };
}

/**
 * Deciding where 10,000 waiting runs go, on 100 boxes: ours against the way it was decided before, which filtered and
 * sorted all boxes for every run. Both in the same run, the same queue and the same boxes.
 */
export function schedule(): void {
  const { queue, boxes, known } = scene();
  const ours: number[] = [];
  const theirs: number[] = [];
  let placed = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const mine = time(() => place(queue, boxes, known).length);
    placed = mine.placed;
    ours.push(mine.ms);
    theirs.push(time(() => before(queue, boxes, known)).ms);
  }
  const half = time(() => place(queue.slice(0, RUNS / 2), boxes, known).length).ms;
  console.log(`placing ${RUNS} runs on ${BOXES} simulated boxes, median of ${ROUNDS}`);
  printRatio('a decision', median(ours), { name: 'filter and sort for each run', value: median(theirs) }, 'ms');
  console.log(`  ${placed} sent; ${RUNS / 2} runs take ${half.toFixed(0)} ms`);
}
