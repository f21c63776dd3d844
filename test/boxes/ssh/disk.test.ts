import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { GitRepo } from '../../support/git-repo.ts';
import { pollUntil, shipmentOf } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

describe('A box whose disk is full', () => {
  let box: TestBox;
  let folder: string;
  let small: string;
  let repo: GitRepo;
  let base: string;
  let ssh: TestWorker;
  let mounted = false;

  before(async function () {
    const why = whyNoBox() ?? (process.getuid?.() === 0 ? undefined : 'a small tmpfs needs root');
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-disk-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'a.txt': 'a\n' });
    box = await startBox({ name: 'box5' });
    small = path.join(box.home, 'small');
    mkdirSync(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=777', 'tmpfs', small], { stdio: 'pipe' });
      mounted = true;
    } catch {
      console.log('skipped: this machine lets nobody mount a tmpfs');
      this.skip();
    }
    ssh = workerOf(box, { box: { root: path.join(small, 'root') } });
    await ssh.worker.probe();
    writeFileSync(
      path.join(small, 'root/box.env'),
      `RC_LOCKS=${box.home}/locks\nRC_LINGER=0\nRC_GRACE=1\nRC_SANDBOX=none\n`,
    );
  });
  after(async () => {
    ssh?.connection.dispose();
    if (mounted) execFileSync('umount', ['-l', small]);
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it('ends the run that filled it, with that reason and the folder', async () => {
    const shipment = shipmentOf(repo, base, { run: 'echo start; cat /dev/zero >big; echo "never seen"; exit 1' });
    await ssh.worker.submit(shipment);
    const report = await pollUntil(ssh.worker, shipment.run);
    assert.equal(report.state, 'failed');
    assert.match(report.reason ?? '', /disk of .*small\/root is full \(\d+ bytes free\)/);
  });

  it('refuses the next one with box-disk-full, naming the folder and the free bytes', async () => {
    const shipment = shipmentOf(repo, repo.commit({ 'a.txt': 'b\n' }), { run: 'true' });
    await assert.rejects(ssh.worker.submit(shipment), (error: Error & { code: string }) => {
      assert.equal(error.code, 'box-disk-full');
      assert.match(error.message, /small\/root .*\(\d+ bytes free\)/);
      return true;
    });
    assert.equal((await ssh.worker.poll([shipment.run]))[0]?.state, 'absent');
  });

  it('takes runs again once there is room', async () => {
    rmSync(path.join(small, 'root/runs'), { recursive: true });
    const shipment = shipmentOf(repo, base, { run: 'true' });
    await ssh.worker.submit(shipment);
    assert.equal((await pollUntil(ssh.worker, shipment.run)).state, 'succeeded');
  });
});
