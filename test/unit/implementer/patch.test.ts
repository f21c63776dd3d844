import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { emitPatch, hashPatch } from '../../../src/core/implementer/patch/emit.ts';
import { type Hunk, hunksOf } from '../../../src/core/implementer/patch/hunks.ts';
import { kindOf } from '../../../src/core/implementer/patch/kind.ts';
import { changes, Scratch } from '../git/scratch.ts';

/** What hunks make of a text, as git reads them. */
function applied(before: string, hunks: readonly Hunk[]): string {
  const old = before.split(/(?<=\n)/).filter((line) => line !== '');
  const made: string[] = [];
  let at = 0;
  for (const { oldStart, oldLines, newStart, newLines, lines } of hunks) {
    made.push(...old.slice(at, oldStart - 1));
    assert.equal(made.length, newStart - 1, 'where the hunk begins');
    const rows = lines.flatMap((line, index) => {
      if (line.startsWith('\\')) return [];
      return [`${line}${lines[index + 1]?.startsWith('\\') ? '' : '\n'}`];
    });
    const side = (sign: string) => rows.filter((row) => row[0] === sign || row[0] === ' ').map((row) => row.slice(1));
    assert.deepEqual(side('-'), old.slice(oldStart - 1, oldStart - 1 + oldLines));
    made.push(...side('+'));
    assert.equal(side('+').length, newLines, 'how many lines it has');
    at = oldStart - 1 + oldLines;
  }
  return [...made, ...old.slice(at)].join('');
}

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

  it('is whole also where two texts differ in too much to look for the shortest difference', () => {
    fc.assert(
      fc.property(text, text, fc.nat(4), (before, after, context) => {
        if (before === after) return;
        const hunks = hunksOf(before, after, context, 0);
        assert.equal(applied(before, hunks), after);
      }),
      { numRuns: 2000 },
    );
  });

  it('is made soon of a file in which thousands of lines differ', () => {
    const lines = (value: number) => Array.from({ length: 6000 }, (_, at) => `x${at % 7} = ${3 * at + value}\n`);
    const [old, now, turned] = [lines(0).join(''), lines(1).join(''), lines(0).reverse().join('')];
    const from = performance.now();
    assert.equal(kindOf(new Map([['a.py', old]]), new Map([['a.py', now]])), 'hyperparameter');
    assert.equal(applied(old, hunksOf(old, now, 3)), now);
    assert.equal(applied(old, hunksOf(old, turned, 3)), turned);
    assert.ok(performance.now() - from < 4_000, `${performance.now() - from} ms`);
  });
});
