import * as assert from 'node:assert/strict';
import { clusterIsHere, startCluster, type TestCluster } from '../../support/cluster.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';

/** The one test of a cluster in the default run; the others are full ones. */
describe('A Slurm cluster, where Slurm is installed', () => {
  let cluster: TestCluster;

  before(async function () {
    clusterIsHere(this, { full: false });
    cluster = await startCluster();
  });
  after(() => cluster?.stop());

  it('runs two seeds as one array, and cancels a third run', async () => {
    const worker = cluster.worker();
    const ship = (run: string, seed: number) =>
      shipmentOf(
        cluster.repo,
        cluster.base,
        { run, seed: { env: 'SEED' }, resources: { gpus: 1, timeout: '1m' } },
        { seed },
      );
    const seeds = [1, 2].map((seed) => ship('echo "seed $SEED on $CUDA_VISIBLE_DEVICES"', seed));
    const third = ship('sleep 60', 3);
    const results = await worker.submitAll([...seeds, third]);
    assert.deepEqual(
      results.map((result) => ('outcome' in result ? result.outcome : result.error.message)),
      ['started', 'started', 'started'],
    );
    assert.match(seeds.map(({ run }) => cluster.file(run, 'job')?.trim()).join(), /^(\d+)_0,\1_1$/);
    await worker.cancel(third.run);
    for (const { run, seed } of seeds) {
      const report = await pollUntil(worker, run);
      assert.equal(report.state, 'succeeded', report.reason);
      assert.match((await wholeLog(worker, run)).toString(), new RegExp(`^seed ${seed} on \\d\n$`));
    }
    assert.equal((await pollUntil(worker, third.run)).state, 'cancelled');
  });
});
