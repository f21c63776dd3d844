import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { type InputHashes, listInputs } from '../../../src/core/research/ship.ts';
import { newestTries } from '../../../src/core/research/tries.ts';
import { type Files, realFiles } from '../../../src/core/system/index.ts';
import { runRow } from '../../support/rows.ts';
import { temporaryFolder } from '../../support/store.ts';

describe('the inputs of a run', () => {
  let folder: string;
  const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

  beforeEach(async () => {
    folder = await temporaryFolder();
    await fs.mkdir(path.join(folder, 'data'));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it('are read by pieces, and not again for the next run while they are the same', async () => {
    const bytes = Buffer.alloc(9 * 1024 * 1024, 'data');
    const file = path.join(folder, 'data/train.bin');
    await fs.writeFile(file, bytes);
    const asked: number[] = [];
    const files: Files = {
      ...realFiles,
      read: () => Promise.reject(new Error('a file of data does not fit into memory')),
      readRange: (name, offset, length) => {
        asked.push(length);
        return realFiles.readRange(name, offset, length);
      },
    };
    const known: InputHashes = new Map();
    const inputs = await listInputs(files, folder, ['data/*.bin'], known);
    assert.deepEqual(inputs, [{ path: 'data/train.bin', source: file, sha256: sha(bytes) }]);
    assert.ok(Math.max(...asked) < bytes.length);
    asked.length = 0;
    await listInputs(files, folder, ['data/*.bin'], known);
    assert.deepEqual(asked, []);
    await fs.writeFile(file, 'other');
    assert.equal((await listInputs(files, folder, ['data/*.bin'], known))[0]?.sha256, sha(Buffer.from('other')));
  });

  it('are content and no pointers of Git LFS, and the way to the content is said', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n';
    await fs.writeFile(path.join(folder, 'data/it s.bin'), pointer);
    const work = listInputs(realFiles, folder, ['data/*.bin'], new Map());
    await assert.rejects(work, (error: Error & { code?: string }) => {
      assert.equal(error.code, 'lfs-pointer');
      assert.ok(error.message.includes('git lfs pull --include "data/it s.bin"'));
      return true;
    });
  });

  it('that match nothing are said by their pattern and place', async () => {
    const work = listInputs(realFiles, folder, ['data/*.npy'], new Map());
    await assert.rejects(
      work,
      (error: Error) => error.message.includes('data/*.npy') && error.message.includes(folder),
    );
  });
});

describe('who waits for a run that its box lost', () => {
  const first = runRow('1.1', undefined, { state: 'lost' });
  const next = runRow('1.1', undefined, { state: 'running', endedAt: undefined, retries: first.id, attempt: 2 });

  it('waits for its next try', () => {
    assert.deepEqual(newestTries([first.id], [first, next]), [next]);
  });

  it('is given the one that succeeded, else the one that nobody cancelled', () => {
    const late = { ...first, state: 'succeeded' } as const;
    assert.deepEqual(newestTries([first.id], [late, { ...next, state: 'failed' }]), [late]);
    const failed = { ...first, state: 'failed' } as const;
    assert.deepEqual(newestTries([first.id], [failed, { ...next, state: 'cancelled' }]), [failed]);
  });
});
