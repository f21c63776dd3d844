import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Store } from '../../../src/core/store/index.ts';
import { lead, movableClock, openTestStore, temporaryFolder } from '../../support/store.ts';

describe('store: requests', () => {
  let folder: string;
  let file: string;
  let store: Store;
  const clock = movableClock();

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = path.join(folder, 'research.db');
    store = await openTestStore(file, { clock });
  });
  afterEach(async () => {
    await store.close();
    await fs.rm(folder, { recursive: true });
  });

  it('are taken once, tell their progress and end once', async () => {
    const lease = await lead(store);
    const { id } = await store.addRequest('implement', { idea: 3 });
    assert.equal(await store.takeRequest(lease, id), true);
    assert.equal(await store.takeRequest(lease, id), false);
    await store.setRequestProgress(lease, id, { text: 'asking', share: 0.5 });
    assert.deepEqual((await store.request(id))?.progress, { text: 'asking', share: 0.5 });
    await store.endRequest(lease, id, { state: 'done', result: { candidate: '3.1' } });
    await assert.rejects(store.endRequest(lease, id, { state: 'failed' }), { code: 'bad-state' });
    const ended = await store.request(id);
    assert.equal(ended?.state, 'done');
    assert.deepEqual(ended?.result, { candidate: '3.1' });
    assert.deepEqual(ended?.payload, { idea: 3 });
    assert.deepEqual(await store.requests({ states: ['asked', 'taken'] }), []);
  });

  it('are cancelled at once while nobody works on them, and marked once somebody does', async () => {
    const lease = await lead(store);
    const asked = await store.addRequest('run', {});
    await store.askToCancelRequest(asked.id);
    assert.equal((await store.request(asked.id))?.state, 'cancelled');
    assert.equal(await store.takeRequest(lease, asked.id), false);

    const taken = await store.addRequest('run', {});
    await store.takeRequest(lease, taken.id);
    await store.askToCancelRequest(taken.id);
    const marked = await store.request(taken.id);
    assert.equal(marked?.state, 'taken');
    assert.equal(marked?.cancelAsked, true);
  });

  it('of a driver that died are offered again to the next, without what was cancelled', async () => {
    const first = await lead(store);
    const [kept, cancelled] = [await store.addRequest('run', 1), await store.addRequest('run', 2)];
    await store.takeRequest(first, kept.id);
    await store.takeRequest(first, cancelled.id);
    await store.askToCancelRequest(cancelled.id);
    assert.equal(await store.requeueTaken(first), 0, 'its own requests are at work');

    clock.advance(30_000);
    const next = await openTestStore(file, { clock });
    const second = await lead(next);
    assert.equal(await next.requeueTaken(second), 1);
    assert.equal((await next.request(kept.id))?.state, 'asked');
    assert.equal((await next.request(cancelled.id))?.state, 'cancelled');
    await assert.rejects(store.endRequest(first, kept.id, { state: 'done' }), { code: 'lease-lost' });
    await next.close();
  });
});
