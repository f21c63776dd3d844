import * as assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { GitRepo } from '../../support/git-repo.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('A run on an ssh box', () => {
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
    folder = mkdtempSync(path.join(tmpdir(), 'rc-ssh-'));
    repo = new GitRepo(path.join(folder, `it's "the" $(repo)`));
    base = repo.commit({
      'train.py': Array.from({ length: 200 }, (_, line) => `print("line ${line} of the script")\n`).join(''),
      'data/a file with spaces.txt': 'x\n',
    });
    box = await startBox({ name: 'box1', gpus: 2 });
    ssh = workerOf(box);
  });
  after(async () => {
    ssh?.connection.dispose();
    await box?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs to success, and its log here is the box’s byte for byte', async () => {
    const shipment = shipmentOf(repo, base, { run: 'python3 train.py; head -c 300000 /dev/urandom' });
    assert.equal(await ssh.worker.submit(shipment), 'started');
    const report = await pollUntil(ssh.worker, shipment.run);
    assert.equal(report.state, 'succeeded');
    const log = await wholeLog(ssh.worker, shipment.run);
    assert.equal(sha256(log), sha256(readFileSync(path.join(box.root, 'runs', shipment.run, 'log'))));
    assert.equal(report.logBytes, log.length);
    assert.ok((report.startedAt ?? 0) > 0 && (report.endedAt ?? 0) >= (report.startedAt ?? 0));
  });

  it('ships a one-line change to a known box in at most three calls and 4 KB', async () => {
    const commit = repo.commit({
      'train.py': readFileSync(path.join(repo.root, 'train.py'), 'utf8').replace('line 7 ', 'line seven '),
    });
    const shipment = shipmentOf(repo, commit, { run: 'python3 train.py' });
    await ssh.worker.poll([shipment.run]);
    const before = ssh.connection.traffic();
    assert.equal(await ssh.worker.submit(shipment), 'started');
    const after = ssh.connection.traffic();
    const bytes = after.read - before.read + after.written - before.written;
    console.log(`      ${after.calls - before.calls} calls, ${bytes} bytes on the wire`);
    assert.ok(after.calls - before.calls <= 3);
    assert.ok(bytes <= 4096, `${bytes} bytes`);
    assert.equal((await pollUntil(ssh.worker, shipment.run)).state, 'succeeded');
    assert.match((await wholeLog(ssh.worker, shipment.run)).toString(), /line seven of/);
  });
});
