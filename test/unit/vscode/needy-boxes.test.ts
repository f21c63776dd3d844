import * as assert from 'node:assert/strict';
import { newlyNeedy } from '../../../src/vscode/needy-boxes.ts';

describe('Boxes that need a person', () => {
  it('are told once each, and again only after they were well', () => {
    const told = new Set<string>();
    const names = (boxes: readonly { name: string; problem?: string }[]) => newlyNeedy(told, boxes).map((b) => b.name);
    assert.deepEqual(names([{ name: 'a', problem: 'key' }, { name: 'b' }]), ['a']);
    assert.deepEqual(
      names([
        { name: 'a', problem: 'key, still' },
        { name: 'b', problem: 'login' },
      ]),
      ['b'],
    );
    assert.deepEqual(names([{ name: 'a' }, { name: 'b', problem: 'login' }]), []);
    assert.deepEqual(names([{ name: 'a', problem: 'key' }]), ['a']);
  });
});
