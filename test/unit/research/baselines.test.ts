import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { BoxClass } from '../../../src/core/research/fleet-queue.ts';
import type { Parts } from '../../../src/core/research/parts.ts';
import { queueRunsAfterBaseline } from '../../../src/core/research/requests/baselines.ts';
import type { Job } from '../../../src/core/research/requests/index.ts';
import { baselineClasses } from '../../../src/core/scheduler/index.ts';
import type { Lease, Store } from '../../../src/core/store/index.ts';
import { realSystem } from '../../../src/core/system/index.ts';
import { addApproved, addBase, addIdea, lead, openTestStore, temporaryFolder } from '../../support/store.ts';

describe('a trial that would compare with nothing', () => {
  let folder: string;
  let store: Store;
  let lease: Lease;
  let number = 0;

  before(async () => {
    folder = await temporaryFolder();
    store = await openTestStore(path.join(folder, 'research.db'));
    lease = await lead(store);
  });
  after(async () => {
    await store.close();
    await fs.rm(folder, { recursive: true });
  });

  const H100: BoxClass = { comparisonClass: 'H100', boxes: ['lab'], atOnce: 8 };
  const A100: BoxClass = { comparisonClass: 'A100', boxes: ['den'], atOnce: 2 };

  /** A candidate of a base of its own, and what asking for a run of it queues. */
  const scene = async () => {
    number += 1;
    const base = await addBase(store, String(number).repeat(40).slice(0, 40));
    const candidate = await addApproved(store, await addIdea(store, base.id));
    const ask = async (classes: readonly BoxClass[], box?: string) => {
      number += 1;
      const runs = [{ id: `trial-${number}`, seed: 1 }];
      const job = {
        parts: { store, system: realSystem() } as unknown as Parts,
        request: { payload: { candidate, runs, box, baselineSeeds: 2 } },
        lease: () => lease,
        classes: async (_: number, names?: readonly string[]) =>
          classes.filter((one) => names === undefined || one.boxes.some((name) => names.includes(name))),
      } as unknown as Job;
      await queueRunsAfterBaseline(job);
      return (await store.runs({ base: base.id })).map((run) =>
        [run.purpose, run.seed, run.wants ?? run.wantsClass ?? 'anywhere'].join(' '),
      );
    };
    return { base: base.id, ask };
  };

  it('has a baseline queued before it, in the class with most room', async () => {
    const { ask } = await scene();
    assert.deepEqual(await ask([H100, A100]), ['baseline 1 H100', 'baseline 2 H100', 'trial 1 anywhere']);
    assert.equal((await ask([H100, A100])).length, 4, 'and only once');
  });

  it('has it on the box that was named, whatever other classes have', async () => {
    const { ask, base } = await scene();
    await ask([H100]);
    for (const run of await store.runs({ base })) {
      if (run.purpose !== 'baseline') continue;
      await store.moveRun(lease, run.id, 'succeeded', {
        comparisonClass: 'H100',
        objective: { state: 'ok', value: 2 },
      });
    }
    const queued = await ask([H100, A100], 'den');
    assert.deepEqual(queued.slice(3), ['baseline 1 den', 'baseline 2 den', 'trial 1 den']);
    assert.equal((await ask([H100, A100])).length, 7, 'a class that has one is left to the scheduler');
  });

  it('gets none where no box says what it is', async () => {
    const { ask } = await scene();
    assert.deepEqual(await ask([]), ['trial 1 anywhere']);
  });

  it('is a cluster’s when it ran there, whatever node it came to', async () => {
    const cluster: BoxClass = { comparisonClass: 'slurm:gpu', boxes: ['cluster'], atOnce: 16 };
    const { ask, base } = await scene();
    assert.equal((await ask([cluster])).length, 3);
    for (const [index, run] of (await store.runs({ base })).entries()) {
      if (run.purpose !== 'baseline') continue;
      await store.moveRun(lease, run.id, 'shipping', { box: 'cluster' });
      const comparisonClass = index === 0 ? 'H100' : 'A100';
      await store.moveRun(lease, run.id, 'succeeded', { comparisonClass, objective: { state: 'ok', value: 2 } });
    }
    assert.equal((await ask([cluster])).length, 4, 'one baseline is enough');
    const known = baselineClasses(await store.runs({ base }), () => undefined);
    assert.deepEqual(
      ['slurm:gpu', 'H100', 'A100', 'V100'].map((one) => known(base, one)),
      [true, true, true, false],
    );
  });
});
