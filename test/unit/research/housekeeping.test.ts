import { strict as assert } from 'node:assert';
import { KEEP, removableRuns } from '../../../src/core/research/housekeeping.ts';
import { runRow } from '../../support/rows.ts';

const DAY = 24 * 60 * 60_000;
const NOW = 1000 * DAY;

describe('which run folders of a box may go', () => {
  const run = (number: number, days: number, more: Parameters<typeof runRow>[2] = {}) =>
    runRow(undefined, undefined, {
      id: `run-${number}`,
      box: 'far',
      state: 'succeeded',
      endedAt: NOW - days * DAY,
      ...more,
    });
  const old = Array.from({ length: KEEP.newest + 10 }, (_, index) => run(index, 100 - index));
  const removable = (runs: Parameters<typeof removableRuns>[0], pinned: readonly string[] = []) =>
    removableRuns(runs, 'far', new Set(pinned), new Map([[1, 'minimize']]), NOW).map((one) => one.id);

  it('are the oldest ones, beyond the newest of that box', () => {
    assert.deepEqual(
      removable([...old, run(900, 200, { box: 'another' })]),
      Array.from({ length: 10 }, (_, index) => `run-${index}`),
    );
  });

  it('are none that ended lately, nor the best of a base, nor those of pinned ideas', () => {
    const best = run(1000, 300, { base: 1, objective: { state: 'ok', value: 0.1 } });
    const others = Array.from({ length: KEEP.best }, (_, index) =>
      run(2000 + index, 300, { base: 1, objective: { state: 'ok', value: 1 + index } }),
    );
    const pinned = run(3000, 300, { candidate: '7.1' });
    const ids = removable([best, ...others, pinned, ...old], ['7.1']);
    assert.ok(!ids.includes('run-1000') && !ids.includes('run-3000'));
    assert.ok(ids.includes(`run-${2000 + KEEP.best - 1}`), 'only so many of the best');
    const young = Array.from({ length: KEEP.newest + 10 }, (_, index) => run(index, 1));
    assert.deepEqual(removable(young), []);
  });
});
