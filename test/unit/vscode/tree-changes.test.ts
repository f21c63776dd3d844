import assert from 'node:assert/strict';
import { treeChanges } from '../../../src/vscode/views/tree-changes.ts';
import type { TreeNode } from '../../../src/vscode/views/tree-node.ts';

const leaf = (id: string, description = ''): TreeNode => ({ id, label: id, description });
const group = (id: string, children: readonly TreeNode[], description = ''): TreeNode => ({
  ...leaf(id, description),
  children,
});

describe('what a tree draws again', () => {
  const before = [group('work', [leaf('a'), leaf('b')]), group('ended', [leaf('c')])];

  it('is a line alone when only its words changed', () => {
    assert.deepEqual(treeChanges(before, before), []);
    const ticked = [group('work', [leaf('a', '5s'), leaf('b')]), group('ended', [leaf('c')])];
    assert.deepEqual(treeChanges(before, ticked), ['a']);
  });

  it('is both groups when a line went from one to the other', () => {
    const moved = [group('work', [leaf('a')]), group('ended', [leaf('b'), leaf('c')])];
    assert.deepEqual(treeChanges(before, moved), ['work', 'ended']);
  });

  it('is a group when its own words changed, with what is beneath it', () => {
    const told = [group('work', [leaf('a', '5s'), leaf('b')], '2'), group('ended', [leaf('c')])];
    assert.deepEqual(treeChanges(before, told), ['work']);
  });

  it('is the group around a line that unfolds from now on: VS Code knows it by another id then', () => {
    const unfolded = { ...group('a', [leaf('a/1')]), expanded: true };
    const now = [group('work', [unfolded, leaf('b')]), group('ended', [leaf('c')])];
    assert.deepEqual(treeChanges(before, now), ['work']);
    assert.equal(treeChanges([leaf('a')], [unfolded]), 'all');
    const ticked = [group('work', [{ ...unfolded, description: '5s' }, leaf('b')]), group('ended', [leaf('c')])];
    assert.deepEqual(treeChanges(now, ticked), ['a#open']);
  });

  it('is all of it when a group came or went', () => {
    assert.equal(treeChanges(before, before.slice(1)), 'all');
    assert.equal(treeChanges([], before), 'all');
  });
});
