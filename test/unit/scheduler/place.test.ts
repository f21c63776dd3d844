import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { type BoxLoad, capacity, place, type QueuedRun, whyWaiting } from '../../../src/core/scheduler/index.ts';

function box(name: string, more: Partial<BoxLoad> = {}): BoxLoad {
  return { name, takes: true, slots: () => 2, live: 0, awayHours: 12, warm: false, ...more };
}

function run(id: string, more: Partial<QueuedRun> = {}): QueuedRun {
  return { run: id, gpus: 1, purpose: 'trial', queuedAt: 0, ...more };
}

const boxes = fc.array(
  fc.record({
    live: fc.nat(4),
    slots: fc.nat(3),
    takes: fc.boolean(),
    warm: fc.boolean(),
    seconds: fc.option(fc.integer({ min: 1, max: 90_000 })),
  }),
  { maxLength: 5 },
);
const queue = fc.array(fc.record({ queuedAt: fc.nat(100), baseline: fc.boolean(), wants: fc.option(fc.nat(5)) }), {
  maxLength: 30,
});

describe('placement', () => {
  it('never sends a run twice, to a box that takes none, or past a box’s capacity', () => {
    fc.assert(
      fc.property(boxes, queue, (boxSeeds, runSeeds) => {
        const loads = boxSeeds.map((seed, index) =>
          box(`b${index}`, { ...seed, slots: () => seed.slots, secondsPerRun: seed.seconds ?? undefined }),
        );
        const runs = runSeeds.map((seed, index) =>
          run(`r${index}`, {
            queuedAt: seed.queuedAt,
            purpose: seed.baseline ? 'baseline' : 'trial',
            wants: seed.wants === null ? undefined : `b${seed.wants}`,
          }),
        );
        const placed = place(runs, loads);
        assert.equal(new Set(placed.map((one) => one.run)).size, placed.length);
        for (const load of loads) {
          const own = placed.filter((one) => one.box === load.name);
          if (!load.takes) assert.equal(own.length, 0);
          assert.ok(own.length === 0 || load.live + own.length <= capacity(load, 1));
        }
        for (const one of placed) {
          const wants = runs.find((each) => each.run === one.run)?.wants;
          if (wants !== undefined) assert.equal(one.box, wants);
        }
      }),
    );
  });

  it('leaves no run behind while a box that it may use has room', () => {
    fc.assert(
      fc.property(boxes, queue, (boxSeeds, runSeeds) => {
        const loads = boxSeeds.map((seed, index) => box(`b${index}`, { ...seed, slots: () => seed.slots }));
        const runs = runSeeds.map((seed, index) => run(`r${index}`, { queuedAt: seed.queuedAt }));
        const placed = place(runs, loads);
        if (placed.length === runs.length) return;
        for (const load of loads.filter((one) => one.takes)) {
          const own = placed.filter((one) => one.box === load.name).length;
          assert.ok(load.live + own >= capacity(load, 1), `${load.name} has room`);
        }
      }),
    );
  });

  it('serves baselines first, then first come first served', () => {
    const one = box('one', { slots: () => 1, secondsPerRun: 3600 * 12 });
    const runs = [
      run('late', { queuedAt: 9 }),
      run('early', { queuedAt: 1 }),
      run('base', { queuedAt: 20, purpose: 'baseline' }),
    ];
    assert.deepEqual(
      place(runs, [one]).map((placed) => placed.run),
      ['base', 'early'],
    );
  });

  it('spreads over boxes by load, and prefers the one that has the code', () => {
    const two = [box('a'), box('b', { warm: true })];
    assert.deepEqual(
      place([run('1'), run('2'), run('3')], two).map((placed) => placed.box),
      ['b', 'a', 'b'],
    );
  });

  it('sends ahead as much as the measured time fills', () => {
    assert.equal(capacity(box('a', { secondsPerRun: 3600, awayHours: 12 }), 1), 2 + 24);
    assert.equal(capacity(box('a'), 1), 4, 'a little before anything is measured');
    assert.equal(capacity(box('a', { slots: () => 0 }), 8), 0);
  });

  it('says why a run goes nowhere', () => {
    assert.match(whyWaiting(run('1'), []) ?? '', /Add Box/);
    assert.match(whyWaiting(run('1', { gpus: 8 }), [box('a', { slots: () => 0 })]) ?? '', /8 GPUs/);
    assert.equal(whyWaiting(run('1'), [box('a')]), undefined);
  });
});
