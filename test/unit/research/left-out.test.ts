import { strict as assert } from 'node:assert';
import { describeLeftOut, leftOut } from '../../../src/core/research/left-out.ts';

describe('what a commit names without holding it', () => {
  const lfs = (path: string) => ({ path, why: 'lfs' }) as const;
  const submodule = (path: string) => ({ path, why: 'submodule' }) as const;
  const missing = [lfs('data/train.bin'), lfs('docs/a.png'), submodule('third_party/lib')];

  it('is left out of runs unless inputs or links bring it', () => {
    assert.deepEqual(leftOut(missing, { inputs: [], links: {} }), missing);
    assert.deepEqual(leftOut(missing, { inputs: ['data/*.bin', 'third_party/lib/**'], links: {} }), [
      lfs('docs/a.png'),
    ]);
    const links = { 'docs/': '/docs', 'third_party/lib': '/lib' };
    assert.deepEqual(leftOut(missing, { inputs: [], links }), [lfs('data/train.bin')]);
    // A neighbour whose name begins alike is another folder.
    assert.deepEqual(leftOut(missing, { inputs: ['third_party/lib2/**'], links: { dat: '/d' } }), missing);
  });

  it('is said in words, with what to do, and not at all where there is nothing', () => {
    assert.equal(describeLeftOut([]), '');
    const text = describeLeftOut([...Array.from({ length: 7 }, (_, at) => lfs(`f${at}`)), submodule('lib')]);
    assert.match(text, /Git LFS pointers instead of the content of f0, f1, f2, f3, f4 and 2 more\./);
    assert.match(text, /empty folders instead of the submodules lib\. Name what it needs in inputs .* or in links/);
  });
});
