import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Run } from '../../../src/core/domain/index.ts';
import { isFoundLater } from '../../../src/core/research/fleet-rules.ts';
import { RunKeeper } from '../../../src/core/research/keep-run.ts';
import type { Parts } from '../../../src/core/research/parts.ts';
import type { Lease, Store } from '../../../src/core/store/index.ts';
import { realSystem } from '../../../src/core/system/index.ts';
import type { RunReport, Want, Worker } from '../../../src/core/workers/index.ts';
import { runRow } from '../../support/rows.ts';
import { addBase, addRun, environment, lead, openTestStore, temporaryFolder } from '../../support/store.ts';

const LOG = Buffer.from(
  Array.from({ length: 40 }, (_, step) => `step ${step}: train loss 1.0, val loss 2.${step + 10}\n`).join(''),
);

/** A box that has the log, and nothing else. */
function boxWith(log: Buffer): Worker {
  return {
    box: { name: 'here', kind: 'local' },
    readMany: async (wants: readonly Want[]) =>
      wants.map(({ offset, limit }) => ({ size: log.length, bytes: log.subarray(offset, offset + limit) })),
  } as unknown as Worker;
}

describe('keeping a run', () => {
  let folder: string;
  let store: Store;
  let lease: Lease;
  let base: number;
  const { signal } = new AbortController();
  const report = (run: string, logBytes: number, state: RunReport['state'] = 'running'): RunReport => ({
    run,
    state,
    logBytes,
    gpus: [],
  });
  const partsWith = (over: Partial<Store> = {}): Parts =>
    ({
      system: realSystem(),
      repository: { commonDir: folder },
      store: { ...store, ...over },
      log: () => {},
    }) as unknown as Parts;
  const begun = async () => {
    const run = await addRun(store, lease, base, { purpose: 'baseline' });
    return store.moveRun(lease, run.id, 'running', { box: 'here' });
  };
  /** What the fleet does with one poll's report. */
  const keep = async (keeper: RunKeeper, worker: Worker, run: Run, told: RunReport) => {
    await keeper.catchUp(worker, [told], lease, signal);
    return keeper.apply(worker, run, told, lease);
  };
  const steps = async (run: string) => (await store.metrics(run, { names: ['val_loss'] })).map((point) => point.step);

  before(async () => {
    folder = await temporaryFolder();
    await fs.mkdir(path.join(folder, 'research/logs'), { recursive: true });
    store = await openTestStore(path.join(folder, 'research/research.db'));
    lease = await lead(store);
    base = (await addBase(store)).id;
  });
  after(async () => {
    await store.close();
    await fs.rm(folder, { recursive: true });
  });

  it('goes on where another process left the log, after a time in which that one drove', async () => {
    const here = new RunKeeper(partsWith());
    const there = new RunKeeper(partsWith());
    const { id } = await begun();
    const apply = async (keeper: RunKeeper, bytes: number, state?: RunReport['state']) => {
      const run = await store.run(id);
      assert.ok(run);
      return keep(keeper, boxWith(LOG), run, report(id, bytes, state));
    };
    await apply(here, 100);
    await apply(there, 777);
    await apply(here, LOG.length, 'succeeded');
    here.dispose();
    there.dispose();
    assert.deepEqual(
      await steps(id),
      Array.from({ length: 40 }, (_, step) => step),
    );
    assert.ok((await fs.readFile(path.join(folder, 'research/logs', `${id}.log`))).equals(LOG));
  });

  it('loses and doubles no line when the store could not take what was read', async () => {
    let refuse = false;
    const addMetrics: Store['addMetrics'] = (...args) => {
      if (!refuse) return store.addMetrics(...args);
      refuse = false;
      return Promise.reject(new Error('the database is busy'));
    };
    const keeper = new RunKeeper(partsWith({ addMetrics }));
    const run = await begun();
    const { id } = run;
    // In the middle of a line, so that half of it waits in the reader.
    await keep(keeper, boxWith(LOG), run, report(id, 130));
    refuse = true;
    const now = (await store.run(id)) ?? run;
    await assert.rejects(keep(keeper, boxWith(LOG), now, report(id, 300)), /busy/);
    await keep(keeper, boxWith(LOG), now, report(id, LOG.length));
    keeper.dispose();
    assert.deepEqual(
      await steps(id),
      Array.from({ length: 40 }, (_, step) => step),
    );
  });

  /** A base whose runs are evaluated. */
  const evaluated = async () =>
    store.addBase({
      commit: 'e'.repeat(40),
      snapshot: false,
      environmentHash: 'evaluates',
      environment: { ...environment, evaluate: 'python3 evaluate.py' },
      branch: 'main',
    });
  const endOf = async (log: string, evaluatedAt: number) => {
    const { id } = await addRun(store, lease, (await evaluated()).id, { purpose: 'baseline' });
    const run = await store.moveRun(lease, id, 'running', { box: 'here' });
    const keeper = new RunKeeper(partsWith());
    const ended = await keep(keeper, boxWith(Buffer.from(log)), run, {
      ...report(id, log.length, 'succeeded'),
      evaluatedAt,
    });
    keeper.dispose();
    return ended;
  };

  it('takes the word of evaluate for verified, and of nothing that was printed before it', async () => {
    const before = 'step 1: val_loss 2.5\nval_loss: 0.001 ';
    // The run left half a line behind, right before evaluate's first.
    const ended = await endOf(`${before}val_loss: 1.25\nbye\n`, before.length);
    assert.deepEqual(
      [ended?.objective, ended?.verified, ended?.reason],
      [{ state: 'ok', value: 1.25 }, true, undefined],
    );
  });

  it('says that a number is self-reported where evaluate printed none', async () => {
    const before = 'step 1: val_loss: 0.5\n';
    const ended = await endOf(`${before}nothing to see\n`, before.length);
    assert.deepEqual([ended?.objective, ended?.verified], [{ state: 'ok', value: 0.5 }, false]);
    assert.match(ended?.reason ?? '', /evaluate printed no val_loss.*not verified/);
  });

  it('notices a log that shrank, keeps what is here, mixes nothing in, and lets the run end', async () => {
    const keeper = new RunKeeper(partsWith());
    const { id } = await begun();
    const row = async () => {
      const run = await store.run(id);
      assert.ok(run);
      return run;
    };
    await keep(keeper, boxWith(LOG), await row(), report(id, 500));
    const another = Buffer.from('step 0: train loss 9.0, val loss 9.9\n');
    await keep(keeper, boxWith(another), await row(), report(id, another.length));
    // It grows past what is here, and another process takes over, which did not see it shrink.
    const grown = Buffer.concat([another, LOG]);
    await keep(keeper, boxWith(grown), await row(), report(id, grown.length));
    const later = new RunKeeper(partsWith());
    await keep(later, boxWith(grown), await row(), report(id, grown.length));
    later.dispose();
    const ended = await keep(keeper, boxWith(another), await row(), report(id, another.length, 'succeeded'));
    keeper.dispose();
    assert.equal(ended?.state, 'succeeded');
    assert.match(ended?.reason ?? '', /truncated or replaced: 500 bytes of it are here, 37 are there/);
    const here = await fs.readFile(path.join(folder, 'research/logs', `${id}.log`));
    assert.ok(here.equals(LOG.subarray(0, 500)));
  });

  it('follows sixty-four runs in one more call than the poll, and a long log in bounded ones', async () => {
    const keeper = new RunKeeper(partsWith());
    const ids = await Promise.all(Array.from({ length: 64 }, async () => (await begun()).id));
    let calls = 0;
    let largest = 0;
    const long = Buffer.alloc(5 * 1024 * 1024, `${'x'.repeat(99)}\n`);
    const worker = {
      box: { name: 'here', kind: 'local' },
      readMany: async (wants: readonly Want[]) => {
        calls += 1;
        largest = Math.max(
          largest,
          wants.reduce((sum, want) => sum + want.limit, 0),
        );
        return wants.map(({ run, offset, limit }) => {
          const log = run === ids[0] ? long : LOG;
          return { size: log.length, bytes: log.subarray(offset, offset + limit) };
        });
      },
    } as unknown as Worker;
    await keeper.catchUp(
      worker,
      ids.map((id) => report(id, 300)),
      lease,
      signal,
    );
    assert.equal(calls, 1);
    const read = async () => (await store.run(ids[0] ?? ''))?.logBytes ?? 0;
    while ((await read()) < long.length) {
      await keeper.catchUp(worker, [report(ids[0] ?? '', long.length)], lease, signal);
    }
    keeper.dispose();
    assert.ok(largest <= 2 * 1024 * 1024, `${largest} bytes asked for at once`);
  });

  it('no longer says what the run waited for once its box spoke', async () => {
    const keeper = new RunKeeper(partsWith());
    const { id } = await begun();
    const waited = await store.patchRun(lease, id, { reason: 'The host key changed.', unreachableSince: 5 });
    await keep(keeper, boxWith(LOG), waited, report(id, 100));
    keeper.dispose();
    const run = await store.run(id);
    assert.equal(run?.reason, undefined);
    assert.equal(run?.unreachableSince, undefined);
  });
});

describe('an exit that is found later', () => {
  const lost = runRow(undefined, undefined, { state: 'lost' });
  const told = (state: RunReport['state']): RunReport => ({ run: lost.id, state, logBytes: 0, gpus: [] });

  it('replaces lost, unless it is what our own sweep of the lost run wrote', () => {
    assert.equal(isFoundLater(lost, told('succeeded')), true);
    assert.equal(isFoundLater(lost, told('timed-out')), true);
    assert.equal(isFoundLater(lost, told('cancelled')), false);
    assert.equal(isFoundLater({ ...lost, cancelAsked: true }, told('cancelled')), true);
    for (const state of ['lost', 'absent', 'running'] as const) assert.equal(isFoundLater(lost, told(state)), false);
    assert.equal(isFoundLater({ ...lost, state: 'failed' }, told('succeeded')), false);
  });
});
