import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import fc from 'fast-check';
import { isEnd, RUN_STATES, type Run, type RunState, runMayMove } from '../../../src/core/domain/index.ts';
import type { Lease, Store } from '../../../src/core/store/index.ts';
import { addApproved, addBase, addIdea, addRun, lead, openTestStore, temporaryFolder } from '../../support/store.ts';

describe('store: runs', () => {
  let folder: string;
  let store: Store;
  let lease: Lease;
  let base: number;

  before(async () => {
    folder = await temporaryFolder();
    store = await openTestStore(path.join(folder, 'research.db'));
    lease = await lead(store);
    base = (await addBase(store)).id;
  });
  after(async () => {
    await store.close();
    await fs.rm(folder, { recursive: true });
  });

  it('move through the store exactly as the states allow', async () => {
    const state = fc.constantFrom<RunState>(...RUN_STATES);
    await fc.assert(
      fc.asyncProperty(fc.array(state, { maxLength: 12 }), async (asked) => {
        const { id } = await addRun(store, lease, base, { seed: 1000 });
        let now: RunState = 'queued';
        for (const to of asked) {
          if (runMayMove(now, to)) now = to;
          const run = await store.moveRun(lease, id, to);
          assert.equal(run.state, now);
          if (isEnd(now)) assert.ok(run.endedAt !== undefined);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keep what came with a move, and nothing of a refused one', async () => {
    const { id } = await addRun(store, lease, base, { seed: 1001 });
    await store.moveRun(lease, id, 'shipping', { box: 'lambda-1', comparisonClass: 'cpu:x' });
    await store.moveRun(lease, id, 'running', { startedAt: 1234.5 });
    const refused = await store.moveRun(lease, id, 'shipping', { reason: 'late news' });
    assert.equal(refused.state, 'running');
    assert.equal(refused.reason, undefined);
    const lastMetric = { name: 'val_loss', value: Number.NaN, step: 3 };
    await store.patchRun(lease, id, { unreachableSince: 99, lastMetric });
    assert.equal((await store.run(id))?.unreachableSince, 99);
    const ended = await store.moveRun(lease, id, 'succeeded', { exitCode: 0, objective: { state: 'ok', value: 2.5 } });
    assert.equal(ended.box, 'lambda-1');
    assert.equal(ended.startedAt, 1234.5);
    assert.equal(ended.unreachableSince, undefined, 'the box has spoken');
    assert.deepEqual(ended.lastMetric, lastMetric);
    assert.deepEqual(ended.objective, { state: 'ok', value: 2.5 });
  });

  it('replace lost by an exit found later, with its reason', async () => {
    const { id } = await addRun(store, lease, base, { seed: 1002 });
    await store.moveRun(lease, id, 'lost', { reason: 'the supervisor is gone' });
    const found = await store.moveRun(lease, id, 'failed', { exitCode: 3 });
    assert.equal(found.state, 'failed');
    assert.equal(found.reason, undefined);
  });

  it('are added once per id, and only of approved commits', async () => {
    const idea = await addIdea(store, base);
    const candidate = await addApproved(store, idea);
    const run = { id: 'once', base, candidate, purpose: 'trial', commit: 'c'.repeat(40), seed: 0, attempt: 1 } as const;
    await store.addRuns(lease, [run]);
    await store.addRuns(lease, [run]);
    assert.equal((await store.runs({ candidate })).length, 1);
    const other = { ...run, id: 'other', commit: 'd'.repeat(40) };
    await assert.rejects(store.addRuns(lease, [{ ...run, id: 'fine' }, other]), { code: 'not-approved' });
    assert.equal(await store.run('fine'), undefined, 'all or none');
  });

  it('note that a person wants them stopped, until they end', async () => {
    const { id } = await addRun(store, lease, base, { seed: 1003 });
    await store.askToCancelRun(id);
    assert.equal((await store.run(id))?.cancelAsked, true);
    const done = await addRun(store, lease, base, { seed: 1004 });
    await store.moveRun(lease, done.id, 'succeeded');
    await store.askToCancelRun(done.id);
    assert.equal((await store.run(done.id))?.cancelAsked, false);
  });

  it('are found by state and candidate', async () => {
    const { id } = await addRun(store, lease, base, { seed: 1005 });
    await store.moveRun(lease, id, 'preparing');
    const preparing = await store.runs({ base, states: ['preparing', 'shipping'] });
    assert.ok(preparing.some((run) => run.id === id));
    assert.ok(preparing.every((run) => run.state === 'preparing' || run.state === 'shipping'));
    assert.deepEqual(await store.runs({ states: [] }), []);
  });

  it('wake nobody when a poll found nothing new', async () => {
    const { id } = await addRun(store, lease, base, { seed: 1006 });
    await store.moveRun(lease, id, 'running', { startedAt: 5, unreachableSince: null });
    let seen = 0;
    const { promise: heard, resolve } = Promise.withResolvers<void>();
    const subscription = store.onDidChange((changes) => {
      seen += changes.filter((change) => change.table === 'run' && change.key === id).length;
      if (changes.some((change) => change.table === 'search')) resolve();
    });
    // What came before is told first.
    const settled = store.run(id);
    await settled;
    seen = 0;
    await store.moveRun(lease, id, 'running', { startedAt: 5, unreachableSince: null, reason: null });
    await store.patchRun(lease, id, { reason: null });
    const search = { base, state: 'running', approve: 'all', rounds: 1, ideasPerRound: 1, seeds: 1 } as const;
    await store.addSearch({ ...search, budgets: {}, boxes: [] });
    await heard;
    subscription.dispose();
    assert.equal(seen, 0);
  });

  it('take back why they waited', async () => {
    const { id } = await addRun(store, lease, base, { seed: 1007 });
    await store.patchRun(lease, id, { reason: 'no box' });
    assert.equal((await store.run(id))?.reason, 'no box');
    assert.equal((await store.patchRun(lease, id, { reason: null })).reason, undefined);
  });

  it('are found by id, by what they retry, and the newest ones only', async () => {
    const first = await addRun(store, lease, base, { seed: 1008 });
    const again = await addRun(store, lease, base, { seed: 1008, attempt: 2, retries: first.id });
    const ids = (runs: readonly Run[]) => runs.map((run) => run.id);
    assert.deepEqual(ids(await store.runs({ ids: [again.id, first.id, 'none'] })), [first.id, again.id]);
    assert.deepEqual(ids(await store.runs({ ids: [] })), []);
    assert.deepEqual(ids(await store.runs({ retries: [first.id] })), [again.id]);
    assert.deepEqual(ids(await store.runs({ newest: 2 })), [first.id, again.id]);
  });

  describe('which attempt counts', () => {
    let seed = 0;
    const counting = async (candidate: string | undefined, of: number): Promise<readonly string[]> =>
      (await store.runs({ base }))
        .filter((run) => run.seed === of && run.candidate === candidate && run.counts)
        .map((run) => run.id);

    beforeEach(() => {
      seed += 1;
    });

    it('is the latest, until one succeeds', async () => {
      const first = await addRun(store, lease, base, { seed });
      assert.equal(first.counts, true);
      await store.moveRun(lease, first.id, 'lost');
      const second = await addRun(store, lease, base, { seed, attempt: 2, retries: first.id });
      assert.deepEqual(await counting(undefined, seed), [second.id]);
      await store.moveRun(lease, first.id, 'succeeded');
      assert.deepEqual(await counting(undefined, seed), [first.id], 'it was not lost after all');
      await store.moveRun(lease, second.id, 'succeeded');
      assert.deepEqual(await counting(undefined, seed), [second.id], 'the latest that succeeded');
    });

    it('is told apart by comparison class', async () => {
      const here = await addRun(store, lease, base, { seed, purpose: 'baseline' });
      await store.moveRun(lease, here.id, 'shipping', { comparisonClass: 'cpu:a' });
      const there = await addRun(store, lease, base, { seed, purpose: 'baseline' });
      await store.moveRun(lease, there.id, 'shipping', { comparisonClass: 'gpu:b' });
      assert.deepEqual(await counting(undefined, seed), [here.id, there.id]);
    });

    it('is always exactly one, whatever happens to them', async () => {
      type Step = { readonly add: true } | { readonly move: number; readonly to: RunState };
      const step: fc.Arbitrary<Step> = fc.oneof(
        fc.constant<Step>({ add: true }),
        fc.record({ move: fc.nat(5), to: fc.constantFrom<RunState>(...RUN_STATES) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
          seed += 1;
          const runs: Run[] = [await addRun(store, lease, base, { seed })];
          for (const each of steps) {
            if ('add' in each) {
              runs.push(await addRun(store, lease, base, { seed, attempt: runs.length + 1, retries: runs.at(-1)?.id }));
            } else {
              const run = runs[each.move % runs.length];
              if (run) await store.moveRun(lease, run.id, each.to);
            }
            assert.equal((await counting(undefined, seed)).length, 1);
          }
        }),
        { numRuns: 20 },
      );
    });
  });

  describe('metrics', () => {
    const point = (step: number, value: number, state: 'ok' | 'nan' | 'inf' = 'ok') => ({
      name: 'val_loss',
      step,
      value,
      state,
    });

    it('are taken once, however often a reader that crashed sends them', async () => {
      const { id } = await addRun(store, lease, base, { seed: 2000 });
      assert.equal(await store.addMetrics(lease, id, [point(1, 3), point(2, 2)], 0, 40), true);
      assert.equal(await store.addMetrics(lease, id, [point(1, 3), point(2, 2)], 0, 40), false);
      assert.equal(await store.addMetrics(lease, id, [point(3, 1)], 60, 80), false, 'a gap is refused too');
      assert.equal(await store.addMetrics(lease, id, [point(3, 1)], 40, 60), true);
      assert.equal((await store.run(id))?.logBytes, 60);
      const kept = await store.metrics(id);
      assert.deepEqual(
        kept.map(({ step }) => step),
        [1, 2, 3],
      );
      const after = await store.metrics(id, { after: kept[1]?.rowid });
      assert.deepEqual(
        after.map(({ step }) => step),
        [3],
      );
    });

    it('keep NaN and infinity, steps that are missing, and names apart', async () => {
      const { id } = await addRun(store, lease, base, { seed: 2001 });
      const points = [
        point(1, Number.NaN, 'nan'),
        point(2, Number.POSITIVE_INFINITY, 'inf'),
        { name: 'lr', step: null, value: 1e-300, state: 'ok' },
      ] as const;
      await store.addMetrics(lease, id, points, 0, 10);
      const kept = (await store.metrics(id)).map(({ rowid: _, ...rest }) => rest);
      assert.deepEqual(kept, points);
      assert.deepEqual((await store.metrics(id, { names: ['lr'] })).length, 1);
      assert.deepEqual(await store.metricNames(base), ['lr', 'val_loss']);
    });

    it('are thinned for many runs at once, each to its last value', async () => {
      const long = await addRun(store, lease, base, { seed: 1009 });
      const short = await addRun(store, lease, base, { seed: 1010 });
      const points = (count: number) =>
        Array.from({ length: count }, (_, step) => ({ name: 'spark', step, value: step, state: 'ok' as const }));
      await store.addMetrics(lease, long.id, points(1001), 0, 10);
      await store.addMetrics(lease, short.id, points(3), 0, 10);
      const sparks = await store.sparks([long.id, short.id, 'none'], 'spark', 60);
      assert.ok((sparks[long.id]?.length ?? 0) <= 60 && (sparks[long.id]?.length ?? 0) > 30);
      assert.equal(sparks[long.id]?.at(-1), 1000);
      assert.deepEqual(sparks[short.id], [0, 1, 2]);
      assert.deepEqual(sparks.none, []);
    });

    it('come in bulk: 100,000 points', async () => {
      const { id } = await addRun(store, lease, base, { seed: 2002 });
      const points = Array.from({ length: 100_000 }, (_, step) => point(step, step / 7));
      assert.equal(await store.addMetrics(lease, id, points, 0, 5_000_000), true);
      const kept = await store.metrics(id, { names: ['val_loss'] });
      assert.equal(kept.length, points.length);
      assert.equal(kept.at(-1)?.value, 99_999 / 7);
    });
  });
});
