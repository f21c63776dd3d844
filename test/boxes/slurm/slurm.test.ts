import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { RunReport, Worker } from '../../../src/core/workers/index.ts';
import { clusterIsHere, startCluster, type TestCluster } from '../../support/cluster.ts';
import { pollUntil, shipmentOf, wholeLog } from '../../support/shipments.ts';

const gpu = { gpus: 1, timeout: '1m' };
/** All four GPUs of the node, until the test lets go. */
const hog = (gate: string) => ({
  run: `while [ ! -e "$HOME/${gate}" ]; do sleep 0.1; done`,
  resources: { gpus: 4, timeout: '5m' },
});

describe('A Slurm cluster through its login node', () => {
  let cluster: TestCluster;
  let worker: Worker;

  before(async function () {
    clusterIsHere(this, { full: true });
    cluster = await startCluster();
    worker = cluster.worker();
  });
  afterEach(() => cluster?.clear());
  after(() => cluster?.stop());

  const ship = (environment: Readonly<Record<string, unknown>>, rest: Parameters<typeof shipmentOf>[3] = {}) =>
    shipmentOf(cluster.repo, cluster.base, { resources: gpu, ...environment }, rest);
  const left = (run: string) => cluster.box.processes().filter(({ environ }) => environ.includes(`RUN_ID=${run}`));
  /** Occupies the node; gives what frees it. */
  const occupy = async (gate: string) => {
    const shipment = ship(hog(gate));
    await worker.submit(shipment);
    await pollUntil(worker, shipment.run, new Set(['running']));
    return async () => {
      cluster.touch(gate);
      await pollUntil(worker, shipment.run);
    };
  };
  const reportOf = (run: string, wanted: (report: RunReport) => boolean) => cluster.reportOf(worker, run, wanted);

  it('runs a commit on a GPU it gave, with its exit code, its log and the kind of GPU it ran on', async () => {
    const smi = path.join(cluster.box.home, 'smi');
    writeFileSync(smi, '#!/bin/sh\nfor i in 0 1 2 3; do echo "$i, GPU-$i, NVIDIA H100 80GB HBM3"; done\n', {
      mode: 0o755,
    });
    cluster.box.bend(`RC_NVIDIA_SMI=${smi}`);
    const shipment = ship({ run: 'cat a.txt; echo "gpu=$CUDA_VISIBLE_DEVICES"' });
    assert.equal(await worker.submit(shipment), 'started');
    const report = await pollUntil(worker, shipment.run);
    assert.equal(report.state, 'succeeded', report.reason);
    assert.match((await wholeLog(worker, shipment.run)).toString(), /^a\ngpu=\d\n$/);
    assert.equal(report.hardware, 'NVIDIA H100 80GB HBM3');
    assert.match(report.gpus.join(), /^GPU-\d$/);
    const failing = ship({ run: 'exit 5' });
    await worker.submit(failing);
    const failed = await pollUntil(worker, failing.run);
    assert.deepEqual([failed.state, failed.exitCode], ['failed', 5]);
    // Slurm's own records come to say the same.
    const record = () =>
      cluster.slurm.command('scontrol', 'show', 'job', cluster.file(failing.run, 'job')?.trim() ?? '');
    while (/JobState=(RUNNING|COMPLETING)/.test(record())) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.match(record(), /JobState=FAILED.*\n.*ExitCode=5:0/);
  });

  it('submits once, however often and from however many clients it is asked', async () => {
    const other = cluster.worker();
    const shipment = ship({ run: 'echo x >>"$HOME/starts"; sleep 1' });
    const answers = await Promise.all([worker, other, worker, other].map((one) => one.submit(shipment)));
    assert.equal(answers.filter((answer) => answer === 'started').length, 1, answers.join());
    const ended = await pollUntil(worker, shipment.run);
    assert.equal(ended.state, 'succeeded', ended.reason);
    assert.equal(await other.submit(shipment), 'done');
    assert.equal(readFileSync(path.join(cluster.box.home, 'starts'), 'utf8'), 'x\n');
    assert.equal(
      cluster.slurm.command('squeue', '-h', '-t', 'all', '-n', `rc-${shipment.run}`).trim().split('\n').length,
      1,
    );
  });

  it('finds a job again whose answer was lost, and submits no second one', async () => {
    const shipment = ship({ run: 'echo once' });
    // What sbatch says when the controller took the job and its answer did not come.
    cluster.wrap(
      'sbatch',
      '/usr/bin/sbatch "$@" >/dev/null; echo "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2; exit 1',
    );
    await assert.rejects(worker.submit(shipment), { code: 'slurm-down' });
    cluster.wrap('sbatch', undefined);
    assert.match(await worker.submit(shipment), /^(already|done)$/);
    assert.equal((await pollUntil(worker, shipment.run)).state, 'succeeded');
    assert.equal((await wholeLog(worker, shipment.run)).toString(), 'once\n');
    assert.equal(
      cluster.slurm.command('squeue', '-h', '-t', 'all', '-n', `rc-${shipment.run}`).trim().split('\n').length,
      1,
    );
  });

  it('understands the sbatch of a site that says more, and names its cluster', async () => {
    cluster.wrap('sbatch', 'echo "This is cluster 7 of the lab"; id=$(/usr/bin/sbatch "$@") || exit; echo "$id;seven"');
    const shipment = ship({ run: 'true' });
    assert.equal(await worker.submit(shipment), 'started');
    cluster.wrap('sbatch', undefined);
    assert.match(cluster.file(shipment.run, 'job') ?? '', /^\d+\n$/);
    assert.equal((await pollUntil(worker, shipment.run)).state, 'succeeded');
  });

  it('runs eight seeds as one array, each in its folder; cancelling two leaves six', async () => {
    const run = 'echo "seed $SEED"; while [ ! -e "$HOME/array" ]; do sleep 0.1; done; echo "end $SEED"';
    const shipments = Array.from({ length: 8 }, (_, seed) => ship({ run, seed: { env: 'SEED' } }, { seed }));
    const results = await worker.submitAll(shipments);
    assert.deepEqual(
      [...new Set(results.map((result) => ('outcome' in result ? result.outcome : result.error.message)))],
      ['started'],
    );
    const jobs = shipments.map((shipment) => cluster.file(shipment.run, 'job')?.trim() ?? '');
    const base = jobs[0]?.split('_')[0];
    assert.deepEqual(
      jobs,
      shipments.map((_, index) => `${base}_${index}`),
    );
    // Four run, the others wait as a range.
    for (const { run: id } of shipments.slice(0, 4)) await pollUntil(worker, id, new Set(['running']));
    assert.match(
      cluster.slurm.command('squeue', '-h', '-t', 'PENDING', '-o', '%i %j'),
      new RegExp(`^${base}_\\[4-7\\] rc-${shipments[0]?.run}$`, 'm'),
    );
    for (const [index, { run: id }] of shipments.slice(4).entries()) {
      await reportOf(id, ({ state, position }) => state === 'waiting' && position === index + 1);
    }
    const [one, , , , , five] = shipments;
    await worker.cancel(one?.run ?? '');
    await worker.cancel(five?.run ?? '');
    assert.equal((await pollUntil(worker, one?.run ?? '')).state, 'cancelled');
    assert.equal((await pollUntil(worker, five?.run ?? '')).state, 'cancelled');
    cluster.touch('array');
    for (const { run: id, seed } of shipments.filter((shipment) => shipment !== one && shipment !== five)) {
      const report = await pollUntil(worker, id);
      assert.equal(report.state, 'succeeded', report.reason);
      assert.equal((await wholeLog(worker, id)).toString(), `seed ${seed}\nend ${seed}\n`);
    }
    assert.equal((await wholeLog(worker, five?.run ?? '')).toString(), '');
  });

  it('runs no more of an array at a time than max_jobs', async () => {
    const few = cluster.worker({ max_jobs: 2 });
    const run = 'while [ ! -e "$HOME/few" ]; do sleep 0.1; done';
    const shipments = [1, 2, 3].map((seed) => ship({ run, seed: { env: 'SEED' } }, { seed }));
    await few.submitAll(shipments);
    const last = shipments[2]?.run ?? '';
    const report = await reportOf(last, ({ reason }) => /JobArrayTaskLimit/.test(reason ?? ''));
    assert.equal(report.state, 'waiting');
    cluster.touch('few');
    for (const { run: id } of shipments) assert.equal((await pollUntil(worker, id)).state, 'succeeded');
  });

  it('says why a run waits, and its place', async () => {
    const free = await occupy('why');
    const [first, second] = [ship({ run: 'true' }), ship({ run: 'true' })];
    await worker.submit(first);
    await worker.submit(second);
    assert.match(
      (await reportOf(first.run, ({ reason }) => reason !== undefined && !/None/.test(reason))).reason ?? '',
      /\((Resources|Priority)\)/,
    );
    await reportOf(second.run, ({ position }) => position === 2);
    await free();
    for (const { run } of [first, second]) assert.equal((await pollUntil(worker, run)).state, 'succeeded');
  });

  it('asks squeue once for all who poll, and seldom', async () => {
    const other = cluster.worker();
    const shipments = [1, 2, 3].map(() => ship({ run: 'while [ ! -e "$HOME/polled" ]; do sleep 0.1; done' }));
    for (const shipment of shipments) await worker.submit(shipment);
    const runs = shipments.map(({ run }) => run);
    for (const run of runs) await pollUntil(worker, run, new Set(['running']));
    cluster.wrap('squeue', 'echo asked >>"$HOME/asked"; exec /usr/bin/squeue "$@"');
    cluster.box.bend('RC_SQUEUE_EVERY=30\nRC_SQUEUE_SOON=30');
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all([worker, other, worker, other].map((one) => one.poll(runs)));
      assert.deepEqual([...new Set(answers.flat().map(({ state }) => state))], ['running']);
    }
    cluster.wrap('squeue', undefined);
    const asked = spawnSync('grep', ['-c', 'asked', path.join(cluster.box.home, 'asked')], {
      encoding: 'utf8',
    }).stdout.trim();
    assert.ok(Number(asked || '0') <= 1, `squeue was asked ${asked} times`);
    // The runs' own words come at once all the same.
    cluster.touch('polled');
    for (const run of runs) assert.equal((await pollUntil(worker, run)).state, 'succeeded');
    cluster.box.bend('RC_SQUEUE_EVERY=0\nRC_SQUEUE_SOON=0');
  });

  it('cancels what waits, what is held and what runs, and leaves no process', async () => {
    const run = ship({
      run: 'trap "" TERM; setsid sh -c \'trap "" TERM; while :; do sleep 0.1; done\' & while :; do sleep 0.1; done',
      resources: { gpus: 4, timeout: '5m' },
    });
    const [waiting, held] = [ship({ run: 'true' }), ship({ run: 'true' })];
    await worker.submit(run);
    await pollUntil(worker, run.run, new Set(['running']));
    await worker.submit(waiting);
    await worker.submit(held);
    cluster.slurm.command('scontrol', 'hold', cluster.file(held.run, 'job')?.trim() ?? '');
    await reportOf(held.run, ({ reason }) => /JobHeld/.test(reason ?? ''));
    for (const one of [waiting, held, run]) await worker.cancel(one.run);
    for (const one of [waiting, held, run]) assert.equal((await pollUntil(worker, one.run)).state, 'cancelled');
    assert.deepEqual(left(run.run), []);
    // Cancelling what has ended, or again, does no harm.
    await worker.cancel(run.run);
  });

  it('never starts a run after its time, waiting or not', async () => {
    const late = ship({ run: 'true' }, { startBefore: 1000 });
    await worker.submit(late);
    assert.equal((await pollUntil(worker, late.run)).cause, 'expired');
    const free = await occupy('late');
    const waits = ship({ run: 'true' }, { startBefore: 1000 });
    await worker.submit(waits);
    assert.equal((await pollUntil(worker, waits.run)).cause, 'expired');
    await free();
    assert.equal(await wholeLog(worker, waits.run).then(String), '');
  });

  it('sends no secret, unless the box says so', async () => {
    const secret = 's3cret-of-the-lab\nwith a line break';
    const environment = { run: 'printf "<%s>" "$TOKEN"; env | grep -c s3cret || :', secrets: ['TOKEN'] };
    const anywhere = () => spawnSync('grep', ['-rlF', 's3cret-of-the', cluster.box.home], { encoding: 'utf8' }).stdout;
    const plain = ship(environment, { secrets: { TOKEN: secret } });
    await worker.submit(plain);
    assert.equal((await pollUntil(worker, plain.run)).state, 'succeeded');
    assert.match((await wholeLog(worker, plain.run)).toString(), /^<>/);

    const trusting = cluster.worker({ secrets: true });
    const free = await occupy('secret');
    const run = 'test "$TOKEN" = "$(printf "s3cret-of""-the-lab\\nwith a line break")" && echo has it';
    const sent = ship({ ...environment, run }, { secrets: { TOKEN: secret } });
    const dropped = ship({ ...environment, run: 'true' }, { secrets: { TOKEN: secret } });
    const late = ship({ ...environment, run: 'true' }, { secrets: { TOKEN: secret }, startBefore: 1000 });
    await trusting.submit(sent);
    assert.equal(
      spawnSync('stat', ['-c', '%a', path.join(cluster.box.root, 'runs', sent.run, 'secrets/TOKEN')], {
        encoding: 'utf8',
      }).stdout.trim(),
      '600',
    );
    const shown = cluster.slurm.command('scontrol', 'show', 'job', cluster.file(sent.run, 'job')?.trim() ?? '');
    assert.ok(!shown.includes('s3cret'));
    await trusting.submit(dropped);
    await trusting.submit(late);
    await trusting.cancel(dropped.run);
    await pollUntil(trusting, dropped.run);
    await pollUntil(trusting, late.run);
    await assert.rejects(
      cluster.worker({ secrets: true, partition: 'nowhere' }).submit(ship(environment, { secrets: { TOKEN: secret } })),
      { code: 'slurm-refused' },
    );
    await free();
    assert.equal((await pollUntil(trusting, sent.run)).state, 'succeeded');
    assert.match((await wholeLog(trusting, sent.run)).toString(), /^has it/);
    assert.equal(anywhere(), '');
    await assert.rejects(
      cluster.worker({ secrets: true, requeue: true }).submit(ship(environment, { secrets: { TOKEN: secret } })),
      { code: 'slurm-secrets' },
    );
  });

  it('does not take a run for ended before its exit code and its whole log have arrived', async () => {
    const shipment = ship({ run: 'sleep 60' });
    await worker.submit(shipment);
    await pollUntil(worker, shipment.run, new Set(['running']));
    const folder = path.join(cluster.box.root, 'runs', shipment.run);
    writeFileSync(path.join(folder, 'state'), 'done\n');
    const [report] = await worker.poll([shipment.run]);
    assert.equal(report?.state, 'finishing');
    await worker.cancel(shipment.run);
    assert.equal((await pollUntil(worker, shipment.run)).state, 'cancelled');
    // As a network disk shows it that is behind: the end is there, the log's last bytes are not.
    writeFileSync(path.join(folder, 'log-size'), '7\n');
    writeFileSync(path.join(folder, 'log'), 'six by');
    assert.equal((await worker.poll([shipment.run]))[0]?.state, 'finishing');
    writeFileSync(path.join(folder, 'log'), 'six byt');
    assert.equal((await worker.poll([shipment.run]))[0]?.state, 'cancelled');
  });

  it('gives a run its home even where the cluster cannot read the environment of the account', async () => {
    const profile = path.join(cluster.box.home, '.profile');
    writeFileSync(profile, 'exit 1\n', { mode: 0o644 });
    const shipment = ship({ run: 'echo "$HOME $USER"' });
    await worker.submit(shipment);
    const report = await pollUntil(worker, shipment.run).finally(() => rmSync(profile));
    assert.equal(report.state, 'succeeded', report.reason);
    assert.equal((await wholeLog(worker, shipment.run)).toString(), `${cluster.box.home} ${cluster.box.user}\n`);
  });

  it('says what Slurm says to a wrong partition, and takes the run once it is put right', async () => {
    const shipment = ship({ run: 'true' });
    await assert.rejects(
      cluster.worker({ partition: 'nowhere' }).submit(shipment),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'slurm-refused');
        assert.match(error.message, /invalid partition/i);
        return true;
      },
    );
    assert.equal(await worker.submit(shipment), 'started');
    assert.equal((await pollUntil(worker, shipment.run)).state, 'succeeded');
  });

  it('takes a job that is gone without an exit file for lost, not for succeeded', async () => {
    const shipment = ship({ run: 'sleep 60' });
    await worker.submit(shipment);
    await pollUntil(worker, shipment.run, new Set(['running']));
    cluster.box.bend('RC_GONE=0');
    const [, pid = '0'] = cluster.file(shipment.run, 'begun')?.split(' ') ?? [];
    process.kill(Number(pid), 'SIGKILL');
    const report = await pollUntil(worker, shipment.run);
    assert.equal(report.state, 'lost');
    assert.match(report.reason ?? '', /FAILED/);
    cluster.box.bend('RC_GONE=60');
  });

  it('is a run of the person’s own when somebody stops it in Slurm: cancelled, and not tried again', async () => {
    cluster.box.bend('RC_GONE=0');
    const shipment = ship({ run: 'sleep 60' });
    await worker.submit(shipment);
    await pollUntil(worker, shipment.run, new Set(['running']));
    cluster.slurm.command('scancel', cluster.file(shipment.run, 'job')?.trim() ?? '');
    const report = await pollUntil(worker, shipment.run);
    assert.equal(report.state, 'cancelled', report.reason);
    assert.match(report.reason ?? '', /Cancelled in Slurm/);
    assert.deepEqual(left(shipment.run), []);
    cluster.box.bend('RC_GONE=60');
  });

  it('says what the cluster is and what is wrong with the box’s lines', async () => {
    const report = await worker.probe();
    assert.equal(report.hardware, 'slurm:gpu');
    assert.deepEqual(report.cluster?.partitions, [
      {
        name: 'gpu',
        up: true,
        timeLimit: '1-00:00:00',
        nodes: 1,
        idleNodes: 1,
        gpus: [{ type: 'fake', total: 4, idle: 4 }],
      },
    ]);
    assert.match(report.cluster?.version ?? '', /^\d+\.\d+/);
    assert.equal(report.cluster?.accounting, false);
    const wrong = async (part: Readonly<Record<string, unknown>>) =>
      (await cluster.worker(part).probe()).problems.map(({ what, fix }) => `${what} | ${fix}`).join('\n');
    assert.match(await wrong({ partition: 'nowhere' }), /no partition nowhere \| .*gpu/);
    assert.match(await wrong({ gpu_type: 'h100' }), /gpu_type h100 .*fake/);
    assert.match(await wrong({ options: ['--qos=none-such', '--mem=1000T'] }), /would refuse a job/);
    assert.match(await wrong({}), /secrets are not sent/);
  });

  it('tidies ended runs only, and the group with its last run', async () => {
    const shipments = [1, 2].map((seed) =>
      ship({ run: '[ "$SEED" = 1 ] || sleep 60', seed: { env: 'SEED' } }, { seed }),
    );
    await worker.submitAll(shipments);
    const [ended = '', live = ''] = shipments.map(({ run }) => run);
    await pollUntil(worker, ended);
    await pollUntil(worker, live, new Set(['running']));
    const group = path.join(cluster.box.root, 'groups', ended);
    const there = () => spawnSync('test', ['-d', group]).status === 0;
    assert.ok((await worker.tidy([ended, live])) > 0);
    assert.deepEqual(
      (await worker.poll([ended, live])).map(({ state }) => state),
      ['absent', 'running'],
    );
    assert.ok(there());
    await worker.cancel(live);
    await pollUntil(worker, live);
    await worker.tidy([live]);
    assert.ok(!there());
  });
});
