import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { applyAnswer } from '../../../src/core/implementer/index.ts';
import { block } from './requests.ts';

function apply(files: Record<string, string>, answer: string): Record<string, string | undefined> {
  const applied = applyAnswer(new Map(Object.entries(files)), answer);
  if (applied.ok) return Object.fromEntries([...applied.changes].map(([path, text]) => [path, text ?? undefined]));
  const [refusal] = applied.refusals;
  return { code: refusal?.code, message: refusal?.message };
}

describe('applying blocks', () => {
  it("keeps the file's own bytes wherever the answer changes nothing", () => {
    const before = '\ufeffa  \r\nb\t\r\n\r\nc\nd';
    assert.deepEqual(apply({ 'x.py': before }, block('x.py', 'a\nb\n\nc\nd', 'a\nb\nnew\n\nc\nd\ne')), {
      'x.py': '\ufeffa  \r\nb\t\r\nnew\r\n\r\nc\nd\r\ne',
    });
  });

  it('looks for each block in the file as it was, in any order', () => {
    const before = '1\n2\n3\n4\n5\n';
    const answer = block('x.py', '4', '44') + block('x.py', '2', '4\n2') + block('x.py', '1', '11');
    assert.deepEqual(apply({ 'x.py': before }, answer), { 'x.py': '11\n4\n2\n3\n44\n5\n' });
  });

  it('puts new lines on the side of blank lines on which the answer shows them', () => {
    const before = 'a = 1\n\nold = 1\n\n\nb = 1\n';
    assert.deepEqual(
      apply({ 'x.py': before }, block('x.py', 'a = 1\n\nold = 1\n\nb = 1', 'a = 1\n\nnew = 1\n\nb = 1')),
      {
        'x.py': 'a = 1\n\nnew = 1\n\n\nb = 1\n',
      },
    );
    assert.deepEqual(
      apply({ 'x.py': 'a = 1\n\n\nb = 1\n' }, block('x.py', 'a = 1\n\nb = 1', 'a = 1\n\nnew = 1\nb = 1')),
      {
        'x.py': 'a = 1\n\n\nnew = 1\nb = 1\n',
      },
    );
  });

  it('lets a block quote what an earlier one wrote', () => {
    const answer = block('x.py', 'a', 'a\nb') + block('x.py', 'b', 'c');
    assert.deepEqual(apply({ 'x.py': 'a\n' }, answer), { 'x.py': 'a\nc\n' });
  });

  it('makes files, also empty ones and where an empty one was', () => {
    const answer = block('pkg/__init__.py', '', '') + block('pkg/new.py', '', 'n = 1') + block('empty.py', '', 'e');
    assert.deepEqual(apply({ 'empty.py': '' }, answer), {
      'pkg/__init__.py': '',
      'pkg/new.py': 'n = 1\n',
      'empty.py': 'e\n',
    });
  });

  it('finds the file that is meant by its ending, when there is one', () => {
    const files = { 'src/gpt/model.py': 'a\n', 'src/train.py': 'b\n' };
    assert.deepEqual(apply(files, block('gpt/model.py', 'a', 'c')), { 'src/gpt/model.py': 'c\n' });
    assert.deepEqual(apply(files, block('repo/src/train.py', 'b', 'c')), { 'src/train.py': 'c\n' });
    assert.equal(apply({ ...files, 'x/gpt/model.py': 'a\n' }, block('gpt/model.py', 'a', 'c')).code, 'file-not-found');
  });

  for (const [what, files, answer, code, words] of [
    ['a SEARCH that stands twice', { 'x.py': 'a\nb\na\n' }, block('x.py', 'a', 'c'), 'ambiguous', '1-1, 3-3'],
    ['a wrong literal', { 'x.py': 'lr = 3e-4\n' }, block('x.py', 'lr = 6e-4', 'lr = 1'), 'no-match', 'x.py'],
    ['an empty SEARCH on a file', { 'x.py': 'a\n' }, block('x.py', '', 'b'), 'empty-search', ''],
    ['a blank SEARCH on a file', { 'x.py': 'a\n\nb\n' }, block('x.py', '\n', 'b'), 'empty-search', ''],
    [
      'left-out code',
      { 'x.py': 'a\nb\n' },
      block('x.py', 'a\nb', 'c\n# ... rest unchanged ...'),
      'elided-code',
      'rest',
    ],
    ['left-out code in a new file', {}, block('n.py', '', 'def f():\n    ...'), 'elided-code', ''],
    ['what is there already', { 'x.py': 'a\nc\n' }, block('x.py', 'a\nb', 'a\nc'), 'already-applied', ''],
    ['a change of nothing', { 'x.py': 'a\n' }, block('x.py', 'a', 'a'), 'no-op', ''],
    [
      'overlapping blocks',
      { 'x.py': 'a\nb\nc\n' },
      block('x.py', 'a\nb', 'x') + block('x.py', 'b\nc', 'y'),
      'overlap',
      '',
    ],
    ['an unknown file', { 'x.py': 'a\n' }, block('y.py', 'a', 'b'), 'file-not-found', 'y.py'],
    ['a path outside', { 'x.py': 'a\n' }, block('x.py', 'a', 'b') + block('../y.py', '', 'b'), 'path-escape', '..'],
    [
      'one bad block among good ones',
      { 'x.py': 'a\n' },
      block('x.py', 'a', 'b') + block('x.py', 'z', 'y'),
      'no-match',
      '',
    ],
  ] as const) {
    it(`refuses ${what}, and then nothing is applied`, () => {
      const result = apply(files, answer);
      assert.equal(result.code, code, result.message);
      assert.ok(result.message?.includes(words), result.message);
    });
  }

  it('keeps a placeholder that the file itself has', () => {
    const before = 'def f():\n    ...\nx = 1\n';
    assert.deepEqual(apply({ 'x.py': before }, block('x.py', before.trimEnd(), 'def f():\n    ...\nx = 2')), {
      'x.py': 'def f():\n    ...\nx = 2\n',
    });
  });

  const line = fc.constantFrom(
    'a',
    'b',
    '  c',
    'lr = 1',
    'lr = 2',
    '',
    '    return x',
    'ü = "…x"',
    '=======x',
    '\tt  ',
    '# >>',
  );
  const end = fc.constantFrom('\n', '\r\n');

  it('gives the bytes that were meant, or refuses', () => {
    let right = 0;
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 14 }),
        end,
        fc.boolean(),
        fc.constantFrom('', '\ufeff'),
        fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.array(line, { maxLength: 3 })), { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (lines, eol, ended, mark, edits, strip) => {
          // An empty last line without an end is no line.
          const last = ended || lines.at(-1) === '';
          const finish = (rows: readonly string[]) => mark + rows.join(eol) + (last && rows.length > 0 ? eol : '');
          const taken = new Set<number>();
          const spans = edits.flatMap(([seed, more, lines2]) => {
            const from = seed % lines.length;
            const to = Math.min(lines.length, from + 1 + more);
            const rows = Array.from({ length: to - from }, (_, i) => from + i);
            // A blank SEARCH means a new file, and no lines look like one empty line.
            if (rows.some((row) => taken.has(row)) || rows.every((row) => lines[row]?.trim() === '')) return [];
            for (const row of rows) taken.add(row);
            return [{ from, to, lines: lines2.join('') === '' ? [] : lines2 }];
          });
          const quote = (row: string) => (strip ? row.trimEnd() : row);
          const answer = spans
            .map((span) => block('x.py', lines.slice(span.from, span.to).map(quote).join('\n'), span.lines.join('\n')))
            .join('\n');
          const meant = [...lines];
          for (const span of spans.toSorted((a, b) => b.from - a.from)) {
            meant.splice(span.from, span.to - span.from, ...span.lines);
          }
          const result = apply({ 'x.py': finish(lines) }, answer);
          if (typeof result.code === 'string') return;
          const text = result['x.py'] ?? finish(lines);
          const rows = (value: string) => value.split(/\r?\n/).map((row) => row.trimEnd());
          assert.deepEqual(rows(text).join('\n').trimEnd(), rows(finish(meant)).join('\n').trimEnd());
          // One line without an end does not tell which end the file would use.
          const tells = lines.length > 1 || last;
          if (!strip && tells && meant.length > 0) assert.equal(text, finish(meant));
          right += 1;
        },
      ),
      { numRuns: 1000 },
    );
    assert.ok(right > 100, `${right} applied`);
  });
});
