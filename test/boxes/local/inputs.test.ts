import { strict as assert } from 'node:assert';
import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { ShipProgress, Worker } from '../../../src/core/workers/types.ts';
import { LocalBox } from '../../support/local-box.ts';

const MB = 1_000_000;

describe('Inputs of a run on this machine', () => {
  let box: LocalBox;
  let worker: Worker;
  let commit: string;

  before(async () => {
    box = await LocalBox.make();
    worker = box.worker({ slots: 2 });
    commit = await box.commit({ a: '1' });
  });
  after(() => box.remove());

  const input = async (name: string, size: number) => {
    const source = path.join(box.folder, name);
    const bytes = randomBytes(size);
    await fs.writeFile(source, bytes);
    return { path: `data/${name}`, source, sha256: createHash('sha256').update(bytes).digest('hex') };
  };
  const shared = (sha256: string) => path.join(box.root, 'inputs', sha256);
  const code = (run: string, file: string) => path.join(box.runFolder(run), 'code', file);

  it('are one file for all runs that have them, and tell how far they are', async () => {
    const data = await input('tokens.bin', 9 * MB);
    const runs = [1, 2].map(() => box.shipment(commit, { run: 'true' }, { inputs: [data] }));
    const told: ShipProgress[] = [];
    const results = await worker.submitAll(runs, { progress: (progress) => told.push(progress) });
    assert.deepEqual(
      results,
      runs.map(({ run }) => ({ run, outcome: 'started' })),
    );
    assert.equal(told.at(-1)?.sentBytes, 9 * MB);
    assert.ok(told.every(({ what, totalBytes }) => what === 'data/tokens.bin' && totalBytes === 9 * MB));
    const { ino } = await fs.stat(shared(data.sha256));
    for (const { run } of runs) {
      assert.equal((await box.ended(worker, run)).state, 'succeeded');
      assert.equal((await fs.stat(code(run, data.path))).ino, ino);
    }
  });

  it('that a run wrote to are not handed to the next one', async () => {
    const data = await input('victim.bin', 6 * MB);
    const file = data.path;
    const hostile = box.shipment(
      commit,
      {
        run: `touch -r ${file} when; chmod u+w ${file}; printf XX | dd of=${file} conv=notrunc; touch -r when ${file}`,
      },
      { inputs: [data] },
    );
    await worker.submit(hostile);
    assert.equal((await box.ended(worker, hostile.run)).state, 'succeeded');
    const next = box.shipment(commit, { run: `sha256sum ${file}` }, { inputs: [data] });
    await worker.submit(next);
    assert.equal((await box.ended(worker, next.run)).state, 'succeeded');
    assert.ok((await box.log(worker, next.run)).startsWith(data.sha256));
  });

  it('leave nothing behind when their run is taken back on the way', async () => {
    const data = await input('stopped.bin', 30 * MB);
    const shipment = box.shipment(commit, { run: 'true' }, { inputs: [data] });
    const stop = new AbortController();
    const work = worker.submitAll([shipment], {
      signal: stop.signal,
      progress: ({ sentBytes }) => sentBytes > 8 * MB && stop.abort(new Error('enough')),
    });
    await assert.rejects(work, /enough/);
    const left = await fs.readdir(path.join(box.root, 'inputs'));
    assert.deepEqual(
      left.filter((name) => name.includes(data.sha256) && !name.includes('.lock.')),
      [],
    );
    assert.equal((await box.report(worker, shipment.run)).state, 'absent');
    assert.equal(await worker.submit(shipment), 'started');
    assert.equal((await box.ended(worker, shipment.run)).state, 'succeeded');
  });
});
