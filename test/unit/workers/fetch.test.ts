import * as assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { realFiles } from '../../../src/core/system/index.ts';
import { chooseArtifacts, fetchArtifacts, whyNotHere } from '../../../src/core/workers/fetch.ts';
import type { Worker } from '../../../src/core/workers/index.ts';

const artifact = (name: string, size = 1) => ({ path: name, size });

describe('What is fetched of a run', () => {
  it('has a path inside the folder, and on Windows a name that Windows has', () => {
    for (const name of ['', '/etc/passwd', '../up', 'a/../../up', 'a//b', './a', 'a/.', 'a\nb', 'a\0b']) {
      for (const platform of ['linux', 'win32'] as const) assert.ok(whyNotHere(name, platform), JSON.stringify(name));
    }
    for (const name of [
      'a:b',
      'C:\\x',
      'a\\..\\b',
      'nul',
      'out/AUX.pt',
      'com1.log',
      'ends.',
      'ends /x',
      'a?b',
      'a\tb',
    ]) {
      assert.ok(whyNotHere(name, 'win32'), name);
      assert.equal(whyNotHere(name, 'linux'), undefined, name);
    }
    for (const name of ['out/model.pt', 'nullable.txt', '-rf', 'ü/€', ' a'])
      assert.equal(whyNotHere(name, 'win32'), undefined, name);
  });

  it('fits the limit, and no two names are one where case is none', () => {
    const found = [artifact('a.pt', 5), artifact('A.pt', 5), artifact('b.pt', 90), artifact('c.pt', 5)];
    const paths = (platform: NodeJS.Platform) => chooseArtifacts(found, 20, platform).chosen.map((one) => one.path);
    assert.deepEqual(paths('linux'), ['a.pt', 'A.pt', 'c.pt']);
    assert.deepEqual(paths('darwin'), ['a.pt', 'c.pt']);
    assert.deepEqual(
      chooseArtifacts(found, 20, 'win32').skipped.map((one) => one.path),
      ['A.pt', 'b.pt'],
    );
  });
});

describe('Fetching from a box', () => {
  let folder: string;
  const model = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
  /** A box that has files, and notes from where they were read. */
  function boxWith(content: Readonly<Record<string, Buffer>>) {
    const reads: number[] = [];
    const worker = {
      box: { name: 'far' },
      artifacts: async () => Object.entries(content).map(([name, bytes]) => artifact(name, bytes.length)),
      sums: async (_run: string, paths: readonly string[]) =>
        new Map(
          paths.map(
            (name) =>
              [
                name,
                createHash('sha256')
                  .update(content[name] ?? '')
                  .digest('hex'),
              ] as const,
          ),
        ),
      read: async (_run: string, file: string, offset: number, limit: number) => {
        reads.push(offset);
        return (content[file.slice('code/'.length)] ?? Buffer.alloc(0)).subarray(offset, offset + limit);
      },
    } as unknown as Worker;
    return { worker, reads };
  }
  const fetch = (worker: Worker, more: { readonly signal?: AbortSignal } = {}) =>
    fetchArtifacts({ worker, run: 'r', into: folder, maxBytes: 1e9, files: realFiles, platform: 'linux', ...more });

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'fetch-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('goes on where an earlier fetch was cut, and checks the whole', async () => {
    const { worker, reads } = boxWith({ 'out/model.pt': model });
    mkdirSync(path.join(folder, 'out'));
    writeFileSync(path.join(folder, 'out/model.pt.part'), model.subarray(0, 40_000));
    const { files, skipped } = await fetch(worker);
    assert.deepEqual([files.length, skipped.length, reads], [1, 0, [40_000]]);
    assert.ok(readFileSync(path.join(folder, 'out/model.pt')).equals(model));
    // Once it is here it is not fetched again.
    await fetch(worker);
    assert.deepEqual(reads, [40_000]);
  });

  it('refuses a beginning that is of another file, and leaves nothing half right behind', async () => {
    const { worker } = boxWith({ 'model.pt': model });
    writeFileSync(path.join(folder, 'model.pt.part'), Buffer.alloc(40_000));
    await assert.rejects(fetch(worker), { code: 'artifact-changed' });
    await fetch(worker);
    assert.ok(readFileSync(path.join(folder, 'model.pt')).equals(model));
  });

  it('writes over nothing that is here, and follows no link out of the folder', async () => {
    const outside = mkdtempSync(path.join(tmpdir(), 'outside-'));
    try {
      writeFileSync(path.join(folder, 'train.py'), 'mine\n');
      symlinkSync(outside, path.join(folder, 'out'));
      const { worker } = boxWith({ 'train.py': model, 'out/model.pt': model });
      const { files, skipped } = await fetch(worker);
      assert.deepEqual(files, []);
      assert.deepEqual(skipped.map((one) => one.why).sort(), [
        'a link in the folder leads out of it',
        'another file of that name is here',
      ]);
      assert.equal(readFileSync(path.join(folder, 'train.py'), 'utf8'), 'mine\n');
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  it('ends when it is told to, and what came so far is used by the next', async () => {
    const { worker, reads } = boxWith({ 'a.bin': model, 'b.bin': model });
    const stop = new AbortController();
    const read = worker.read.bind(worker);
    const slow = {
      ...worker,
      read: async (...args: Parameters<Worker['read']>) => {
        if (args[1] === 'code/b.bin') stop.abort(new Error('enough'));
        args[4]?.throwIfAborted();
        return read(...args);
      },
    } as Worker;
    await assert.rejects(fetch(slow, { signal: stop.signal }), /enough/);
    assert.ok(readFileSync(path.join(folder, 'a.bin')).equals(model));
    await fetch(worker);
    assert.deepEqual(reads, [0, 0]);
    assert.ok(readFileSync(path.join(folder, 'b.bin')).equals(model));
  });
});
