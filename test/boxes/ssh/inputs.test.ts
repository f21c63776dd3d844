import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { ShipProgress, ShipQuestion } from '../../../src/core/workers/index.ts';
import { startCuttingProxy } from '../../support/cutting-proxy.ts';
import { GitRepo } from '../../support/git-repo.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf, workerThrough } from '../../support/workers.ts';

const MB = 1_000_000;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('Inputs of a run on an ssh box', () => {
  let box: TestBox;
  let folder: string;
  let repo: GitRepo;
  let base: string;
  const open: TestWorker[] = [];

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-inputs-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'a.txt': 'a\n' });
    box = await startBox({ name: 'inputs' });
  });
  afterEach(() => {
    for (const { connection } of open.splice(0)) connection.dispose();
  });
  after(async () => {
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const connect = (options: Parameters<typeof workerOf>[1] = {}) => {
    const made = workerOf(box, options);
    open.push(made);
    return made;
  };
  /** A file of random bytes, as an input of that path. */
  const input = (name: string, size: number) => {
    const source = path.join(folder, name);
    const bytes = randomBytes(size);
    writeFileSync(source, bytes);
    return { path: `data/${name}`, source, sha256: sha256(bytes) };
  };
  const shared = (sum: string) => path.join(box.root, 'inputs', sum);
  const written = ({ connection }: TestWorker) => connection.traffic().written;
  const succeeded = async ({ worker }: TestWorker, run: string) => {
    const report = await pollUntil(worker, run);
    assert.equal(report.state, 'succeeded', report.reason);
  };

  it('go once to a box for all the runs that want them at the same time, and are one file for all', async () => {
    const ssh = connect();
    const data = input('tokens one.bin', 6 * MB);
    const gate = path.join(box.home, 'gate-once');
    const environment = { run: `stat -c '%i %h' "data/tokens one.bin"; while [ ! -e ${gate} ]; do sleep 0.05; done` };
    const shipments = [1, 2, 3, 4].map(() => shipmentOf(repo, base, environment, { inputs: [data] }));
    const [first, second, third, fourth] = shipments;
    assert.ok(first && second && third && fourth);
    const results = await Promise.all([
      ssh.worker.submit(first),
      ssh.worker.submit(second),
      ssh.worker.submitAll([third, fourth]),
    ]);
    assert.deepEqual(results.slice(0, 2), ['started', 'started']);
    assert.ok(written(ssh) < 8 * MB, `${written(ssh)} bytes left for one input of 6 MB`);
    for (const { run } of shipments) await pollUntil(ssh.worker, run, new Set(['running']));
    writeFileSync(gate, '');
    for (const { run } of shipments) await succeeded(ssh, run);
    const inode = statSync(shared(data.sha256)).ino;
    const logs = await Promise.all(shipments.map(({ run }) => wholeLog(ssh.worker, run)));
    assert.deepEqual(
      logs.map((log) => Number(log.toString().split(' ')[0])),
      shipments.map(() => inode),
    );
  });

  it('go once though two windows send them at the same time', async () => {
    const data = input('windows.bin', 20 * MB);
    const windows = [connect(), connect()].map((window) => ({
      window,
      told: [] as ShipProgress[],
      shipment: shipmentOf(repo, base, { run: 'true' }, { inputs: [data] }),
    }));
    await Promise.all(
      windows.map(({ window, shipment, told }) =>
        window.worker.submitAll([shipment], { progress: (progress) => told.push(progress) }),
      ),
    );
    const left = windows.reduce((sum, { window }) => sum + written(window), 0);
    assert.ok(left < 30 * MB, `${left} bytes left for one input of 20 MB`);
    for (const { window, shipment, told } of windows) {
      await succeeded(window, shipment.run);
      assert.equal(told.at(-1)?.sentBytes, told.at(-1)?.totalBytes);
    }
  });

  it('tell how far they are: bytes, the whole, the rate and who waits', async () => {
    const ssh = connect();
    const inputs = [input('p1.bin', 3 * MB), input('p2.bin', 2 * MB)];
    const shipment = shipmentOf(repo, base, { run: 'true' }, { inputs });
    const told: ShipProgress[] = [];
    const [result] = await ssh.worker.submitAll([shipment], { progress: (progress) => told.push(progress) });
    assert.deepEqual(result, { run: shipment.run, outcome: 'started' });
    assert.deepEqual(new Set(told.map(({ what }) => what)), new Set(['data/p1.bin', 'data/p2.bin']));
    assert.ok(told.every(({ totalBytes, runs }) => totalBytes === 5 * MB && runs[0] === shipment.run));
    const sent = told.map(({ sentBytes }) => sentBytes);
    assert.deepEqual(
      sent,
      sent.toSorted((a, b) => a - b),
    );
    assert.equal(sent.at(-1), 5 * MB);
    assert.ok((told.at(-1)?.bytesPerSecond ?? 0) > 0);
    await succeeded(ssh, shipment.run);
  });

  it('stop within a chunk when told to, show nothing half, and go on from there', async () => {
    const ssh = connect();
    const data = input('stopped.bin', 20 * MB);
    const shipment = shipmentOf(repo, base, { run: 'sha256sum data/stopped.bin' }, { inputs: [data] });
    const stop = new AbortController();
    let sentAtStop = 0;
    const work = ssh.worker.submitAll([shipment], {
      signal: stop.signal,
      progress({ sentBytes }) {
        if (sentBytes > 8 * MB && sentAtStop === 0) {
          sentAtStop = sentBytes;
          stop.abort(new Error('enough'));
        }
      },
    });
    await assert.rejects(work, /enough/);
    assert.ok(!existsSync(shared(data.sha256)));
    assert.equal((await ssh.worker.poll([shipment.run]))[0]?.state, 'absent');
    const visible = readdirSync(path.join(box.root, 'inputs')).filter((name) => !name.startsWith('.'));
    assert.ok(!visible.some((name) => name.startsWith(data.sha256)));

    const told: ShipProgress[] = [];
    const again = connect();
    await again.worker.submitAll([shipment], { progress: (progress) => told.push(progress) });
    assert.ok((told.at(-1)?.totalBytes ?? Number.POSITIVE_INFINITY) < 14 * MB, 'it began anew');
    await succeeded(again, shipment.run);
    assert.ok((await wholeLog(again.worker, shipment.run)).toString().startsWith(data.sha256));
  });

  it('go on from what the box has when the link died on the way', async () => {
    const proxy = await startCuttingProxy(box.port);
    try {
      const ssh = workerThrough(box, proxy);
      open.push(ssh);
      const data = input('cut.bin', 20 * MB);
      const shipment = shipmentOf(repo, base, { run: 'sha256sum data/cut.bin' }, { inputs: [data] });
      await ssh.worker.poll(['a-run']);
      const cut = proxy.cutAfter(12 * MB, 'up');
      await assert.rejects(ssh.worker.submit(shipment), { code: 'unreachable' });
      await cut;
      const before = written(ssh);
      assert.equal(await ssh.worker.submit(shipment), 'started');
      assert.ok(written(ssh) - before < 10 * MB, `${written(ssh) - before} bytes were sent for the rest`);
      await succeeded(ssh, shipment.run);
      assert.ok((await wholeLog(ssh.worker, shipment.run)).toString().startsWith(data.sha256));
    } finally {
      await proxy.stop();
    }
  });

  it('are sent anew where what came before is not the beginning of them', async () => {
    const ssh = connect();
    const data = input('prefix.bin', 3 * MB);
    const upload = path.join(box.root, 'inputs', `.${data.sha256}`);
    mkdirSync(upload);
    writeFileSync(path.join(upload, 'data'), randomBytes(MB));
    execFileSync('chown', ['-R', box.user, upload]);
    const shipment = shipmentOf(repo, base, { run: 'sha256sum data/prefix.bin' }, { inputs: [data] });
    await ssh.worker.submit(shipment);
    await succeeded(ssh, shipment.run);
    assert.ok((await wholeLog(ssh.worker, shipment.run)).toString().startsWith(data.sha256));
  });

  it('of more than ask_above wait for a yes, while the other runs go', async () => {
    const ssh = connect({ box: { ask_above: '1MB' } });
    const data = input('large.bin', 2 * MB);
    const large = shipmentOf(repo, base, { run: 'true' }, { inputs: [data] });
    const plain = shipmentOf(repo, base, { run: 'true' });
    const [refused, started] = await ssh.worker.submitAll([large, plain]);
    assert.ok(refused && 'error' in refused);
    assert.equal(refused.error.code, 'ask-inputs');
    assert.match(refused.error.message, /2\.0 MB of inputs to inputs \(data\/large\.bin\).*ask_above/);
    assert.deepEqual(started, { run: plain.run, outcome: 'started' });
    assert.ok(written(ssh) < MB, 'it was sent unasked');
    const asked: ShipQuestion[] = [];
    const answer = (yes: boolean) => async (question: ShipQuestion) => {
      asked.push(question);
      return yes;
    };
    const [no] = await ssh.worker.submitAll([large], { mayShip: answer(false) });
    assert.ok(no && 'error' in no);
    const [yes] = await ssh.worker.submitAll([large], { mayShip: answer(true) });
    assert.deepEqual(yes, { run: large.run, outcome: 'started' });
    const { path: name, sha256: sum } = data;
    const inputs = [{ path: name, sha256: sum, bytes: 2 * MB }];
    const question = { box: 'inputs', bytes: 2 * MB, inputs, runs: [large.run] };
    assert.deepEqual(asked, [question, question]);
    await succeeded(ssh, large.run);
    // The box has them now: nobody is asked again.
    const next = shipmentOf(repo, base, { run: 'true' }, { inputs: [data] });
    assert.equal(await connect({ box: { ask_above: '1MB' } }).worker.submit(next), 'started');
    await succeeded(ssh, next.run);
  });

  for (const [size, what] of [
    [6 * MB, 'large'],
    [1 * MB, 'small'],
  ] as const) {
    it(`that a run wrote to, though ${what}, are not handed to the next one`, async () => {
      const ssh = connect();
      const data = input(`victim-${what}.bin`, size);
      const file = `data/victim-${what}.bin`;
      const hostile = shipmentOf(
        repo,
        base,
        {
          run: `touch -r ${file} when; chmod u+w ${file}; printf XXXX | dd of=${file} conv=notrunc; touch -r when ${file}`,
        },
        { inputs: [data] },
      );
      await ssh.worker.submit(hostile);
      await succeeded(ssh, hostile.run);
      const next = shipmentOf(repo, base, { run: `sha256sum ${file}` }, { inputs: [data] });
      assert.equal(await ssh.worker.submit(next), 'started');
      await succeeded(ssh, next.run);
      assert.ok((await wholeLog(ssh.worker, next.run)).toString().startsWith(data.sha256));
      assert.equal(sha256(readFileSync(shared(data.sha256))), data.sha256);
    });
  }

  it('are not sent again after runs that had them were tidied away', async () => {
    const ssh = connect();
    const data = input('kept.bin', 6 * MB);
    const first = shipmentOf(repo, base, { run: 'true' }, { inputs: [data] });
    await ssh.worker.submit(first);
    await succeeded(ssh, first.run);
    assert.ok((await ssh.worker.tidy([first.run])) > 0);
    const before = written(ssh);
    const calls = ssh.connection.traffic().calls;
    const next = shipmentOf(repo, base, { run: 'true' }, { inputs: [data] });
    await ssh.worker.submit(next);
    assert.ok(written(ssh) - before < MB);
    assert.equal(ssh.connection.traffic().calls - calls, 1, 'it was doubted for no reason');
    await succeeded(ssh, next.run);
  });

  it('that change while they are sent are said so, and nothing of them stays', async () => {
    const ssh = connect();
    const data = input('moving.bin', 3 * MB);
    const shipment = shipmentOf(repo, base, { run: 'true' }, { inputs: [{ ...data, sha256: '0'.repeat(64) }] });
    const plain = shipmentOf(repo, base, { run: 'true' });
    const [changed, started] = await ssh.worker.submitAll([shipment, plain]);
    assert.ok(changed && 'error' in changed);
    assert.equal(changed.error.code, 'input-changed');
    assert.deepEqual(started, { run: plain.run, outcome: 'started' });
    assert.ok(!readdirSync(path.join(box.root, 'inputs')).some((name) => name.includes('0'.repeat(64))));
    await succeeded(ssh, plain.run);
  });

  describe('on a small disk', () => {
    let small: string;
    let ssh: TestWorker;
    before(function () {
      small = path.join(box.home, 'small');
      mkdirSync(small);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=777', 'tmpfs', small], { stdio: 'pipe' });
      } catch {
        console.log('skipped: this machine lets nobody mount a tmpfs');
        this.skip();
      }
    });
    beforeEach(async () => {
      ssh = connect({ box: { root: path.join(small, 'root') } });
      await ssh.worker.poll(['a-run']);
      writeFileSync(path.join(small, 'root/box.env'), `RC_LOCKS=${box.home}/locks\nRC_LINGER=0\nRC_GRACE=1\n`);
    });
    after(() => {
      execFileSync('umount', ['-l', small]);
    });
    const inputsThere = () =>
      readdirSync(path.join(small, 'root/inputs')).filter((name) => !/^\.(lock|stamps)$/.test(name));

    it('are refused before anything leaves', async () => {
      const data = input('too-large.bin', 80 * MB);
      const before = written(ssh);
      await assert.rejects(ssh.worker.submit(shipmentOf(repo, base, { run: 'true' }, { inputs: [data] })), (error) => {
        assert.equal((error as { code?: string }).code, 'box-disk-full');
        assert.match(String(error), /80 MB .* free/);
        return true;
      });
      assert.ok(written(ssh) - before < MB);
    });

    it('that no longer fit on the way are said so, and leave nothing', async () => {
      const data = input('fits.bin', 30 * MB);
      const shipment = shipmentOf(repo, base, { run: 'sha256sum data/fits.bin' }, { inputs: [data] });
      const filler = path.join(small, 'filler');
      const work = ssh.worker.submitAll([shipment], {
        progress({ sentBytes }) {
          if (sentBytes > 5 * MB && !existsSync(filler)) writeFileSync(filler, Buffer.alloc(45 * MB));
        },
      });
      await assert.rejects(work, { code: 'box-disk-full' });
      assert.deepEqual(inputsThere(), []);
      assert.equal((await ssh.worker.poll([shipment.run]))[0]?.state, 'absent');
      rmSync(filler);
      assert.equal(await ssh.worker.submit(shipment), 'started');
      await succeeded(ssh, shipment.run);
      assert.ok((await wholeLog(ssh.worker, shipment.run)).toString().startsWith(data.sha256));
    });
  });

  it('go on in place of an upload whose link stands still', async function () {
    if (process.env.FULL !== '1') {
      console.log('      skipped: it takes half a minute; FULL=1 runs it');
      this.skip();
    }
    const proxy = await startCuttingProxy(box.port);
    try {
      const frozen = workerThrough(box, proxy);
      open.push(frozen);
      const data = input('frozen.bin', 20 * MB);
      const shipment = shipmentOf(repo, base, { run: 'sha256sum data/frozen.bin' }, { inputs: [data] });
      const stop = new AbortController();
      const hangs = frozen.worker.submitAll([shipment], {
        signal: stop.signal,
        progress({ sentBytes }) {
          if (sentBytes > 8 * MB) proxy.freeze();
        },
      });
      const hung = assert.rejects(hangs);
      const ssh = connect();
      assert.equal(await ssh.worker.submit(shipment), 'started');
      await succeeded(ssh, shipment.run);
      assert.ok((await wholeLog(ssh.worker, shipment.run)).toString().startsWith(data.sha256));
      stop.abort(new Error('enough'));
      await hung;
    } finally {
      await proxy.stop();
    }
  });
});
