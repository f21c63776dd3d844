import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import * as path from 'node:path';
import { LocalBox } from '../../support/local-box.ts';
import { eventually } from '../../support/processes.ts';

describe('local box: what a run may and may not', () => {
  let box: LocalBox;

  beforeEach(async () => {
    box = await LocalBox.make();
  });
  afterEach(() => box.remove());

  it('ends the log at its cap with a line that says so; the run goes on, and evaluate is kept', async () => {
    const worker = box.worker({ box: { max_log: '4096B' } });
    const commit = await box.commit({ a: '1' });
    const shipment = box.shipment(commit, {
      run: 'i=0; while [ $i -lt 300 ]; do echo "line $i"; i=$((i+1)); done; yes | head -c 5000000; echo ran >../ran',
      evaluate: 'echo score 1',
    });
    await worker.submit(shipment);
    const report = await box.ended(worker, shipment.run);
    assert.equal(report.state, 'succeeded', report.reason);
    assert.equal(await fs.readFile(path.join(box.runFolder(shipment.run), 'ran'), 'utf8'), 'ran\n');
    const log = await box.log(worker, shipment.run);
    const whole = Array.from({ length: 300 }, (_, index) => `line ${index}\n`).join('') + 'y\n'.repeat(4096);
    assert.equal(log.slice(0, 4096), whole.slice(0, 4096));
    assert.match(log.slice(4096), /^\n\[research-copilot: the log reached max_log [^\n]*\]\nscore 1\n$/);
    assert.equal(report.evaluatedAt, log.indexOf('score 1'));
  });

  it('ends a run whose folder outgrows max_disk, with that reason', async () => {
    const worker = box.worker({ box: { max_disk: '1MB' }, measureMs: 100 });
    const commit = await box.commit({ a: '1' });
    const shipment = box.shipment(commit, { run: 'head -c 3000000 /dev/zero >big; sleep 100' });
    await worker.submit(shipment);
    const report = await box.ended(worker, shipment.run);
    assert.equal(report.state, 'failed');
    assert.match(report.reason ?? '', /max_disk/);
    assert.match(await fs.readFile(path.join(box.runFolder(shipment.run), 'exit'), 'utf8'), /^74 disk-cap /);
  });

  it('takes what is protected from the base, and finds it changed behind a link', async () => {
    const worker = box.worker();
    const base = await box.commit({ 'evaluate.py': 'print("score 1")', 'data/x.txt': 'x' });
    await fs.rm(path.join(box.repository, 'data'), { recursive: true });
    await fs.mkdir(path.join(box.repository, 'mine'));
    await fs.symlink('mine', path.join(box.repository, 'data'));
    const commit = await box.commit({ 'evaluate.py': 'print("score 1000")', 'mine/x.txt': '1000' });
    const judged = { evaluate: 'python3 evaluate.py; cat data/x.txt', protected: ['evaluate.py', 'data/**'] };
    const honest = box.shipment(commit, { ...judged, run: 'cat data/x.txt' }, { trusted: base });
    await worker.submit(honest);
    const report = await box.ended(worker, honest.run);
    assert.equal(report.state, 'succeeded', report.reason);
    assert.equal(await box.log(worker, honest.run), 'xscore 1\nx');

    const cheat = box.shipment(base, { ...judged, run: 'mv data real; ln -s real data' }, { trusted: base });
    await worker.submit(cheat);
    const found = await box.ended(worker, cheat.run);
    assert.equal(found.state, 'failed');
    assert.match(found.reason ?? '', /Protected files are not as committed after the end: data\/x\.txt/);
    assert.equal(await box.log(worker, cheat.run), '');
  });

  it('shares the processors between the slots', async () => {
    const worker = box.worker({ slots: 2, system: { env: { PATH: process.env.PATH, HOME: box.folder } } });
    const commit = await box.commit({ a: '1' });
    const run = 'echo "$OMP_NUM_THREADS $MKL_NUM_THREADS $OPENBLAS_NUM_THREADS"';
    const shipment = box.shipment(commit, { run });
    const own = box.shipment(commit, { run, env: { OMP_NUM_THREADS: '5' } });
    for (const each of [shipment, own]) await worker.submit(each);
    for (const each of [shipment, own]) await box.ended(worker, each.run);
    const share = Math.min(8, Math.max(1, Math.floor(availableParallelism() / 4)));
    assert.equal(await box.log(worker, shipment.run), `${share} ${share} ${share}\n`);
    assert.equal(await box.log(worker, own.run), `5 ${share} ${share}\n`);
  });

  it('leaves nothing of an environment whose setup was cancelled, but its log in the run', async () => {
    const worker = box.worker();
    const commit = await box.commit({ a: '1' });
    const shipment = box.shipment(commit, { setup: 'mkdir "$RESEARCH_ENV"; echo building; sleep 100', run: 'true' });
    await worker.submit(shipment);
    const log = path.join(box.runFolder(shipment.run), 'setup.log');
    await eventually('setup', async () => (await fs.readFile(log, 'utf8').catch(() => '')).includes('building'));
    await worker.cancel(shipment.run);
    assert.equal((await box.ended(worker, shipment.run)).state, 'cancelled');
    assert.equal(await fs.readFile(log, 'utf8'), 'building\n');
    const homes = await fs.readdir(path.join(box.root, 'env'));
    assert.equal(homes.length, 1);
    const left = await fs.readdir(path.join(box.root, 'env', homes[0] ?? ''));
    assert.deepEqual(
      left.filter((name) => !name.startsWith('lock.')),
      [],
    );
  });
});
