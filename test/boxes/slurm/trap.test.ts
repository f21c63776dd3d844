import * as assert from 'node:assert/strict';
import { clusterIsHere, startCluster, type TestCluster } from '../../support/cluster.ts';
import { pollUntil, shipmentOf } from '../../support/shipments.ts';

describe('A cluster whose node takes jobs and runs none', () => {
  let cluster: TestCluster;

  before(async function () {
    clusterIsHere(this, { full: true });
    cluster = await startCluster({ broken: true });
    cluster.box.bend('RC_GONE=2');
  });
  after(() => cluster?.stop());

  it('makes no success of a job that Slurm calls COMPLETED though it never ran', async () => {
    const worker = cluster.worker();
    const shipment = shipmentOf(cluster.repo, cluster.base, { run: 'true', resources: { gpus: 1, timeout: '1m' } });
    await worker.submit(shipment);
    const report = await pollUntil(worker, shipment.run);
    const job = cluster.file(shipment.run, 'job')?.trim() ?? '';
    assert.match(cluster.slurm.command('scontrol', 'show', 'job', job), /JobState=COMPLETED/);
    assert.equal(report.state, 'lost');
    assert.match(report.reason ?? '', /COMPLETED.*never began on a node/);
  });
});
