import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { GitRepo } from '../../support/git-repo.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

/** A program for the box, for everybody to run. */
function program(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}

const GPUS = ['GPU-one', 'GPU-two', 'GPU-three'];

describe('Check Boxes on an ssh box', () => {
  let box: TestBox;
  let bare: TestBox;
  let folder: string;
  let repo: GitRepo;
  let base: string;
  let ssh: TestWorker;
  let other: TestWorker;
  const said = async (worker: TestWorker) => (await worker.worker.probe()).problems.map(({ what }) => what).join('; ');

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-probe-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'a.txt': 'a\n' });
    box = await startBox({ name: 'probed', gpus: GPUS.map((uuid) => ({ uuid })) });
    bare = await startBox({ name: 'bare' });
    ssh = workerOf(box);
    other = workerOf(bare);
  });
  after(async () => {
    for (const worker of [ssh, other]) worker?.connection.dispose();
    for (const one of [box, bare]) await one?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it('tells a run of ours on a GPU from a stranger, and who has the lock', async () => {
    const shipment = shipmentOf(repo, base, { run: 'exec sleep 300', resources: { gpus: 1, timeout: '5m' } });
    await ssh.worker.submit(shipment);
    const { gpus: given } = await pollUntil(ssh.worker, shipment.run, new Set(['running']));
    const [own, others] = [given[0] ?? '', GPUS.filter((uuid) => !given.includes(uuid))];
    const mine = () =>
      box
        .processes()
        .find(({ command, environ }) => /^sleep 300/.test(command) && environ.includes(`RUN_ID=${shipment.run}`));
    const until = Date.now() + PATIENCE_MS;
    while (!mine()) {
      assert.ok(Date.now() < until, 'the run did not start its program');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    writeFileSync(
      path.join(box.home, 'gpu-apps'),
      `${own}, ${mine()?.pid}, 30000\n${others[0]}, ${process.pid}, [N/A]\n${others[0]}, 4194999, 12\n`,
    );
    const { gpus } = await ssh.worker.probe();
    const of = (uuid: string | undefined) => gpus.find((gpu) => gpu.uuid === uuid);
    const me = { user: box.user, run: shipment.run };
    assert.deepEqual(of(own)?.users, [{ pid: mine()?.pid, usedMiB: 30000, program: 'sleep', ...me }]);
    assert.deepEqual(of(own)?.lockedBy, me);
    const [stranger, hidden] = of(others[0])?.users ?? [];
    const owner = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
    assert.deepEqual(
      [stranger?.pid, stranger?.user, stranger?.run, stranger?.usedMiB],
      [process.pid, owner, undefined, null],
    );
    assert.deepEqual(hidden, { pid: 4194999, usedMiB: 12 });
    assert.equal(of(others[0])?.lockedBy, undefined);
    assert.deepEqual([of(others[1])?.users, of(others[1])?.lockedBy], [[], undefined]);
    await ssh.worker.cancel(shipment.run);
    await pollUntil(ssh.worker, shipment.run);
    rmSync(path.join(box.home, 'gpu-apps'));
    assert.ok((await ssh.worker.probe()).gpus.every(({ lockedBy }) => lockedBy === undefined));
  });

  it('says what the sandbox comes to, as a run would find it', async () => {
    const bent = await ssh.worker.probe();
    assert.equal(bent.sandbox, 'none');
    if (bent.sandboxes?.includes('bwrap')) assert.match(await said(ssh), /in no sandbox, though bwrap works/);
    box.bend('RC_SANDBOX=auto');
    const { sandbox, sandboxes } = await ssh.worker.probe();
    assert.equal(sandbox, sandboxes?.includes('bwrap') ? 'bwrap' : 'none');
    const shipment = shipmentOf(repo, base, { run: 'true' });
    await ssh.worker.submit(shipment);
    assert.equal((await pollUntil(ssh.worker, shipment.run)).sandbox, sandbox);
    box.bend('RC_SANDBOX=none');
    const forced = workerOf(box, { box: { sandbox: 'apptainer' } });
    assert.match(await said(forced), /asks for sandbox: apptainer, which cannot be used: apptainer/);
    forced.connection.dispose();
  });

  it('tells the rest while nvidia-smi hangs', async () => {
    box.bend('RC_SMI_LIMIT=1');
    writeFileSync(path.join(box.home, 'gpus-hang'), '');
    const report = await ssh.worker.probe();
    rmSync(path.join(box.home, 'gpus-hang'));
    assert.ok(report.problems.some(({ what }) => what === 'nvidia-smi hangs'));
    assert.deepEqual(report.gpus, []);
    assert.ok(report.tools.git && report.disk);
    assert.equal((await ssh.worker.probe()).gpus.length, GPUS.length);
  });

  it('says how far the clock is off, and that logind ends what is left behind', async () => {
    const quiet = await said(ssh);
    assert.doesNotMatch(quiet, /clock|log out/);
    program(path.join(box.home, 'clock'), '#!/bin/sh\nexec date -d "+90 seconds" "$@"\n');
    mkdirSync(path.join(box.home, 'logind/logind.conf.d'), { recursive: true });
    writeFileSync(path.join(box.home, 'logind/logind.conf'), '[Login]\n#KillUserProcesses=no\n');
    writeFileSync(path.join(box.home, 'logind/logind.conf.d/lab.conf'), '[Login]\nKillUserProcesses=yes\n');
    box.bend(`RC_CLOCK=${box.home}/clock RC_LOGIND=${box.home}/logind`);
    const report = await ssh.worker.probe();
    box.bend('RC_CLOCK=date RC_LOGIND=/etc/systemd');
    const skew = report.clockSkewMs ?? 0;
    assert.ok(skew > 60_000 && skew < 120_000, `${skew}`);
    assert.equal(report.linger, false);
    const words = report.problems.map(({ what }) => what).join('; ');
    assert.match(words, /clock is \d+ s ahead.*ends your processes when you log out/);
  });

  it('has no GPU problem on a box without any, and finds there what only a login shell finds', async () => {
    const before = await other.worker.probe();
    assert.deepEqual([before.gpus, before.path], [[], 'plain']);
    assert.match(before.hardware, /^cpu:/);
    assert.doesNotMatch(before.problems.map(({ what }) => what).join(), /nvidia|GPU/);
    program(path.join(bare.home, 'opt/uv'), '#!/bin/sh\necho uv 0.9.1\n');
    copyFileSync('test/support/sshd/nvidia-smi.sh', path.join(bare.home, 'opt/nvidia-smi'));
    chmodSync(path.join(bare.home, 'opt/nvidia-smi'), 0o755);
    writeFileSync(path.join(bare.home, 'gpus'), '0, GPU-login, NVIDIA L4, 23034, 1, 0\n');
    writeFileSync(path.join(bare.home, '.profile'), 'PATH=$PATH:$HOME/opt\n');
    const report = await other.worker.probe();
    assert.deepEqual([report.path, report.loginTools, report.tools.uv], ['login', ['uv'], '0.9.1']);
    assert.equal(report.hardware, 'NVIDIA L4');
    // A run gets that GPU: the supervisor looks where the login shell would.
    const shipment = shipmentOf(repo, base, {
      run: 'uv; echo "gpu=$CUDA_VISIBLE_DEVICES"',
      resources: { gpus: 1, timeout: '1m' },
    });
    await other.worker.submit(shipment);
    assert.equal((await pollUntil(other.worker, shipment.run)).state, 'succeeded');
    assert.equal((await wholeLog(other.worker, shipment.run)).toString(), 'uv 0.9.1\ngpu=0\n');
  });

  it('is told of a login shell that asks a question', async () => {
    bare.bend('RC_LOGIN_SECONDS=1');
    writeFileSync(path.join(bare.home, '.profile'), 'exec sleep 600\n');
    assert.match(await said(other), /login shell does not get ready/);
    rmSync(path.join(bare.home, '.profile'));
  });

  it('says what kind of disk it is, and answers in full when that disk is', async function () {
    if (process.getuid?.() !== 0) {
      console.log('skipped: a small tmpfs needs root');
      this.skip();
    }
    const small = path.join(box.home, 'small');
    mkdirSync(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=777', 'tmpfs', small], { stdio: 'pipe' });
    } catch {
      console.log('skipped: this machine lets nobody mount a tmpfs');
      this.skip();
    }
    const worker = workerOf(box, { box: { root: path.join(small, 'root') } });
    try {
      const report = await worker.worker.probe();
      assert.deepEqual([report.disk?.kind, report.disk?.network], ['tmpfs', false]);
      assert.match(report.problems.map(({ what }) => what).join('; '), /only 1 MiB are free.*in memory \(tmpfs\)/);
      execFileSync('sh', ['-c', 'cat /dev/zero >"$1/filler" 2>/dev/null || true', 'sh', small]);
      const full = await worker.worker.probe();
      assert.match(full.problems.map(({ what }) => what).join('; '), /only 0 MiB are free/);
      assert.equal(full.gpus.length, GPUS.length);
      assert.ok(full.tools.git);
    } finally {
      worker.connection.dispose();
      execFileSync('umount', ['-l', small]);
    }
  });
});
