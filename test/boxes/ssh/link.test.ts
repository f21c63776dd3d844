import * as assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { isHumanError } from '../../../src/core/domain/index.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { pollUntil, shipmentOf } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

async function rejection(work: Promise<unknown>): Promise<Error & { code: string }> {
  try {
    await work;
  } catch (error) {
    assert.ok(isHumanError(error), `not for a person: ${String(error)}`);
    return error;
  }
  throw new assert.AssertionError({ message: 'it did not fail' });
}

describe('A link that breaks', () => {
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
    folder = mkdtempSync(path.join(tmpdir(), 'rc-link-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'a.txt': 'a\n' });
    box = await startBox({ name: 'box2' });
  });
  beforeEach(() => {
    ssh = workerOf(box);
  });
  afterEach(() => ssh.connection.dispose());
  after(async () => {
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** A run that prints a line, then waits for a file of the test's, then prints another. */
  const gated = (gate: string) => ({ run: `echo one; while [ ! -e "$HOME/${gate}" ]; do sleep 0.05; done; echo two` });

  it('ends no run: the log goes on where it was, through a dropped connection and a restarted sshd', async () => {
    const shipment = shipmentOf(repo, base, gated('gate1'));
    await ssh.worker.submit(shipment);
    await pollUntil(ssh.worker, shipment.run, new Set(['running']));
    const first = await ssh.worker.read(shipment.run, 'log', 0, 100);
    assert.ok(box.dropConnections() > 0);
    // The next call may notice the break or already be on a new connection.
    await ssh.worker.poll([shipment.run]).catch((error) => assert.equal(error.code, 'unreachable'));
    assert.equal((await ssh.worker.poll([shipment.run]))[0]?.state, 'running');

    await box.stopServer();
    box.dropConnections();
    ssh.connection.dispose();
    ssh = workerOf(box);
    const refused = await rejection(ssh.worker.poll([shipment.run]));
    assert.equal(refused.code, 'unreachable');
    assert.match(refused.message, new RegExp(`127\\.0\\.0\\.1:${box.port}`));
    await box.startServer();
    writeFileSync(path.join(box.home, 'gate1'), '');
    ssh.connection.dispose();
    ssh = workerOf(box);
    assert.equal((await pollUntil(ssh.worker, shipment.run)).state, 'succeeded');
    const rest = await ssh.worker.read(shipment.run, 'log', first.length, 100);
    assert.equal(Buffer.concat([first, rest]).toString(), 'one\ntwo\n');
  });

  it('is unreachable in the middle of a call, never a failure of the run', async () => {
    const shipment = shipmentOf(repo, base, gated('gate2'));
    await ssh.worker.submit(shipment);
    const slow = rejection(ssh.connection.exec({ script: 'touch "$HOME/slow"; sleep 30' }) as Promise<unknown>);
    while (!box.processes().some(({ command }) => command === 'sleep 30')) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    box.dropConnections();
    assert.equal((await slow).code, 'unreachable');
    writeFileSync(path.join(box.home, 'gate2'), '');
    assert.equal((await pollUntil(ssh.worker, shipment.run)).state, 'succeeded');
  });

  it('gives up a call when told to, and the connection stays good for the others', async () => {
    const stop = new AbortController();
    const slow = ssh.connection.exec({ script: 'sleep 31', signal: stop.signal });
    const others = Array.from({ length: 6 }, () => ssh.worker.poll(['a-run'], stop.signal));
    await Promise.all(others);
    const before = ssh.connection.traffic();
    stop.abort(new Error('enough'));
    await assert.rejects(slow, /enough/);
    await assert.rejects(ssh.worker.poll(['a-run'], stop.signal), /enough/);
    assert.equal((await ssh.worker.poll(['a-run']))[0]?.state, 'absent');
    assert.ok(ssh.connection.traffic().read > before.read, 'it is the same connection');
  });

  it('starts nothing from a shipment that was cut, and starts it once when it comes again', async () => {
    const shipment = shipmentOf(repo, repo.commit({ 'a.txt': 'b\n' }), { run: 'echo x >>"$HOME/once"' });
    await assert.rejects(
      ssh.worker.submit({
        ...shipment,
        pack: async (have, commits) => {
          const pack = await shipment.pack(have, commits);
          return pack.subarray(0, pack.length - 8);
        },
      }),
      { code: 'box-failed' },
    );
    assert.equal((await ssh.worker.poll([shipment.run]))[0]?.state, 'absent');
    assert.equal(await ssh.worker.submit(shipment), 'started');
    await pollUntil(ssh.worker, shipment.run);
    assert.equal(readFileSync(path.join(box.home, 'once'), 'utf8'), 'x\n');
  });

  it('takes a killed supervisor for lost, and a reboot for lost with that reason', async () => {
    const shipment = shipmentOf(repo, base, gated('gate3'));
    await ssh.worker.submit(shipment);
    await pollUntil(ssh.worker, shipment.run, new Set(['running']));
    const [pid = '0'] = readFileSync(path.join(box.root, 'runs', shipment.run, 'pid'), 'utf8').split(' ');
    process.kill(Number(pid), 'SIGKILL');
    const report = await pollUntil(ssh.worker, shipment.run);
    assert.equal(report.state, 'lost');
    assert.match(report.reason ?? '', /killed/);
    assert.equal(await ssh.worker.submit(shipment), 'lost');
    await ssh.worker.cancel(shipment.run);
    assert.equal((await pollUntil(ssh.worker, shipment.run)).state, 'cancelled');
    assert.deepEqual(
      box.processes().filter(({ environ }) => environ.includes(`RUN_ID=${shipment.run}`)),
      [],
    );

    const second = shipmentOf(repo, base, { run: 'sleep 60' });
    await ssh.worker.submit(second);
    await pollUntil(ssh.worker, second.run, new Set(['running']));
    const bootId = path.join(box.home, 'boot-id');
    writeFileSync(bootId, 'another-boot\n');
    box.bend(`RC_BOOT_ID_FILE=${bootId}`);
    assert.match((await pollUntil(ssh.worker, second.run)).reason ?? '', /restarted/);
    box.bend('RC_BOOT_ID_FILE=');
    await ssh.worker.cancel(second.run);
    assert.equal((await pollUntil(ssh.worker, second.run)).state, 'cancelled');
  });

  it('makes one attempt at a time and backs off in the background', async () => {
    await box.stopServer();
    const failures = await Promise.all([1, 2, 3, 4, 5].map(() => rejection(ssh.worker.poll(['a-run']))));
    assert.deepEqual(new Set(failures.map(({ code }) => code)), new Set(['unreachable']));
    await box.startServer();
  });

  it('keeps the messages that matter when sshd has no room for a session', async () => {
    await Promise.all(Array.from({ length: 40 }, () => ssh.worker.poll(['a-run'])));
    assert.equal((await ssh.worker.poll(['a-run']))[0]?.state, 'absent');
  });
});
