import assert from 'node:assert/strict';
import type { FileDiff, Hunk } from '../../../src/core/git/types.ts';
import { hunkAt, linesOf, nextPlace, reasonsOf } from '../../../src/vscode/review/places.ts';

function hunk(id: string, newStart: number, lines: readonly string[]): Hunk {
  const newCount = lines.filter((line) => line.startsWith('+') || line.startsWith(' ')).length;
  const oldCount = lines.filter((line) => line.startsWith('-') || line.startsWith(' ')).length;
  return { id, oldStart: newStart, oldCount, newStart, newCount, lines };
}

function file(path: string, hunks: readonly Hunk[]): FileDiff {
  return { path, kind: 'modified', binary: false, hunks, added: 0, removed: 0 };
}

describe('where a hunk stands', () => {
  it('covers its new lines, and only removed lines stand on the line that follows', () => {
    assert.deepEqual(linesOf(hunk('a', 3, ['+x', '+y']), 10), { first: 2, last: 3 });
    assert.deepEqual(linesOf(hunk('a', 1, ['-x', '+y']), 10), { first: 0, last: 0 });
    assert.deepEqual(linesOf(hunk('a', 4, ['-x']), 10), { first: 4, last: 4 });
    assert.deepEqual(linesOf(hunk('a', 10, ['-x']), 10), { first: 9, last: 9 });
    assert.deepEqual(linesOf(hunk('a', 0, ['-x']), 1), { first: 0, last: 0 });
  });

  it('is found from the cursor, the nearest when the cursor is in none', () => {
    const diff = file('a.py', [hunk('first', 2, ['+x']), hunk('second', 20, ['+y', '+z'])]);
    assert.equal(hunkAt(diff, 1, 50)?.id, 'first');
    assert.equal(hunkAt(diff, 20, 50)?.id, 'second');
    assert.equal(hunkAt(diff, 16, 50)?.id, 'second');
    assert.equal(hunkAt(undefined, 3, 50), undefined);
  });

  it('comes one after the other through all files, and round again', () => {
    const files = [file('a.py', [hunk('a1', 2, ['+x']), hunk('a2', 9, ['+x'])]), file('b.py', [hunk('b1', 4, ['+x'])])];
    const walk = (path: string, line: number, step: 1 | -1) => nextPlace(files, { path, line }, step)?.hunk.id;
    assert.equal(nextPlace(files, undefined, 1)?.hunk.id, 'a1');
    assert.equal(nextPlace(files, undefined, -1)?.hunk.id, 'b1');
    assert.equal(walk('a.py', 1, 1), 'a2');
    assert.equal(walk('a.py', 8, 1), 'b1');
    assert.equal(walk('b.py', 3, 1), 'a1');
    assert.equal(walk('b.py', 3, -1), 'a2');
    assert.equal(walk('a.py', 1, -1), 'b1');
    assert.equal(walk('gone.py', 1, 1), 'a1');
    assert.equal(nextPlace([], undefined, 1), undefined);
  });
});

describe('the reason of a hunk', () => {
  const proposal = [
    file('train.py', [hunk('p', 1, [' import math', '-lr = 1e-3', '+lr = 3e-3', ' x = 1', '+warmup = 100', ' y = 2'])]),
  ];
  const reasons = [
    { path: 'train.py', line: 2, text: 'A larger step.' },
    { path: 'train.py', line: 4, text: 'Warm up first.' },
  ];

  it('stands beside the change it names, though the proposal shows both in one hunk', () => {
    const undecided = [
      file('train.py', [hunk('h1', 2, ['-lr = 1e-3', '+lr = 3e-3']), hunk('h2', 4, ['+warmup = 100'])]),
    ];
    assert.deepEqual(Object.fromEntries(reasonsOf(reasons, proposal, undecided)), {
      h1: ['A larger step.'],
      h2: ['Warm up first.'],
    });
  });

  it('follows its lines when an earlier hunk was rejected and lines moved', () => {
    const undecided = [file('train.py', [hunk('moved', 3, ['+warmup = 100'])])];
    assert.deepEqual(Object.fromEntries(reasonsOf(reasons, proposal, undecided)), { moved: ['Warm up first.'] });
  });

  it('is not shown for what is decided', () => {
    assert.equal(reasonsOf(reasons, proposal, []).size, 0);
  });
});
