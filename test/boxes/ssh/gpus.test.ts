import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { GitRepo } from '../../support/git-repo.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

describe('GPUs of an ssh box', () => {
  let box: TestBox;
  let folder: string;
  let repo: GitRepo;
  let base: string;
  let ssh: TestWorker;

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-gpu-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'a.txt': 'a\n' });
    box = await startBox({ name: 'box4', gpus: 2 });
    ssh = workerOf(box);
  });
  after(async () => {
    ssh?.connection.dispose();
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const one = { gpus: 1, timeout: '1m' };

  it('never gives one to two runs, and gives each run its own', async () => {
    // Each run holds a lock of its own making on the GPU it was given: a second one on it would see it.
    const run =
      'echo "gpu=$CUDA_VISIBLE_DEVICES order=$CUDA_DEVICE_ORDER"; mkdir "$HOME/on-$CUDA_VISIBLE_DEVICES" || exit 9; sleep 0.5; rmdir "$HOME/on-$CUDA_VISIBLE_DEVICES"';
    const runs = Array.from({ length: 4 }, () => shipmentOf(repo, base, { run, resources: one }));
    for (const shipment of runs) await ssh.worker.submit(shipment);
    for (const { run: id } of runs) {
      const report = await pollUntil(ssh.worker, id);
      assert.equal(report.state, 'succeeded', report.reason);
      assert.equal(report.gpus.length, 1);
      assert.match((await wholeLog(ssh.worker, id)).toString(), /gpu=[01] order=PCI_BUS_ID/);
    }
  });

  it('never gives one to two users either', async function () {
    if (process.getuid?.() !== 0) {
      console.log('skipped: two accounts need root');
      this.skip();
    }
    const shared = path.join(folder, 'shared');
    mkdirSync(shared);
    execFileSync('chmod', ['755', folder]);
    execFileSync('chmod', ['1777', shared]);
    const gpus = ['GPU-one', 'GPU-two'].map((uuid) => ({ uuid }));
    const boxes = await Promise.all(['alice', 'bob'].map((name) => startBox({ name, gpus })));
    const workers = boxes.map((each) => workerOf(each));
    try {
      for (const each of boxes) each.bend(`RC_LOCKS=${shared}/locks`);
      const run = `d=${shared}/on-$CUDA_VISIBLE_DEVICES; mkdir "$d" || exit 9; sleep 0.3; rmdir "$d"`;
      const started = await Promise.all(
        [0, 1, 0, 1, 0, 1].map(async (index) => {
          const shipment = shipmentOf(repo, base, { run, resources: one });
          await workers[index]?.worker.submit(shipment);
          return { index, id: shipment.run };
        }),
      );
      for (const { index, id } of started) {
        const report = await pollUntil((workers[index] as TestWorker).worker, id);
        assert.equal(report.state, 'succeeded', report.reason);
      }
    } finally {
      for (const { connection } of workers) connection.dispose();
      for (const each of boxes) await each.stop();
    }
  });

  it('queues in the order of arrival and says the place', async () => {
    const gate = path.join(box.home, 'gate');
    const both = shipmentOf(repo, base, {
      run: `while [ ! -e ${gate} ]; do sleep 0.05; done`,
      resources: { gpus: 2, timeout: '1m' },
    });
    await ssh.worker.submit(both);
    await pollUntil(ssh.worker, both.run, new Set(['running']));
    const waiting = [];
    for (let index = 0; index < 3; index += 1) {
      const shipment = shipmentOf(repo, base, {
        run: `echo ${index} >>"$HOME/order"; sleep 0.2`,
        resources: { gpus: 2, timeout: '1m' },
      });
      await ssh.worker.submit(shipment);
      for (;;) {
        const [report] = await ssh.worker.poll([shipment.run]);
        if (report?.position === index + 1) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      waiting.push(shipment);
    }
    await ssh.worker.cancel(waiting[1]?.run ?? '');
    assert.equal((await pollUntil(ssh.worker, waiting[1]?.run ?? '')).state, 'cancelled');
    writeFileSync(gate, '');
    for (const { run } of waiting) await pollUntil(ssh.worker, run);
    assert.equal(readFileSync(path.join(box.home, 'order'), 'utf8'), '0\n2\n');
  });

  it('leaves a GPU alone that a stranger computes on', async () => {
    const report = await ssh.worker.probe();
    box.useGpu(report.gpus[0]?.uuid);
    const shipment = shipmentOf(repo, base, { run: 'echo "gpu=$CUDA_VISIBLE_DEVICES"', resources: one });
    await ssh.worker.submit(shipment);
    await pollUntil(ssh.worker, shipment.run);
    assert.equal((await wholeLog(ssh.worker, shipment.run)).toString(), 'gpu=1\n');
    box.useGpu(undefined);
  });

  it('refuses a run that asks for more than there are', async () => {
    const shipment = shipmentOf(repo, base, { run: 'true', resources: { gpus: 4, timeout: '1m' } });
    await ssh.worker.submit(shipment);
    const report = await pollUntil(ssh.worker, shipment.run);
    assert.equal(report.state, 'failed');
    assert.match(report.reason ?? '', /needs 4 gpu slot\(s\) and this box gives 2/);
  });

  it('shows what the box has and what is wrong with it', async () => {
    const report = await ssh.worker.probe();
    assert.equal(report.gpus.length, 2);
    assert.equal(report.hardware, 'NVIDIA H100 80GB HBM3');
    assert.equal(report.gpus[1]?.memoryMiB, 81559);
    assert.ok(report.tools.git && (report.disk?.freeBytes ?? 0) > 0 && (report.latencyMs ?? 0) > 0);
    rmSync(path.join(box.home, 'gpus'));
    const broken = await ssh.worker.probe();
    assert.match(broken.hardware, /^cpu:/);
    assert.ok(broken.problems.some(({ what }) => /nvidia-smi fails: .*driver/.test(what)));
  });
});
