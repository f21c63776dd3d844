import * as assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { RunReport, Worker } from '../../../src/core/workers/index.ts';
import { clusterIsHere, startCluster, type TestCluster } from '../../support/cluster.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';

const gpu = { gpus: 1, timeout: '5m' };
const ENDED = new Set(['succeeded', 'failed', 'timed-out', 'cancelled', 'lost']);

describe('A Slurm cluster of two nodes', () => {
  let cluster: TestCluster;
  let worker: Worker;

  before(async function () {
    clusterIsHere(this, { full: true });
    cluster = await startCluster({
      nodes: 2,
      conf: [
        'PreemptType=preempt/partition_prio',
        'PreemptMode=REQUEUE',
        'PartitionName=urgent Nodes=n[1-2] PriorityTier=10 MaxTime=1-00:00:00 State=UP',
      ],
    });
    cluster.box.bend('RC_GONE=2');
    worker = cluster.worker();
  });
  afterEach(() => cluster?.clear());
  after(() => cluster?.stop());

  const ship = (environment: Readonly<Record<string, unknown>>, rest: Parameters<typeof shipmentOf>[3] = {}) =>
    shipmentOf(cluster.repo, cluster.base, { resources: gpu, ...environment }, rest);
  const jobOf = (run: string) => cluster.file(run, 'job')?.trim() ?? '';
  const on = (node: string, part: Readonly<Record<string, unknown>> = {}) =>
    cluster.worker({ options: [`--nodelist=${node}`], ...part });
  const until = (run: string, wanted: (report: RunReport) => boolean) => cluster.reportOf(worker, run, wanted);
  const gated = (gate: string) => `echo begun; while [ ! -e "$HOME/${gate}" ]; do sleep 0.1; done; echo ended`;

  it('loses a run with its node, says so, and goes on when the node is back', async () => {
    const dies = ship({ run: 'sleep 300' });
    await on('n2').submit(dies);
    await until(dies.run, ({ state }) => state === 'running');
    await cluster.slurm.stopNode('n2');
    // What the controller finds by itself after SlurmdTimeout.
    cluster.slurm.command('scontrol', 'update', 'nodename=n2', 'state=down', 'reason=power');
    const report = await pollUntil(worker, dies.run, ENDED);
    assert.equal(report.state, 'lost');
    assert.match(report.reason ?? '', /node failed/);
    const waits = ship({ run: 'echo back' });
    await on('n2').submit(waits);
    await until(waits.run, ({ reason }) => /ReqNodeNotAvail|Resources/.test(reason ?? ''));
    await cluster.slurm.startNode('n2');
    assert.equal((await pollUntil(worker, waits.run, ENDED)).state, 'succeeded');
  });

  it('waits for a node that is drained', async () => {
    cluster.slurm.command('scontrol', 'update', 'nodename=n1', 'state=drain', 'reason=test');
    const waits = ship({ run: 'true' });
    await on('n1').submit(waits);
    await until(
      waits.run,
      ({ state, reason }) => state === 'waiting' && /ReqNodeNotAvail|Resources/.test(reason ?? ''),
    );
    cluster.slurm.command('scontrol', 'update', 'nodename=n1', 'state=resume');
    assert.equal((await pollUntil(worker, waits.run)).state, 'succeeded');
  });

  it('does not mix the kinds of GPU of its nodes', async () => {
    const smi = path.join(cluster.box.home, 'smi');
    writeFileSync(
      smi,
      '#!/bin/sh\ncase $SLURMD_NODENAME in n1) k=H100 ;; *) k=A100 ;; esac\nfor i in 0 1 2 3; do echo "$i, GPU-$SLURMD_NODENAME-$i, NVIDIA $k"; done\n',
      { mode: 0o755 },
    );
    cluster.box.bend(`RC_NVIDIA_SMI=${smi}`);
    const [one, two] = [ship({ run: 'true' }), ship({ run: 'true' })];
    await on('n1').submit(one);
    await on('n2').submit(two);
    assert.equal((await pollUntil(worker, one.run)).hardware, 'NVIDIA H100');
    assert.equal((await pollUntil(worker, two.run)).hardware, 'NVIDIA A100');
  });

  it('loses a run that is preempted, for our own next try', async () => {
    const low = ship({ run: 'sleep 300', resources: { gpus: 4, timeout: '5m' } });
    await on('n1').submit(low);
    await until(low.run, ({ state }) => state === 'running');
    const high = ship({ run: 'true', resources: { gpus: 4, timeout: '5m' } });
    await on('n1', { partition: 'urgent' }).submit(high);
    const report = await pollUntil(worker, low.run, ENDED);
    assert.equal(report.state, 'lost', report.reason);
    assert.match(report.reason ?? '', /preempted/);
    assert.equal((await pollUntil(worker, high.run)).state, 'succeeded');
  });

  it('lets Slurm start a preempted run again where the box says so: from scratch, its log appended', async () => {
    const low = ship({
      run: `test ! -e trace && touch trace && ${gated('again')}`,
      resources: { gpus: 4, timeout: '5m' },
    });
    await on('n1', { requeue: true }).submit(low);
    await until(low.run, ({ state }) => state === 'running');
    const high = ship({ run: gated('urgent'), resources: { gpus: 4, timeout: '5m' } });
    await on('n1', { partition: 'urgent' }).submit(high);
    await until(high.run, ({ state }) => state === 'running');
    const waiting = await until(low.run, ({ state, reason }) => state === 'waiting' && reason !== undefined);
    assert.match(waiting.reason ?? '', /requeued/);
    cluster.touch('urgent');
    assert.equal((await pollUntil(worker, high.run)).state, 'succeeded');
    // Slurm lets a requeued job rest for two minutes.
    cluster.slurm.command('scontrol', 'update', `JobId=${jobOf(low.run)}`, 'StartTime=now');
    await until(low.run, ({ state }) => state === 'running');
    cluster.touch('again');
    const report = await pollUntil(worker, low.run);
    assert.equal(report.state, 'succeeded', report.reason);
    const log = (await wholeLog(worker, low.run)).toString();
    assert.match(
      log,
      /^begun\n\[research-copilot\] Slurm started this run again on .*, attempt 2; .*\nbegun\nended\n$/,
    );
  });

  it('cancels a requeued run for good', async () => {
    const run = ship({ run: 'sleep 300' });
    await cluster.worker({ requeue: true }).submit(run);
    await until(run.run, ({ state }) => state === 'running');
    cluster.slurm.command('scontrol', 'requeue', jobOf(run.run));
    await until(run.run, ({ state }) => state === 'waiting');
    await worker.cancel(run.run);
    assert.equal((await pollUntil(worker, run.run)).state, 'cancelled');
  });

  it('stops a run before Slurm’s time limit, and knows that limit where the run would not end before it', async () => {
    const limited = cluster.worker({ time: '1m' });
    const hears = ship({ run: 'sleep 300' });
    const stubborn = ship({ run: 'trap "" TERM; while :; do sleep 0.1; done' });
    await limited.submit(hears);
    await until(hears.run, ({ state }) => state === 'running');
    // Longer to end than Slurm gives it.
    cluster.box.bend('RC_GRACE=300');
    await limited.submit(stubborn);
    await until(stubborn.run, ({ state }) => state === 'running');
    cluster.box.bend('RC_GRACE=2');
    const first = await pollUntil(worker, hears.run, ENDED);
    assert.equal(first.state, 'timed-out', first.reason);
    assert.match(first.reason ?? '', /before the time limit of its job in Slurm/);
    const second = await pollUntil(worker, stubborn.run, ENDED);
    assert.equal(second.state, 'timed-out', second.reason);
    assert.match(second.reason ?? '', /Slurm stopped the job at its time limit/);
  });
});
