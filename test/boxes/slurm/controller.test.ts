import * as assert from 'node:assert/strict';
import type { RunReport, Worker } from '../../../src/core/workers/index.ts';
import { clusterIsHere, startCluster, type TestCluster } from '../../support/cluster.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';

const gpu = { gpus: 1, timeout: '5m' };

describe('A Slurm cluster whose controller goes away', () => {
  let cluster: TestCluster;
  let worker: Worker;

  before(async function () {
    clusterIsHere(this, { full: true });
    cluster = await startCluster();
    cluster.box.bend('RC_GONE=2');
    worker = cluster.worker();
  });
  afterEach(() => cluster?.clear());
  after(() => cluster?.stop());

  const ship = (environment: Readonly<Record<string, unknown>>, rest: Parameters<typeof shipmentOf>[3] = {}) =>
    shipmentOf(cluster.repo, cluster.base, { resources: gpu, ...environment }, rest);
  const until = (run: string, wanted: (report: RunReport) => boolean) => cluster.reportOf(worker, run, wanted);
  const gated = (gate: string) => `echo begun; while [ ! -e "$HOME/${gate}" ]; do sleep 0.1; done; echo ended`;

  // First, because a controller that was started again may never give back the GPUs of what ended meanwhile.
  it('ends a run that finished while the controller was away, and cancels one that waits as soon as it is back', async () => {
    const finishes = ship({ run: gated('alone'), resources: { gpus: 4, timeout: '5m' } });
    const waits = ship({ run: 'echo never' });
    await worker.submit(finishes);
    await until(finishes.run, ({ state }) => state === 'running');
    await worker.submit(waits);
    await until(waits.run, ({ reason }) => /Resources|Priority/.test(reason ?? ''));
    await cluster.slurm.stopController();
    await worker.cancel(waits.run);
    await until(waits.run, ({ state, reason }) => state === 'waiting' && /does not answer/.test(reason ?? ''));
    cluster.touch('alone');
    // Our own exit file is asked first.
    assert.equal((await pollUntil(worker, finishes.run)).state, 'succeeded');
    await cluster.slurm.startController();
    assert.equal((await pollUntil(worker, waits.run)).state, 'cancelled');
    assert.equal((await wholeLog(worker, waits.run)).toString(), '');
  });

  it('keeps every state while the controller is away, blocks nobody, and is right again when it is back', async () => {
    const running = ship({ run: gated('back') });
    const stopped = ship({ run: 'sleep 300' });
    await worker.submit(running);
    await worker.submit(stopped);
    for (const { run } of [running, stopped]) await until(run, ({ state }) => state === 'running');
    await cluster.slurm.stopController();
    const said = await until(running.run, ({ reason }) => reason !== undefined);
    assert.equal(said.state, 'running');
    assert.match(said.reason ?? '', /controller of the cluster does not answer/);
    assert.equal((await wholeLog(worker, running.run)).toString(), 'begun\n');
    // Not lost and not doubled: the run is taken when the controller is back.
    const fresh = ship({ run: 'echo fresh >>"$HOME/fresh"' });
    await assert.rejects(worker.submit(fresh), { code: 'slurm-down' });
    // The job obeys the file by itself.
    await worker.cancel(stopped.run);
    assert.equal((await pollUntil(worker, stopped.run)).state, 'cancelled');
    const problems = (await worker.probe()).problems.map(({ what }) => what).join();
    assert.match(problems, /controller of the cluster does not answer/);
    await cluster.slurm.startController();
    assert.match(await worker.submit(fresh), /^(started|already)$/);
    cluster.touch('back');
    for (const { run } of [running, fresh]) await until(run, ({ state }) => state === 'succeeded');
    assert.equal((await wholeLog(worker, running.run)).toString(), 'begun\nended\n');
  });
});
