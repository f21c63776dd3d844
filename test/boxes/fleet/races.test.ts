import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Run, RunId } from '../../../src/core/domain/index.ts';
import { freeLocks } from '../../support/locks.ts';
import { eventually } from '../../support/processes.ts';
import { whyNoBox } from '../../support/sshd/box.ts';
import { type HeldState, STATES } from '../faults/expected.ts';
import { World } from '../faults/world.ts';

const full = process.env.FULL === '1';
/** The states that a cancel is tried in by default: before the box has the run, in its queue, at work. */
const BY_DEFAULT: ReadonlySet<HeldState> = new Set(['shipping', 'waiting', 'running']);

describe('Who drives, and what it leaves on an ssh box', () => {
  let world: World | undefined;

  before(function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    if (!full) console.log(`cancelled in ${[...BY_DEFAULT].join(', ')}; FULL=1 cancels in every state.`);
  });
  afterEach(async () => {
    await world?.dispose();
    world = undefined;
  });

  const launches = (where: World) => {
    const file = path.join(where.gates, 'launches');
    try {
      return readFileSync(file, 'utf8').trim().split('\n').sort();
    } catch {
      return [];
    }
  };
  const rows = (where: World, ids: readonly RunId[]) => Promise.all(ids.map((id) => where.row(id)));
  const allBe = (where: World, ids: readonly RunId[], what: string, so: (run: Run) => boolean) =>
    eventually(`all ${what}`, async () => (await rows(where, ids)).every(so)).catch(async (error: Error) => {
      const seen = (await rows(where, ids)).map((run) => `${run.id} ${run.state} ${run.reason ?? ''}`);
      throw new Error(`${error.message}\n${seen.join('\n')}\n${where.said}`);
    });
  const locks = (where: World) => path.join(where.box.home, 'locks');

  for (const state of STATES.filter((one) => full || BY_DEFAULT.has(one))) {
    it(`a run that is cancelled while ${state} leaves no process, no lock and no later launch`, async () => {
      world = await World.make(`cancel${state.slice(0, 4)}`, { smallDisk: false, holdIn: 'pack' });
      for (const earlier of STATES.slice(0, STATES.indexOf(state))) world.open(earlier);
      if (state === 'waiting') await world.takeSlot();
      await world.drive();
      const [id = ''] = await world.research.runBaseline({ seeds: 1 });
      await world.held(id, state);
      const launched = launches(world);
      await world.research.cancelRun(id);
      // A shipment that is under way is not broken off: the box has to know of the run before it can be told.
      if (state === 'shipping') world.open('shipping');
      await allBe(world, [id], 'cancelled', (run) => run.state === 'cancelled');
      // What it stood before is open now: nothing may go on from there.
      world.openAll();
      await world.leave();
      await freeLocks(world.box, locks(world));
      assert.deepEqual(launches(world), launched);
      assert.deepEqual(
        (await world.store.runs({})).map((run) => [run.id, run.state]),
        [[id, 'cancelled']],
      );
    });
  }

  it('a driver that dies while it ships three runs is followed by one that ends each of them once', async () => {
    world = await World.make('takeover', { smallDisk: false, holdIn: 'folder', slots: 3 });
    await world.drive();
    const ids = await world.research.runBaseline({ seeds: 3 });
    await allBe(world, ids, 'on their way', (run) => run.state === 'shipping');
    await world.held(ids[0] ?? '', 'shipping');
    await world.driver.kill();
    await world.drive();
    world.openAll();
    await allBe(world, ids, 'succeeded', (run) => run.state === 'succeeded');
    assert.deepEqual(launches(world), [...ids].sort(), 'each was launched once');
    await world.leave();
    await freeLocks(world.box, locks(world));
  });

  it('two windows that open together and a third one ship three runs once', async () => {
    world = await World.make('windows', { smallDisk: false, holdIn: 'folder', slots: 3 });
    await Promise.all([world.drive(), world.drive(), world.drive()]);
    const ids = await world.research.runBaseline({ seeds: 3 });
    world.openAll();
    await allBe(world, ids, 'succeeded', (run) => run.state === 'succeeded');
    assert.deepEqual(launches(world), [...ids].sort(), 'each was launched once');
    await world.leave();
    await freeLocks(world.box, locks(world));
  });

  it('a driver that was stopped, as in a sleeping laptop, writes nothing when it wakes beside the next one', async function () {
    if (!full) {
      console.log('skipped: a lease lapses after 20 s; FULL=1 waits for it');
      this.skip();
    }
    world = await World.make('sleeper', { smallDisk: false, holdIn: 'folder', slots: 3 });
    const sleeper = await world.drive();
    const ids = await world.research.runBaseline({ seeds: 3 });
    await world.held(ids[0] ?? '', 'shipping');
    sleeper.process.kill('SIGSTOP');
    const next = await world.drive();
    await eventually(
      'the next one driving',
      async () => (await world?.research.state())?.driver.pid === next.process.pid,
    );
    sleeper.process.kill('SIGCONT');
    world.openAll();
    await allBe(world, ids, 'succeeded', (run) => run.state === 'succeeded');
    assert.deepEqual(launches(world), [...ids].sort(), 'each was launched once');
    assert.equal((await world.research.state()).driver.pid, next.process.pid, 'the sleeper does not take over');
    await world.leave();
    await freeLocks(world.box, locks(world));
  });
});
