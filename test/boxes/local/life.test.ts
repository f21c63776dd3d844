import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Shipment, Worker } from '../../../src/core/workers/types.ts';
import { LocalBox, processesOf } from '../../support/local-box.ts';
import { type Child, eventually, startEntry } from '../../support/processes.ts';

/** A run that counts until it is stopped. */
const COUNT = 'i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.1; done';
/** Leaves a process in a session of its own that ignores being told to stop. */
const STUBBORN = `setsid sh -c 'trap "" TERM; while :; do sleep 0.2; done' & ${COUNT}`;

describe('local box: life and death of a run', () => {
  let box: LocalBox;
  let worker: Worker;
  let commit: string;
  const children: Child[] = [];

  beforeEach(async () => {
    box = await LocalBox.make();
    worker = box.worker();
    commit = await box.commit({ a: '1' });
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()));
    await box.remove();
  });

  const running = async (run: string): Promise<void> => {
    await box.until(worker, run, 'running');
    await eventually('its first line', async () => (await box.log(worker, run)).includes('line'));
  };
  const client = async (shipment: Shipment): Promise<Child> => {
    const file = path.join(box.folder, `${shipment.run}-${children.length}.json`);
    await fs.writeFile(file, JSON.stringify(shipment));
    const child = startEntry('test/boxes/local/client.entry.ts', [box.folder, file]);
    children.push(child);
    return child;
  };

  it('a cancel leaves no process of it, not even one that left its session and ignores the signal', async () => {
    const shipment = box.shipment(commit, { run: STUBBORN });
    await worker.submit(shipment);
    await running(shipment.run);
    assert.ok((await processesOf(shipment.run)).length >= 2);
    await worker.cancel(shipment.run);
    const report = await box.ended(worker, shipment.run);
    assert.equal(report.state, 'cancelled');
    assert.deepEqual(await processesOf(shipment.run), []);
    await worker.cancel(shipment.run);
    assert.equal((await box.report(worker, shipment.run)).state, 'cancelled');
  });

  it('a run over its time is stopped with its tree', async () => {
    const shipment = box.shipment(commit, { run: STUBBORN, resources: { gpus: 0, timeout: '1s' } });
    await worker.submit(shipment);
    const report = await box.ended(worker, shipment.run);
    assert.equal(report.state, 'timed-out');
    assert.match(report.reason ?? '', /1 s/);
    assert.deepEqual(await processesOf(shipment.run), []);
  });

  it('what outlives the command is swept before the run ends', async () => {
    const shipment = box.shipment(commit, { run: 'setsid sh -c \'trap "" TERM; sleep 60\' & echo done' });
    await worker.submit(shipment);
    assert.equal((await box.ended(worker, shipment.run)).state, 'succeeded');
    assert.deepEqual(await processesOf(shipment.run), []);
  });

  it('a killed supervisor makes the run lost; its leftovers hold the slot until a cancel ends them', async () => {
    const shipment = box.shipment(commit, { run: COUNT });
    await worker.submit(shipment);
    await running(shipment.run);
    const [pid = ''] = (await fs.readFile(path.join(box.runFolder(shipment.run), 'pid'), 'utf8')).split(' ');
    process.kill(Number(pid), 'SIGKILL');
    const report = await box.ended(worker, shipment.run);
    assert.equal(report.state, 'lost');
    assert.match(report.reason ?? '', /gone/);
    assert.equal(await worker.submit(shipment), 'lost', 'it is never started twice');

    const next = box.shipment(commit, { run: 'echo next' });
    await worker.submit(next);
    await box.until(worker, next.run, 'waiting');
    assert.equal(await worker.tidy([shipment.run]), 0, 'its folder is in use');
    await worker.cancel(shipment.run);
    assert.deepEqual(await processesOf(shipment.run), []);
    assert.equal((await box.ended(worker, next.run)).state, 'succeeded');
  });

  it('a killed client changes nothing: another finds the run and its whole log', async () => {
    const shipment = box.shipment(commit, { run: 'for i in 1 2 3 4 5 6 7 8 9 10; do echo "line $i"; sleep 0.1; done' });
    const first = await client(shipment);
    await first.line('outcome started');
    await running(shipment.run);
    await first.kill();
    assert.equal((await box.ended(worker, shipment.run)).state, 'succeeded');
    const lines = Array.from({ length: 10 }, (_, index) => `line ${index + 1}\n`);
    assert.equal(await box.log(worker, shipment.run), lines.join(''));
  });

  it('starts once, however many hand it over at the same time', async () => {
    const shipment = box.shipment(commit, { run: 'echo once; sleep 0.3' });
    const others = await Promise.all([client(shipment), client(shipment)]);
    const here = await Promise.all(Array.from({ length: 8 }, () => box.worker().submit(shipment)));
    const there = await Promise.all(others.map((child) => child.line('outcome')));
    const outcomes = [...here, ...there.map((line) => line.slice('outcome '.length))];
    assert.equal(outcomes.filter((outcome) => outcome === 'started').length, 1, outcomes.join(' '));
    assert.ok(
      outcomes.every((outcome) => ['started', 'already', 'done'].includes(outcome)),
      outcomes.join(' '),
    );
    assert.equal((await box.ended(worker, shipment.run)).state, 'succeeded');
    assert.equal(await box.log(worker, shipment.run), 'once\n');
  });

  it('two slots run two of three, and the third in its turn', async () => {
    worker = box.worker({ slots: 2 });
    const runs = Array.from({ length: 3 }, () =>
      box.shipment(commit, { run: 'while [ ! -e ../go ]; do sleep 0.05; done' }),
    );
    for (const shipment of runs) await worker.submit(shipment);
    const [a, b, c] = runs.map((shipment) => shipment.run);
    assert.ok(a && b && c);
    await box.until(worker, a, 'running');
    await box.until(worker, b, 'running');
    await eventually('the third at the head of the queue', async () => {
      const third = await box.report(worker, c);
      return third.state === 'waiting' && third.position === 1;
    });
    await fs.writeFile(path.join(box.runFolder(b), 'go'), '');
    assert.equal((await box.ended(worker, b)).state, 'succeeded');
    await box.until(worker, c, 'running');
    assert.equal((await box.report(worker, a)).state, 'running');
    for (const run of [a, c]) await fs.writeFile(path.join(box.runFolder(run), 'go'), '');
    for (const run of [a, c]) assert.equal((await box.ended(worker, run)).state, 'succeeded');
  });

  it('a waiting run is cancelled at once, and one past its time to start does not start', async () => {
    const first = box.shipment(commit, { run: COUNT });
    await worker.submit(first);
    await running(first.run);
    const waiting = box.shipment(commit, { run: 'echo never' });
    const expired = box.shipment(commit, { run: 'echo never' }, { startBefore: Math.floor(Date.now() / 1000) - 1 });
    await worker.submit(waiting);
    await worker.submit(expired);
    await worker.cancel(waiting.run);
    assert.equal((await box.ended(worker, waiting.run)).state, 'cancelled');
    const report = await box.ended(worker, expired.run);
    assert.equal(report.state, 'failed');
    assert.match(report.reason ?? '', /time to start/);
    for (const { run } of [waiting, expired]) assert.equal(await box.log(worker, run), '');
  });
});
