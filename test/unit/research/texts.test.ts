import { strict as assert } from 'node:assert';
import type { TreeFile } from '../../../src/core/git/index.ts';
import { textsToRead } from '../../../src/core/research/texts.ts';

const file = (path: string, size = 1000, mode = '100644'): TreeFile => ({ path, size, mode, blob: 'x' });

describe('the text that is read of a repository', () => {
  it('is all of it, but for what is large, a link or a submodule', () => {
    const files = [file('a.py'), file('data.txt', 200_001), file('link', 9, '120000'), file('lib', 0, '160000')];
    assert.deepEqual(textsToRead(files), { files: [file('a.py')], unread: 0 });
  });

  it('is bounded in a repository of 100,000 files, code and the top first', () => {
    const samples = Array.from({ length: 100_000 }, (_, at) => file(`corpus/${at % 100}/${at}.txt`, 2000));
    const code = [file('deep/down/in/here/model.py'), file('train.py'), file('README.md')];
    const { files, unread } = textsToRead([...samples, ...code]);
    assert.deepEqual(
      files.slice(0, 3).map(({ path }) => path),
      ['train.py', 'deep/down/in/here/model.py', 'README.md'],
    );
    assert.equal(files.length, 20_000);
    assert.equal(unread, 80_003);
  });

  it('is bounded in bytes, too, and the same for the same files in another order', () => {
    const files = Array.from({ length: 1000 }, (_, at) => file(`f${at}.py`, 150_000));
    const read = textsToRead(files);
    assert.ok(read.files.reduce((sum, { size }) => sum + size, 0) <= 64_000_000);
    assert.equal(read.files.length + read.unread, 1000);
    assert.deepEqual(textsToRead(files.toReversed()), read);
  });
});
