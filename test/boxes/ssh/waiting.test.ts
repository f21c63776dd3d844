import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { GitRepo } from '../../support/git-repo.ts';
import { eventually } from '../../support/processes.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

const RUNNING = new Set(['running']);
const WAITING = new Set(['waiting']);

describe('The queue of an ssh box', () => {
  let box: TestBox;
  let folder: string;
  let repo: GitRepo;
  let base: string;
  let ssh: TestWorker;

  const one = { gpus: 1, timeout: '2h' };
  const tell = { run: 'echo "gpu=$CUDA_VISIBLE_DEVICES"', resources: one };
  const inHome = (name: string) => path.join(box.home, name);
  const log = async (run: string) => (await wholeLog(ssh.worker, run)).toString();
  /** Sets memory in use (MiB) and utilisation (%) of each GPU, as nvidia-smi shows them. */
  const show = (...gpus: readonly (readonly [used: number | string, utilisation: number | string])[]) => {
    const lines = readFileSync(inHome('gpus'), 'utf8').trim().split('\n');
    const changed = lines.map((line, index) =>
      [...line.split(', ').slice(0, 4), ...(gpus[index] ?? [4, 0])].join(', '),
    );
    writeFileSync(inHome('gpus'), `${changed.join('\n')}\n`);
  };
  const waits = async (run: string) => {
    await pollUntil(ssh.worker, run, WAITING);
    await eventually('a look at the GPUs', () => {
      try {
        return readFileSync(path.join(box.root, 'runs', run, 'looks')).length > 0;
      } catch {
        return false;
      }
    });
  };

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-waiting-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'a.txt': 'a\n' });
    box = await startBox({ name: 'box9', gpus: 2 });
    box.bend('RC_SMI_LIMIT=1\nRC_GPU_EVERY=0.2\nRC_SAMPLE=1');
    ssh = workerOf(box, { box: { cpu_slots: 1 } });
  });
  after(async () => {
    ssh?.connection.dispose();
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it('takes a GPU by its memory where the processes cannot be seen, and waits until there is one', async () => {
    show([30_000, 0], [900, 4]);
    const first = shipmentOf(repo, base, tell);
    await ssh.worker.submit(first);
    assert.equal((await pollUntil(ssh.worker, first.run)).state, 'succeeded');
    assert.equal(await log(first.run), 'gpu=1\n');

    show([30_000, 0], [4, 95]);
    for (const name of execFileSync('ls', [inHome('locks')], { encoding: 'utf8' }).split('\n')) {
      if (name.startsWith('clean-')) rmSync(inHome(`locks/${name}`), { recursive: true });
    }
    const second = shipmentOf(repo, base, tell);
    await ssh.worker.submit(second);
    await waits(second.run);
    show([4, 0], [4, 95]);
    assert.equal((await pollUntil(ssh.worker, second.run)).state, 'succeeded');
    assert.equal(await log(second.run), 'gpu=0\n');
  });

  it('knows nothing against a GPU whose fields are N/A, and takes none that is lost', async () => {
    show(['[GPU is lost]', '[GPU is lost]'], ['[N/A]', '[N/A]']);
    const shipment = shipmentOf(repo, base, tell);
    await ssh.worker.submit(shipment);
    assert.equal((await pollUntil(ssh.worker, shipment.run)).state, 'succeeded');
    assert.equal(await log(shipment.run), 'gpu=1\n');
    show();
  });

  it('starts nothing while nvidia-smi hangs, starts when it answers, and does not wait for ever', async function () {
    if (process.env.FULL !== '1') {
      console.log('      skipped: one of the full tests: FULL=1 npm run test:boxes');
      this.skip();
    }
    writeFileSync(inHome('gpus-hang'), '');
    const patient = shipmentOf(repo, base, tell);
    await ssh.worker.submit(patient);
    await eventually('a call that hangs', () => box.processes().some(({ command }) => command.includes('sleep 3600')));
    assert.equal((await ssh.worker.poll([patient.run]))[0]?.state, 'waiting');
    rmSync(inHome('gpus-hang'));
    assert.equal((await pollUntil(ssh.worker, patient.run)).state, 'succeeded');

    writeFileSync(inHome('gpus-hang'), '');
    box.bend('RC_SMI_PATIENCE=1');
    const short = shipmentOf(repo, base, tell);
    await ssh.worker.submit(short);
    const report = await pollUntil(ssh.worker, short.run);
    rmSync(inHome('gpus-hang'));
    box.bend('RC_SMI_PATIENCE=300');
    assert.equal(report.state, 'failed');
    assert.match(report.reason ?? '', /nvidia-smi on the box has failed or hung/);
    assert.equal((await log(short.run)).length, 0);
  });

  it('lets a GPU run past CPU runs that wait, and the other way round', async () => {
    const hold = (name: string) => `while [ ! -e "$HOME/${name}" ]; do sleep 0.05; done`;
    const cpu = [1, 2].map(() => shipmentOf(repo, base, { run: hold('cpu') }));
    for (const shipment of cpu) await ssh.worker.submit(shipment);
    await pollUntil(ssh.worker, cpu[0]?.run ?? '', RUNNING);
    const gpu = [1, 2].map(() => shipmentOf(repo, base, { run: hold('gpu'), resources: { gpus: 2, timeout: '1m' } }));
    for (const shipment of gpu) await ssh.worker.submit(shipment);
    await pollUntil(ssh.worker, gpu[0]?.run ?? '', RUNNING);
    assert.equal((await ssh.worker.poll([gpu[1]?.run ?? '']))[0]?.state, 'waiting');
    writeFileSync(inHome('cpu'), '');
    for (const { run } of cpu) assert.equal((await pollUntil(ssh.worker, run)).state, 'succeeded');
    writeFileSync(inHome('gpu'), '');
    for (const { run } of gpu) assert.equal((await pollUntil(ssh.worker, run)).state, 'succeeded');
  });

  it('sleeps while it waits: no process of a waiting run is another one a while later', async function () {
    if (process.env.FULL !== '1') {
      console.log('      skipped: one of the full tests: FULL=1 npm run test:boxes');
      this.skip();
    }
    const holder = shipmentOf(repo, base, { run: 'echo up; sleep 300', resources: { gpus: 2, timeout: '1m' } });
    await ssh.worker.submit(holder);
    await pollUntil(ssh.worker, holder.run, RUNNING);
    const queue = [1, 2, 3].map(() => shipmentOf(repo, base, tell));
    for (const shipment of queue) await ssh.worker.submit(shipment);
    const waiting = () =>
      box
        .processes()
        .filter(({ command }) => /supervise\.sh|^flock|^dd /.test(command))
        .map(({ pid, command }) => `${pid} ${command.slice(0, 40)}`);
    const count = (what: string) => waiting().filter((line) => line.includes(what)).length;
    await eventually('all to sleep', () => count(' flock -F') === 2 && count(' flock 8') === 2 && count(' dd ') === 1);
    const before = waiting();
    // Meanwhile the run that runs is looked after, second by second.
    const samples = new Set<string>();
    await eventually('three samples of the run that runs', () => {
      for (const line of waiting()) samples.add(line);
      const file = path.join(box.root, 'runs', holder.run, 'gpu-use');
      return existsSync(file) && readFileSync(file, 'utf8').split('\n').length > 3;
    });
    assert.deepEqual([...samples].sort(), before.sort());
    for (const { run } of [holder, ...queue]) await ssh.worker.cancel(run);
    for (const { run } of queue) assert.equal((await pollUntil(ssh.worker, run)).state, 'cancelled');
    await pollUntil(ssh.worker, holder.run);
  });

  it('does not trust a lock folder that others can turn round, and hangs on nothing in it', async () => {
    const bad: Readonly<Record<string, (locks: string) => void>> = {
      'everybody may rename': (locks) => {
        mkdirSync(locks);
        chmodSync(locks, 0o777);
      },
      'a link': (locks) => symlinkSync(tmpdir(), locks),
      'with a pipe for a turn': (locks) => {
        mkdirSync(locks);
        chmodSync(locks, 0o1777);
        execFileSync('mkfifo', [path.join(locks, 'turn-gpu')]);
      },
      'with a link for a GPU': (locks) => {
        mkdirSync(locks);
        chmodSync(locks, 0o1777);
        const uuid = readFileSync(inHome('gpus'), 'utf8').split(', ')[1];
        symlinkSync('/', path.join(locks, `gpu-${uuid}`));
      },
      "with somebody's folder that nobody can open": (locks) => {
        mkdirSync(locks);
        chmodSync(locks, 0o1777);
        mkdirSync(path.join(locks, 'turn-gpu'), { mode: 0 });
      },
    };
    for (const [index, [what, make]] of Object.entries(bad).entries()) {
      if (what.startsWith('with somebody') && process.getuid?.() !== 0) continue;
      const locks = path.join(folder, `locks-${index}`);
      chmodSync(folder, 0o755);
      make(locks);
      box.bend(`RC_LOCKS=${locks}`);
      const shipment = shipmentOf(repo, base, tell);
      await ssh.worker.submit(shipment);
      const report = await pollUntil(ssh.worker, shipment.run);
      assert.equal(report.state, 'failed', what);
      assert.match(report.reason ?? '', /cannot be trusted/, what);
    }
    box.bend(`RC_LOCKS=${box.home}/locks`);
  });
});
