import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  type BoxLoad,
  classOf,
  inOrder,
  type Known,
  type Placement,
  place,
  type QueuedRun,
  Room,
  whyWaiting,
} from '../../../src/core/scheduler/index.ts';

const NOTHING: Known = { seconds: () => undefined, baseline: () => true };

function box(name: string, more: Partial<BoxLoad> = {}): BoxLoad {
  const plain = {
    gpus: 2,
    cpuSlots: 1,
    live: [],
    awayHours: 12,
    hardware: 'H100',
    code: true,
    setups: new Set<string>(),
  };
  return { name, takes: true, ...plain, ...more };
}

function run(id: string, more: Partial<QueuedRun> = {}): QueuedRun {
  return { run: id, base: 1, gpus: 1, purpose: 'trial', queuedAt: 0, priority: 0, ...more };
}

const boxes: fc.Arbitrary<BoxLoad[]> = fc
  .array(
    fc.record({
      gpus: fc.nat(8),
      cpuSlots: fc.nat(2),
      takes: fc.boolean(),
      code: fc.boolean(),
      maxJobs: fc.option(fc.nat(4), { nil: undefined, freq: 5 }),
      awayHours: fc.constantFrom(0.5, 12),
      hardware: fc.constantFrom('H100', 'A100'),
      setups: fc.constantFrom(new Set<string>(), new Set(['env'])),
      live: fc.array(
        fc.record({
          gpus: fc.nat(4),
          waits: fc.boolean(),
          seconds: fc.option(fc.integer({ min: 1, max: 90_000 }), { nil: undefined }),
        }),
        { maxLength: 4 },
      ),
    }),
    { maxLength: 5 },
  )
  .map((seeds) => seeds.map((seed, index) => box(`b${index}`, seed)));

const queue: fc.Arbitrary<QueuedRun[]> = fc
  .array(
    fc.record({
      queuedAt: fc.nat(5),
      priority: fc.integer({ min: -1, max: 1 }),
      purpose: fc.constantFrom('baseline', 'trial'),
      wants: fc.option(fc.constantFrom('b0', 'b1', 'gone'), { nil: undefined, freq: 4 }),
      wantsClass: fc.option(fc.constantFrom('H100', 'A100'), { nil: undefined, freq: 4 }),
      gpus: fc.constantFrom(0, 1, 1, 2, 4, 8),
      base: fc.constantFrom(1, 2),
      setup: fc.constantFrom(undefined, 'env'),
    }),
    { maxLength: 40 },
  )
  .map((seeds) => seeds.map((seed, index) => run(`r${String(index).padStart(2, '0')}`, seed)));

/** Base 1 was measured on H100s, base 2 nowhere; only base 1 has a baseline, on A100s. */
const known: Known = {
  seconds: (base, kind) => (base === 1 && kind.startsWith('H100') ? 3600 : undefined),
  baseline: (base, kind) => base === 1 && kind.startsWith('A100'),
};

/** Sends placements one after another into the boxes, and gives each box's room as each run found it. */
function replay(runs: readonly QueuedRun[], loads: readonly BoxLoad[], placed: readonly Placement[]) {
  const rooms = new Map(loads.map((load) => [load.name, new Room(load)]));
  return {
    rooms,
    steps: placed.map(({ run: id, box: name }) => {
      const wanted = runs.find((one) => one.run === id);
      const room = rooms.get(name);
      assert.ok(wanted && room, `${id} on ${name}`);
      const open = room.isOpen(wanted.gpus);
      const waits = !room.startsNow(wanted.gpus);
      room.take(wanted.gpus, known.seconds(wanted.base, classOf(room.box.hardware, wanted.gpus)));
      return { wanted, room, open, waits };
    }),
  };
}

describe('placement', () => {
  it('never sends a run twice, past a box’s room, or to a box that is drained, unfit or not wanted', () => {
    fc.assert(
      fc.property(boxes, queue, (loads, runs) => {
        const placed = place(runs, loads, known);
        assert.equal(new Set(placed.map((one) => one.run)).size, placed.length);
        for (const { wanted, room, open } of replay(runs, loads, placed).steps) {
          assert.ok(room.box.takes);
          assert.ok(open, `${room.box.name} had room for ${wanted.run}`);
          assert.ok(room.box.maxJobs !== undefined || wanted.gpus <= room.box.gpus);
          assert.ok(wanted.gpus > 0 || room.box.maxJobs !== undefined || room.box.cpuSlots > 0);
          assert.ok(wanted.wants === undefined || wanted.wants === room.box.name);
          assert.ok(wanted.wantsClass === undefined || wanted.wantsClass === classOf(room.box.hardware, wanted.gpus));
        }
        for (const load of loads.filter((one) => one.maxJobs !== undefined)) {
          const own = placed.filter((one) => one.box === load.name).length;
          assert.ok(own === 0 || load.live.length + own <= (load.maxJobs ?? 0));
        }
      }),
    );
  });

  it('never has more GPUs at work than there are, however runs of one and of several mix', () => {
    fc.assert(
      fc.property(boxes, queue, (loads, runs) => {
        const idle = loads.map((load) => ({ ...load, live: [], maxJobs: undefined }));
        const { steps } = replay(runs, idle, place(runs, idle, known));
        for (const load of idle) {
          const own = steps.filter(({ room, wanted }) => room.box.name === load.name && wanted.gpus > 0);
          const atOnce = own.filter(({ waits }) => !waits).reduce((sum, { wanted }) => sum + wanted.gpus, 0);
          assert.ok(atOnce <= load.gpus);
        }
      }),
    );
  });

  it('leaves no run behind while a box that it may use has room, and no slot idle that a run would fit', () => {
    fc.assert(
      fc.property(boxes, queue, (loads, runs) => {
        const placed = place(runs, loads, known);
        const sent = new Set(placed.map((one) => one.run));
        const { rooms } = replay(runs, loads, placed);
        for (const left of runs.filter((one) => !sent.has(one.run))) {
          for (const load of loads) {
            const may =
              load.takes &&
              (left.wants ?? load.name) === load.name &&
              (left.wantsClass === undefined || left.wantsClass === classOf(load.hardware, left.gpus));
            const room = rooms.get(load.name);
            if (!may || !room?.fits(left.gpus)) continue;
            assert.ok(!room.isOpen(left.gpus), `${load.name} has room for ${left.run}`);
            assert.ok(!room.startsNow(left.gpus), `${load.name} has a free slot for ${left.run}`);
          }
        }
      }),
    );
  });

  it('serves by priority, then baselines, then first come first served', () => {
    fc.assert(
      fc.property(boxes, queue, (loads, runs) => {
        const placed = place(runs, loads, known).map((one) => one.run);
        const order = runs.toSorted(inOrder).map((one) => one.run);
        assert.deepEqual(
          placed,
          order.filter((id) => placed.includes(id)),
        );
        // A run that goes first and could use a box as well is not passed over for one behind it.
        const same = (a: QueuedRun, b: QueuedRun) =>
          a.gpus === b.gpus && a.base === b.base && a.wants === b.wants && a.wantsClass === b.wantsClass;
        for (const [index, id] of order.entries()) {
          if (placed.includes(id)) continue;
          const first = runs.find((one) => one.run === id);
          for (const later of order.slice(index + 1)) {
            const behind = runs.find((one) => one.run === later);
            if (first && behind && same(first, behind)) assert.ok(!placed.includes(later), `${later} before ${id}`);
          }
        }
      }),
    );
    const full = box('one', { gpus: 1, live: [{ gpus: 1, waits: false }] });
    const runs = [
      run('late', { queuedAt: 9 }),
      run('early', { queuedAt: 1 }),
      run('base', { queuedAt: 20, purpose: 'baseline' }),
      run('urgent', { queuedAt: 30, priority: 1 }),
    ];
    const orders = runs.toSorted(inOrder).map((one) => one.run);
    assert.deepEqual(orders, ['urgent', 'base', 'early', 'late']);
    assert.deepEqual(
      place(runs, [full], NOTHING).map((one) => one.run),
      ['urgent'],
    );
  });

  it('gives the same in whatever order runs and boxes are listed', () => {
    fc.assert(
      fc.property(boxes, queue, fc.nat(), fc.nat(), (loads, runs, turnRuns, turnBoxes) => {
        const turn = <T>(list: readonly T[], by: number) => {
          const at = list.length === 0 ? 0 : by % list.length;
          return [...list.slice(at), ...list.slice(0, at)].reverse();
        };
        assert.deepEqual(place(turn(runs, turnRuns), turn(loads, turnBoxes), known), place(runs, loads, known));
      }),
    );
  });

  it('places no fewer runs with one box more', () => {
    fc.assert(
      fc.property(boxes, boxes, queue, (loads, more, runs) => {
        const extra = more.map((load, index) => ({ ...load, name: `more${index}` }));
        assert.ok(place(runs, [...loads, ...extra], known).length >= place(runs, loads, known).length);
      }),
      { numRuns: 2000 },
    );
  });

  it('counts GPUs and not runs: what a large run takes is not there for small ones', () => {
    const wide = box('wide', { gpus: 4, awayHours: 1 });
    const mixed = [run('1', { gpus: 3 }), run('2'), run('3'), run('4')];
    assert.deepEqual(
      place(mixed, [wide], NOTHING).map((one) => [one.run, one.wait]),
      [
        ['1', 0],
        ['2', 0],
        ['3', 0],
        ['4', 900],
      ],
    );
  });

  it('lets a large run begin in its turn, however many small ones come behind it', () => {
    const busy = box('busy', { gpus: 4, live: [1, 2, 3, 4].map(() => ({ gpus: 1, waits: false })) });
    const small = Array.from({ length: 20 }, (_, index) => run(`s${index}`, { queuedAt: 2 }));
    const [first] = place([...small, run('large', { gpus: 4, queuedAt: 1 })], [busy], NOTHING);
    assert.equal(first?.run, 'large');
  });

  it('fills free slots first, then spreads by what waits', () => {
    const two = [box('a'), box('b', { gpus: 1 })];
    assert.deepEqual(
      place(
        ['1', '2', '3', '4', '5', '6', '7'].map((id) => run(id)),
        two,
        NOTHING,
      ).map((one) => one.box),
      ['a', 'b', 'a', 'a', 'b', 'a'],
    );
  });

  it('prefers boxes with a baseline, then with the environment, then with the code', () => {
    const at = (more: readonly Partial<BoxLoad>[], over: Partial<Known> = {}, wanted: Partial<QueuedRun> = {}) =>
      place(
        [run('1', { setup: 'env', ...wanted })],
        more.map((one, index) => box(`b${index}`, one)),
        { ...NOTHING, ...over },
      )[0]?.box;
    const built = new Set(['env']);
    assert.equal(at([{ code: false, setups: built }, { setups: built }]), 'b1', 'the code');
    assert.equal(at([{}, { code: false, setups: built }]), 'b1', 'the environment before the code');
    const baseline = (_: number, kind: string) => kind === 'A100';
    const boxesOf = [{ setups: built }, { hardware: 'A100', code: false }];
    assert.equal(at(boxesOf, { baseline }), 'b1', 'the baseline before the environment');
    assert.equal(at(boxesOf, { baseline }, { purpose: 'baseline' }), 'b0', 'a baseline needs none');
    const taken = { hardware: 'A100', live: [{ gpus: 2, waits: false }] };
    assert.equal(at([{}, taken], { baseline }), 'b0', 'but a free slot is used');
  });

  it('sends ahead as much as away_hours of measured time', () => {
    const hour: Known = { ...NOTHING, seconds: () => 3600 };
    const many = Array.from({ length: 100 }, (_, index) => run(`r${index}`, { queuedAt: index }));
    const placed = place(many, [box('a')], hour);
    assert.equal(placed.length, 2 + 24, 'two that run, and twelve hours for each GPU');
    assert.ok(placed.every((one) => one.wait < 12 * 3600));
    assert.equal(place(many, [box('a')], NOTHING).length, 4, 'one behind each slot before anything is measured');
    assert.equal(place(many, [box('a', { maxJobs: 16 })], hour).length, 16, 'a cluster has its own limit');
  });

  it('says why a run goes nowhere', () => {
    assert.match(whyWaiting(run('1'), []) ?? '', /Add Box/);
    assert.match(whyWaiting(run('1', { gpus: 8 }), [box('a')]) ?? '', /8 GPUs/);
    assert.match(whyWaiting(run('1'), [box('a', { takes: false, why: 'a is drained.' })]) ?? '', /drained/);
    assert.match(whyWaiting(run('1', { wantsClass: 'B200' }), [box('a')]) ?? '', /B200/);
    assert.equal(whyWaiting(run('1'), [box('a')]), undefined);
  });
});
