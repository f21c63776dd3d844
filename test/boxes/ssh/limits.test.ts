import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { GitRepo } from '../../support/git-repo.ts';
import { eventually } from '../../support/processes.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { type TestWorker, workerOf } from '../../support/workers.ts';

const RUNNING = new Set(['running']);
const WAITING = new Set(['waiting']);

describe('The supervisor of a run on an ssh box', () => {
  let box: TestBox;
  let folder: string;
  let repo: GitRepo;
  let base: string;
  const workers: TestWorker[] = [];

  const workerWith = (part: Readonly<Record<string, unknown>> = {}) => {
    const made = workerOf(box, { box: part });
    workers.push(made);
    return made.worker;
  };
  const inRun = (run: string, name: string) => path.join(box.root, 'runs', run, name);
  const inHome = (name: string) => path.join(box.home, name);
  const supervisor = (run: string) => Number(readFileSync(inRun(run, 'pid'), 'utf8').split(' ')[0]);
  const gate = (name: string) => `while [ ! -e "$HOME/${name}" ]; do sleep 0.05; done`;
  const open = (name: string) => writeFileSync(inHome(name), '');
  const one = { gpus: 1, timeout: '2h' };

  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-limits-'));
    repo = new GitRepo(path.join(folder, 'repo'));
    base = repo.commit({ 'uv.lock': '1\n' });
    box = await startBox({ name: 'box8', gpus: 8 });
    writeFileSync(inHome('clock'), `#!/bin/sh\nexec date -d "+$(cat ${inHome('offset')}) seconds" "$@"\n`, {
      mode: 0o755,
    });
    writeFileSync(inHome('offset'), '0');
    writeFileSync(inHome('uptime'), '1000.00 1.00\n');
    box.bend(`RC_CLOCK=${inHome('clock')}\nRC_SAMPLE=1\nRC_DISK_EVERY=1\nRC_TICK=1\nRC_GPU_EVERY=0.2\nRC_SMI_LIMIT=1`);
  });
  after(async () => {
    for (const { connection } of workers) connection.dispose();
    await box?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it('ends the log at its cap with a line that says so, and the run goes on; what evaluate prints is kept', async () => {
    const worker = workerWith({ max_log: '4096B' });
    const shipment = shipmentOf(repo, base, {
      run: 'i=0; while [ $i -lt 400 ]; do echo "line $i"; i=$((i+1)); done; yes | head -c 30000000; echo ran >"$HOME/ran"',
      evaluate: 'echo score 1',
    });
    await worker.submit(shipment);
    const report = await pollUntil(worker, shipment.run);
    assert.equal(report.state, 'succeeded', report.reason);
    assert.ok(existsSync(inHome('ran')));
    const log = (await wholeLog(worker, shipment.run)).toString();
    const whole = Array.from({ length: 400 }, (_, index) => `line ${index}\n`).join('') + 'y\n'.repeat(4096);
    assert.equal(log.slice(0, 4096), whole.slice(0, 4096));
    assert.match(
      log.slice(4096),
      /^\n\[research-copilot: the log reached max_log [^\n]*; the run goes on\]\nscore 1\n$/,
    );
    assert.equal(report.evaluatedAt, log.indexOf('score 1'));
  });

  it('ends a run whose folder outgrows max_disk, with that reason', async () => {
    const worker = workerWith({ max_disk: '1MB' });
    const shipment = shipmentOf(repo, base, { run: 'head -c 3000000 /dev/zero >big; sleep 300' });
    await worker.submit(shipment);
    const report = await pollUntil(worker, shipment.run);
    assert.equal(report.state, 'failed');
    assert.match(report.reason ?? '', /grew to 3 MB, more than max_disk of this box allows \(1 MB\)/);
    assert.match(readFileSync(inRun(shipment.run, 'exit'), 'utf8'), /^74 disk-cap /);
  });

  it('samples its GPUs, and a driver that hangs then delays nothing', async function () {
    if (process.env.FULL !== '1') {
      console.log('      skipped: one of the full tests: FULL=1 npm run test:boxes');
      this.skip();
    }
    const worker = workerWith();
    const shipment = shipmentOf(repo, base, { run: 'sleep 300', resources: { gpus: 2, timeout: '1h' } });
    await worker.submit(shipment);
    const report = await eventually('two samples', async () => {
      const [now] = await worker.poll([shipment.run]);
      return existsSync(inRun(shipment.run, 'gpu-use')) &&
        readFileSync(inRun(shipment.run, 'gpu-use'), 'utf8').split('\n').length > 2
        ? now
        : undefined;
    });
    assert.deepEqual([report.use?.utilisation, report.use?.usedMiB], [0, 8]);
    assert.match(readFileSync(inRun(shipment.run, 'gpu-use'), 'utf8'), /^\d+ 0:0:4 1:0:4\n/);
    open('gpus-hang');
    const hangs = () => box.processes().some(({ command }) => command.includes('sleep 3600'));
    await eventually('a sample that hangs', hangs);
    await worker.cancel(shipment.run);
    assert.equal((await pollUntil(worker, shipment.run)).state, 'cancelled');
    assert.ok(!hangs(), 'the sample was left behind');
    rmSync(inHome('gpus-hang'));
  });

  it('lets no clock that is set end a run or its wait; only time that passes does', async function () {
    if (process.env.FULL !== '1') {
      console.log('      skipped: one of the full tests: FULL=1 npm run test:boxes');
      this.skip();
    }
    box.bend(`RC_UPTIME_FILE=${inHome('uptime')}`);
    const worker = workerWith({ gpus: [0] });
    const runs = shipmentOf(repo, base, { run: 'sleep 300', resources: one });
    await worker.submit(runs);
    await pollUntil(worker, runs.run, RUNNING);
    const now = Math.floor(Date.now() / 1000);
    const waits = shipmentOf(repo, base, { run: 'true', resources: one }, { startBefore: now + 3600 });
    await worker.submit(waits);
    await pollUntil(worker, waits.run, WAITING);
    // A sample bears the time of the bent clock: so the supervisor has looked since the jump.
    const sampled = (from: number, to: number) =>
      eventually('samples after the jump', () => {
        const at = Number(readFileSync(inRun(runs.run, 'use'), 'utf8').split(' ')[0]);
        return at >= from && at < to;
      });
    await eventually('a sample', () => existsSync(inRun(runs.run, 'use')));
    for (const jump of [9000, -9000]) {
      writeFileSync(inHome('offset'), String(jump));
      await sampled(now + jump, now + jump + 1000);
      const states = (await worker.poll([runs.run, waits.run])).map(({ state }) => state);
      assert.deepEqual(states, ['running', 'waiting'], `after a jump of ${jump} s`);
    }
    writeFileSync(inHome('offset'), '0');
    writeFileSync(inHome('uptime'), '5000.00 1.00\n');
    assert.match((await pollUntil(worker, waits.run)).reason ?? '', /time to start had passed/);
    assert.equal((await worker.poll([runs.run]))[0]?.state, 'running');
    writeFileSync(inHome('uptime'), '9000.00 1.00\n');
    assert.equal((await pollUntil(worker, runs.run)).state, 'timed-out');
    box.bend('RC_UPTIME_FILE=');
  });

  it('lives through HUP and a stop, and ends its run when it is told to', async () => {
    const worker = workerWith({ cpu_slots: 1 });
    const first = shipmentOf(repo, base, { run: `echo up; ${gate('stopped')}; echo end` });
    await worker.submit(first);
    await pollUntil(worker, first.run, RUNNING);
    process.kill(supervisor(first.run), 'SIGHUP');
    process.kill(supervisor(first.run), 'SIGSTOP');
    open('stopped');
    await eventually('the end of its command', async () => (await wholeLog(worker, first.run)).includes('end'));
    assert.equal((await worker.poll([first.run]))[0]?.state, 'running');
    process.kill(supervisor(first.run), 'SIGCONT');
    assert.equal((await pollUntil(worker, first.run)).state, 'succeeded');

    const second = shipmentOf(repo, base, { run: 'setsid sleep 300 & sleep 300' });
    const third = shipmentOf(repo, base, { run: 'true' });
    await worker.submit(second);
    await pollUntil(worker, second.run, RUNNING);
    await worker.submit(third);
    process.kill(supervisor(second.run), 'SIGTERM');
    const told = await pollUntil(worker, second.run);
    assert.deepEqual([told.state, told.exitCode], ['failed', 143]);
    assert.match(told.reason ?? '', /told to stop during the run/);
    assert.equal((await pollUntil(worker, third.run)).state, 'succeeded');
  });

  it('keeps the locks of all eight GPUs of a run, through setup and run, and gives all of them back', async () => {
    const worker = workerWith();
    const held = () =>
      readdirSync(inHome('locks'))
        .filter((name) => name.startsWith('gpu-'))
        .filter((name) => spawnSync('flock', ['-n', path.join(box.home, 'locks', name), 'true']).status !== 0).length;
    const shipment = shipmentOf(repo, base, {
      setup: `mkdir -p "$RESEARCH_ENV"; echo built; ${gate('set-up')}`,
      run: `echo "$CUDA_VISIBLE_DEVICES"; ${gate('go-8')}`,
      resources: { gpus: 8, timeout: '1m' },
    });
    await worker.submit(shipment);
    await eventually('setup', () => existsSync(inRun(shipment.run, 'setup.log')));
    await pollUntil(worker, shipment.run, new Set(['preparing']));
    assert.equal(held(), 8);
    open('set-up');
    await pollUntil(worker, shipment.run, RUNNING);
    assert.equal(held(), 8);
    open('go-8');
    assert.equal((await pollUntil(worker, shipment.run)).state, 'succeeded');
    assert.equal((await wholeLog(worker, shipment.run)).toString(), '0,1,2,3,4,5,6,7\n');
    assert.equal(readFileSync(inRun(shipment.run, 'setup.log'), 'utf8'), 'built\n');
    await eventually('the locks', () => held() === 0);
  });

  it('builds an environment once for ten; a cancel while it builds leaves nothing, and the next one builds it', async () => {
    const worker = workerWith({ cpu_slots: 4 });
    const environment = {
      setup: `echo "built by $RUN_ID" | tee -a "$HOME/builds"; touch "$RESEARCH_ENV.part"; ${gate('build')}; mkdir "$RESEARCH_ENV"; rm "$RESEARCH_ENV.part"`,
      run: 'test -d "$RESEARCH_ENV"',
    };
    const runs = Array.from({ length: 10 }, () => shipmentOf(repo, base, environment));
    for (const shipment of runs) await worker.submit(shipment);
    const builders = () =>
      (existsSync(inHome('builds')) ? readFileSync(inHome('builds'), 'utf8').match(/\S+$/gm) : []) ?? [];
    const [builder = ''] = await eventually('a builder', () => builders().length > 0 && builders());
    await worker.cancel(builder);
    assert.equal((await pollUntil(worker, builder)).state, 'cancelled');
    await eventually('another builder', () => builders().length > 1);
    open('build');
    for (const { run } of runs) {
      if (run === builder) continue;
      assert.equal((await pollUntil(worker, run)).state, 'succeeded');
      assert.equal(readFileSync(inRun(run, 'setup.log'), 'utf8'), `built by ${builders()[1]}\n`);
      assert.equal((await wholeLog(worker, run)).length, 0);
    }
    assert.equal(builders().length, 2);
    assert.equal(readFileSync(inRun(builder, 'setup.log'), 'utf8'), `built by ${builder}\n`);
  });
});
