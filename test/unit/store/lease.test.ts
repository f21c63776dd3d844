import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Change, Store } from '../../../src/core/store/index.ts';
import { type Child, eventually, startEntry } from '../../support/processes.ts';
import { addBase, addIdea, addRun, lead, movableClock, openTestStore, temporaryFolder } from '../../support/store.ts';

describe('store: who drives', () => {
  let folder: string;
  let file: string;
  const stores: Store[] = [];
  const children: Child[] = [];

  const open = async (options?: Parameters<typeof openTestStore>[1]): Promise<Store> => {
    const store = await openTestStore(file, options);
    stores.push(store);
    return store;
  };
  const start = (name: string, ...how: readonly string[]): Child => {
    const child = startEntry('test/unit/store/leader.entry.ts', [file, name, ...how]);
    children.push(child);
    return child;
  };

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = path.join(folder, 'research.db');
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()));
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await fs.rm(folder, { recursive: true });
  });

  it('is one: the second asks in vain, until the first lets go', async () => {
    const [one, two] = [await open(), await open()];
    const first = await lead(one);
    assert.equal(first.generation, 1);
    assert.equal(await two.acquireLease('terminal'), undefined);
    assert.deepEqual(await two.lease(), first);
    await one.releaseLease(first);
    assert.equal(await two.lease(), undefined);
    const second = await lead(two);
    assert.equal(second.generation, 2);
    await assert.rejects(one.addRuns(first, []), { code: 'lease-lost', message: /test \(process \d+\) does/ });
  });

  it('goes on with renewal and lapses after 20 s without it', async () => {
    const clock = movableClock();
    const [one, two] = [await open({ clock }), await open({ clock })];
    let lease = await lead(one);
    for (let renewals = 0; renewals < 3; renewals += 1) {
      clock.advance(15_000);
      const renewed = await one.acquireLease('test', lease);
      assert.equal(renewed?.generation, lease.generation);
      lease = renewed ?? lease;
      assert.equal(await two.acquireLease('terminal'), undefined);
    }
    clock.advance(20_001);
    const taken = await two.acquireLease('terminal');
    assert.equal(taken?.generation, lease.generation + 1);
    assert.equal(await one.acquireLease('test', lease), undefined, 'what was lost is not renewed');
    await assert.rejects(one.addRuns(lease, []), { code: 'lease-lost' });
  });

  it('of another machine is not given up before it lapses, though no such process is here', async () => {
    const clock = movableClock();
    const far = await open({ clock, pid: 4_000_000, hostname: 'elsewhere' });
    const near = await open({ clock });
    await lead(far);
    assert.equal(await near.acquireLease('here'), undefined);
    clock.advance(20_001);
    assert.ok(await near.acquireLease('here'));
  });

  it('passes at once when the process that drives is killed, and its last write is its last', async () => {
    const [a, b] = [start('a'), start('b')];
    const winner = await Promise.race([a.line('leads').then(() => a), b.line('leads').then(() => b)]);
    const loser = winner === a ? b : a;
    await winner.line('wrote');
    assert.ok(!loser.lines.some((line) => line.startsWith('leads')));
    const killed = performance.now();
    await winner.kill();
    assert.equal(await loser.line('leads'), 'leads 2');
    assert.ok(performance.now() - killed < 10_000, 'without waiting for the lapse');
    await loser.line('wrote');

    const store = await open();
    const runs = await store.runs();
    const firstOfSecond = runs.findIndex((run) => run.seed === 2);
    assert.ok(firstOfSecond > 0);
    assert.ok(runs.slice(firstOfSecond).every((run) => run.seed === 2));
  });

  it('is refused its late writes after a stop in which another took over', async () => {
    const child = start('sleeper', 'wait');
    await child.line('wrote');
    child.process.kill('SIGSTOP');
    const clock = movableClock();
    const store = await open({ clock });
    clock.advance(20_001);
    const lease = await lead(store);
    assert.equal(lease.generation, 2);
    child.process.kill('SIGCONT');
    assert.match(await child.line('failed'), /^failed lease-lost /);
    const before = (await store.runs()).length;
    assert.equal(await child.ended, 1);
    assert.equal((await store.runs()).length, before);
  });

  it('tells every window of every change, its own and other processes’', async () => {
    const watching = await open();
    const seen: Change[] = [];
    const subscription = watching.onDidChange((changes) => seen.push(...changes));
    const has = (table: Change['table'], key: string): boolean =>
      seen.some((change) => change.table === table && change.key === key);

    const writing = await open();
    const base = await addBase(writing);
    await addIdea(writing, base.id);
    await eventually('the idea of the other store', () => has('idea', '1'));

    await addIdea(watching, base.id);
    await eventually('its own idea', () => has('idea', '2'));

    const child = start('writer');
    const wrote = await child.line('wrote');
    await eventually('the run of the other process', () => has('run', wrote.slice('wrote '.length)));
    await child.kill();
    subscription.dispose();
    const seqs = seen.map((change) => change.seq);
    assert.deepEqual(
      seqs,
      [...new Set(seqs)].sort((x, y) => x - y),
      'once each, in order',
    );
    const count = seen.length;
    const lease = await eventually('the lease of the killed', () => writing.acquireLease('test'));
    await addRun(writing, lease, base.id);
    await watching.runs();
    assert.equal(seen.length, count, 'nothing after dispose');
  });

  it('holds when several make the file at the same moment', async () => {
    const many = await Promise.all(Array.from({ length: 4 }, () => open()));
    const leases = await Promise.all(many.map((store) => store.acquireLease('test')));
    assert.equal(leases.filter(Boolean).length, 1);
  });
});
