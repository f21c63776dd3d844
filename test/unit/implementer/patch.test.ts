import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { emitPatch, hashPatch } from '../../../src/core/implementer/patch/emit.ts';
import { changes, Scratch } from '../git/scratch.ts';

describe('our own patch', () => {
  const line = fc.constantFrom(
    'a',
    'b',
    '',
    'c  ',
    'ü',
    '-- x',
    '++ y',
    '@@ -1 +1 @@',
    '\\ No newline',
    'd\r',
    '\ufeffe',
  );
  const text = fc
    .tuple(fc.array(line, { maxLength: 14 }), fc.boolean())
    .map(([lines, last]) => lines.join('\n') + (last && lines.length > 0 ? '\n' : ''));
  const name = fc.constantFrom('a.py', 'my file.py', 'dir/ü ö.py', 'odd"name.py', 'tab\there.py', 'src/deep/x.py');

  it('gives the same bytes through git, whatever the text and the path', async () => {
    const scratch = new Scratch();
    try {
      const repository = await scratch.open();
      const head = scratch.git('rev-parse', 'HEAD');
      await fc.assert(
        fc.asyncProperty(fc.dictionary(name, text), fc.dictionary(name, fc.option(text)), async (before, after) => {
          const wanted = Object.entries(after).filter(([path, data]) =>
            data === null ? path in before : data !== before[path],
          );
          if (wanted.length === 0) return;
          const from = await repository.propose({ from: head, changes: changes(before), message: 'm', name: '1.1' });
          const patch = emitPatch(new Map(Object.entries(before)), new Map(wanted));
          const paths = wanted.map(([path]) => path);
          const result = await repository.applyThroughGit(from, Buffer.from(patch), paths);
          for (const [path, data] of wanted) assert.equal(result.get(path)?.toString() ?? null, data, patch);
        }),
        { numRuns: 20 },
      );
    } finally {
      scratch.remove();
    }
  });

  it('says of a moved file that it moved, and git comes to the same bytes', async () => {
    const scratch = new Scratch();
    try {
      const repository = await scratch.open();
      const head = scratch.git('rev-parse', 'HEAD');
      const before = { 'my ü.py': 'a\r\nb\nc', 'x.py': 'x\n' };
      const after = new Map([
        ['my ü.py', null],
        ['src/new ö.py', 'a\r\nB\nc'],
        ['x.py', null],
        ['y.py', 'x\n'],
      ]);
      const renames = new Map([
        ['src/new ö.py', 'my ü.py'],
        ['y.py', 'x.py'],
      ]);
      const from = await repository.propose({ from: head, changes: changes(before), message: 'm', name: '1.1' });
      const patch = emitPatch(new Map(Object.entries(before)), after, renames);
      assert.match(patch, /^rename from my ü\.py$/m);
      const result = await repository.applyThroughGit(from, Buffer.from(patch), [...after.keys()]);
      for (const [path, text] of after) assert.equal(result.get(path)?.toString() ?? null, text, patch);
    } finally {
      scratch.remove();
    }
  });

  it('has one hash for one change, wherever it stands', () => {
    const change = (before: string, after: string, path = 'a.py') =>
      hashPatch(new Map([[path, before]]), new Map([[path, after]]));
    const one = change('x\nlr = 1\n', 'x\nlr = 2\n');
    assert.equal(change('x\ny\nz\nlr = 1\n', 'x\ny\nz\nlr = 2\n'), one);
    assert.equal(change('x\r\nlr = 1\r\n', 'x\r\nlr = 2  \r\n'), one);
    assert.notEqual(change('x\nlr = 1\n', 'x\nlr = 3\n'), one);
    assert.notEqual(change('x\n  lr = 1\n', 'x\n  lr = 2\n'), one);
    assert.notEqual(change('x\nlr = 1\n', 'x\nlr = 2\n', 'b.py'), one);
  });
});
