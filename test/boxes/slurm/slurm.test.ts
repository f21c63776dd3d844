import * as assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { type BoxOf, boxSchema } from '../../../src/core/domain/index.ts';
import { realSystem } from '../../../src/core/system/index.ts';
import type { Worker } from '../../../src/core/workers/index.ts';
import { createSlurmWorker } from '../../../src/core/workers/ssh/worker.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startSlurm, type TestSlurm, whyNoSlurm } from '../../support/slurm.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';

describe('A Slurm cluster through its login node', () => {
  let slurm: TestSlurm;
  let box: TestBox;
  let folder: string;
  let repo: GitRepo;
  let base: string;
  const workers: Worker[] = [];

  const workerWith = (part: Readonly<Record<string, unknown>> = {}) => {
    const worker = createSlurmWorker(
      boxSchema.parse({ name: 'login', kind: 'slurm', host: 'login', partition: 'gpu', ...part }) as BoxOf<'slurm'>,
      { system: realSystem(), configFolder: box.configFolder, sshConfigFile: box.sshConfigFile },
    );
    workers.push(worker);
    return worker;
  };

  before(async function () {
    if (process.env.FULL !== '1') {
      console.log('  skipped: Slurm is one of the full tests: FULL=1 npm run test:boxes');
      this.skip();
    }
    const why = whyNoBox() ?? whyNoSlurm();
    if (why !== undefined) {
      if (process.env.CI) throw new Error(why);
      console.log(`  skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-cluster-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'a.txt': 'a\n' });
    slurm = await startSlurm();
    box = await startBox({ name: 'login', env: { SLURM_CONF: slurm.conf } });
    box.bend('RC_SQUEUE_EVERY=0\nRC_SQUEUE_SOON=0');
  });
  after(async () => {
    for (const worker of workers) worker.dispose();
    await slurm?.stop();
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const gpu = { gpus: 1, timeout: '1m' };

  it('runs a commit on a GPU it gave, with its exit code and its log', async () => {
    const worker = workerWith();
    const shipment = shipmentOf(repo, base, { run: 'cat a.txt; echo "gpu=$CUDA_VISIBLE_DEVICES"', resources: gpu });
    assert.equal(await worker.submit(shipment), 'started');
    const report = await pollUntil(worker, shipment.run);
    assert.equal(report.state, 'succeeded', report.reason);
    assert.match((await wholeLog(worker, shipment.run)).toString(), /^a\ngpu=\d\n$/);
    const failing = shipmentOf(repo, base, { run: 'exit 5', resources: gpu });
    await worker.submit(failing);
    const failed = await pollUntil(worker, failing.run);
    assert.deepEqual([failed.state, failed.exitCode], ['failed', 5]);
  });

  it('submits once, however often it is asked', async () => {
    const worker = workerWith();
    const shipment = shipmentOf(repo, base, { run: 'echo x >>"$HOME/slurm-starts"; sleep 1', resources: gpu });
    const answers = await Promise.all([1, 2, 3, 4].map(() => worker.submit(shipment)));
    assert.equal(answers.filter((answer) => answer === 'started').length, 1, answers.join());
    const ended = await pollUntil(worker, shipment.run);
    assert.equal(ended.state, 'succeeded', ended.reason);
    assert.equal(await worker.submit(shipment), 'done');
    assert.equal(readFileSync(path.join(box.home, 'slurm-starts'), 'utf8'), 'x\n');
  });

  it('cancels what waits and what runs, and leaves no process', async () => {
    const worker = workerWith();
    const run = shipmentOf(repo, base, { run: 'setsid sleep 300 & sleep 300', resources: { gpus: 4, timeout: '5m' } });
    const waiting = shipmentOf(repo, base, { run: 'true', resources: gpu });
    await worker.submit(run);
    await pollUntil(worker, run.run, new Set(['running']));
    await worker.submit(waiting);
    await pollUntil(worker, waiting.run, new Set(['waiting']));
    await worker.cancel(waiting.run);
    assert.equal((await pollUntil(worker, waiting.run)).state, 'cancelled');
    await worker.cancel(run.run);
    assert.equal((await pollUntil(worker, run.run)).state, 'cancelled');
    assert.deepEqual(
      box.processes().filter(({ environ }) => environ.includes(`RUN_ID=${run.run}`)),
      [],
    );
  });

  it('does not take a run for ended before its exit code has arrived', async () => {
    const worker = workerWith();
    const shipment = shipmentOf(repo, base, { run: 'sleep 60', resources: gpu });
    await worker.submit(shipment);
    await pollUntil(worker, shipment.run, new Set(['running']));
    writeFileSync(path.join(box.root, 'runs', shipment.run, 'state'), 'done\n');
    const [report] = await worker.poll([shipment.run]);
    assert.equal(report?.state, 'finishing');
    await worker.cancel(shipment.run);
    assert.equal((await pollUntil(worker, shipment.run)).state, 'cancelled');
  });

  it('gives a run its home even where the cluster cannot read the environment of the account', async () => {
    const worker = workerWith();
    const profile = path.join(box.home, '.profile');
    writeFileSync(profile, 'exit 1\n', { mode: 0o644 });
    const shipment = shipmentOf(repo, base, { run: 'echo "$HOME $USER"', resources: gpu });
    await worker.submit(shipment);
    const report = await pollUntil(worker, shipment.run).finally(() => rmSync(profile));
    assert.equal(report.state, 'succeeded', report.reason);
    assert.equal((await wholeLog(worker, shipment.run)).toString(), `${box.home} ${box.user}\n`);
  });

  it('says what Slurm says to a wrong partition', async () => {
    const worker = workerWith({ partition: 'nowhere' });
    const shipment = shipmentOf(repo, base, { run: 'true', resources: gpu });
    await assert.rejects(worker.submit(shipment), (error: Error & { code: string }) => {
      assert.equal(error.code, 'slurm-refused');
      assert.match(error.message, /invalid partition/i);
      return true;
    });
  });

  it('takes a job that is gone without an exit file for lost, not for succeeded', async () => {
    const worker = workerWith();
    const shipment = shipmentOf(repo, base, { run: 'sleep 60', resources: gpu });
    await worker.submit(shipment);
    await pollUntil(worker, shipment.run, new Set(['running']));
    box.bend('RC_GONE=0');
    const [pid = '0'] = readFileSync(path.join(box.root, 'runs', shipment.run, 'begun'), 'utf8')
      .split(' ')
      .slice(1);
    process.kill(Number(pid), 'SIGKILL');
    assert.equal((await pollUntil(worker, shipment.run)).state, 'lost');
  });
});
