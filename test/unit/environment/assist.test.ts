import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { completionsAt, type FileKind, hoverAt } from '../../../src/core/environment/index.ts';

/** The labels offered where `|` stands. */
function offered(marked: string, kind: FileKind = 'research'): string[] {
  const at = marked.indexOf('|');
  const before = marked.slice(0, at).split('\n');
  const text = marked.slice(0, at) + marked.slice(at + 1);
  return completionsAt(kind, text, before.length, before.at(-1)?.length ?? 0).map((one) => one.label);
}

function hover(marked: string, kind: FileKind = 'research'): string | undefined {
  const at = marked.indexOf('|');
  const before = marked.slice(0, at).split('\n');
  return hoverAt(kind, marked.replace('|', ''), before.length, before.at(-1)?.length ?? 0);
}

describe('help in an editor without a YAML extension', () => {
  it('offers the keys that are not there yet', () => {
    const top = offered('name: x\n|\nrun: y\n');
    assert.ok(top.includes('objective') && !top.includes('name') && !top.includes('run'));
    assert.deepEqual(offered('objective:\n  metric: a\n  |'), ['goal', 'summary', 'valid']);
    assert.deepEqual(offered('objective: { metric: a, | }'), ['goal', 'summary', 'valid']);
    assert.deepEqual(offered('objective:\n  metric: a\n  summary:\n    |'), ['target', 'axis']);
    assert.deepEqual(offered('objective: { summary: { target: 3, |'), ['axis']);
    assert.deepEqual(offered('resources:\n  |\nrun: y'), ['gpus', 'timeout']);
  });

  it('offers keys inside lists', () => {
    assert.deepEqual(offered('protected_regions:\n  - |'), ['file', 'from', 'to']);
    assert.deepEqual(offered('protected_regions: [{ file: a, |'), ['from', 'to']);
    assert.deepEqual(offered('protected_regions:\n  - file: a\n    |').sort(), ['file', 'from', 'to']);
    assert.ok(offered('boxes:\n  - { name: a, |', 'boxes').includes('kind'));
  });

  it('offers the words a value can be', () => {
    assert.deepEqual(offered('objective: { goal: |'), ['minimize', 'maximize']);
    assert.deepEqual(offered('objective:\n  summary: |'), ['last', 'best']);
    assert.deepEqual(offered('seed: |'), ['none']);
    assert.deepEqual(offered('boxes:\n  - { name: a, kind: |', 'boxes'), ['local', 'ssh', 'slurm']);
    assert.deepEqual(offered('run: |'), []);
    assert.deepEqual(offered('# |'), []);
  });

  it('tells what the key under the cursor means', () => {
    assert.match(hover('name: x\npro|tected: [a]') ?? '', /never change.*Expected: a list/);
    assert.match(hover('objective: { go|al: minimize }') ?? '', /minimize or maximize/);
    assert.match(hover('objective:\n  met|ric: a') ?? '', /as the run prints it/);
    assert.equal(hover('name: goa|l'), undefined);
    assert.equal(hover('env:\n  A|: x\nzz: 1') === undefined, false);
    assert.equal(hover('z|z: 1'), undefined);
  });

  it('survives any text and any cursor', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'run', ':', ' ', '\n', '-', '{', '}', '[', ']', ',', '#', 'objective'),
    });
    fc.assert(
      fc.property(text, fc.nat(20), fc.nat(40), (file, line, column) => {
        completionsAt('research', file, line + 1, column);
        hoverAt('boxes', file, line + 1, column);
      }),
    );
  });
});
