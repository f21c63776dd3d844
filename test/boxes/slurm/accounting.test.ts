import * as assert from 'node:assert/strict';
import { clusterIsHere, startCluster, type TestCluster } from '../../support/cluster.ts';
import { pollUntil, shipmentOf } from '../../support/shipments.ts';

const gpu = { gpus: 1, timeout: '1m' };

describe('A cluster that keeps accounts', () => {
  let cluster: TestCluster;

  before(async function () {
    clusterIsHere(this, { full: true, accounting: true });
    // A job is forgotten two seconds after its end: only the accounts know how it was.
    cluster = await startCluster({ accounting: true, conf: ['MinJobAge=2'] });
    cluster.slurm.command('sacctmgr', '-i', 'add', 'account', 'lab');
    cluster.slurm.command('sacctmgr', '-i', 'add', 'user', cluster.box.user, 'account=lab');
  });
  after(() => cluster?.stop());

  const ship = (run: string) => shipmentOf(cluster.repo, cluster.base, { run, resources: gpu });

  it('says whether it does, and which account is none', async () => {
    const report = await cluster.worker({ account: 'lab' }).probe();
    assert.equal(report.cluster?.accounting, true);
    assert.ok(!report.problems.some(({ what }) => /account/.test(what)), JSON.stringify(report.problems));
    const wrong = await cluster.worker({ account: 'nobody' }).probe();
    assert.match(wrong.problems.map(({ what, fix }) => `${what} | ${fix}`).join(), /no account nobody .*lab/);
  });

  it('runs on an account', async () => {
    const worker = cluster.worker({ account: 'lab' });
    const shipment = ship('exit 4');
    await worker.submit(shipment);
    const report = await pollUntil(worker, shipment.run);
    assert.deepEqual([report.state, report.exitCode], ['failed', 4]);
  });

  it('tells how a job ended that Slurm has forgotten, and who cancelled it', async () => {
    const worker = cluster.worker({ account: 'lab' });
    const [killed, stopped] = [ship('sleep 60'), ship('sleep 60')];
    for (const shipment of [killed, stopped]) {
      await worker.submit(shipment);
      await pollUntil(worker, shipment.run, new Set(['running']));
    }
    const job = (run: string) => cluster.file(run, 'job')?.trim() ?? '';
    const [, pid = '0'] = cluster.file(killed.run, 'begun')?.trim().split(' ') ?? [];
    process.kill(Number(pid), 'SIGKILL');
    cluster.slurm.command('scancel', job(stopped.run));
    while (cluster.slurm.command('squeue', '-h', '-t', 'all') !== '')
      await new Promise((resolve) => setTimeout(resolve, 100));
    cluster.box.bend('RC_GONE=1');
    const lost = await pollUntil(worker, killed.run);
    assert.equal(lost.state, 'lost');
    assert.match(lost.reason ?? '', /FAILED/);
    const cancelled = await pollUntil(worker, stopped.run);
    assert.equal(cancelled.state, 'cancelled');
    assert.match(cancelled.reason ?? '', /Cancelled in Slurm by 0/);
  });
});
