import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  budgetUsedUp,
  chooseParents,
  exploitShare,
  foldResults,
  isImprovement,
  outcomesOf,
  planRound,
  roundIsReady,
} from '../../../src/core/search/index.ts';
import { seededRandom } from '../../../src/core/system/index.ts';
import { candidateRow, ideaRow, runRow } from '../../support/rows.ts';

const baseline = [1, 2, 3].map((seed) => runRow(undefined, 3 + seed * 0.01, { seed }));

describe('the schedule of rounds', () => {
  it('is the paper’s: half exploits at first, a tenth more every second round, four fifths at most', () => {
    assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 9, 40].map(exploitShare), [0.5, 0.5, 0.6, 0.6, 0.7, 0.7, 0.8, 0.8, 0.8]);
  });

  it('only explores in round 0 and while nothing has a result', () => {
    assert.deepEqual(planRound(0, 6, true), { explore: 6, exploit: 0, share: 0 });
    assert.deepEqual(planRound(3, 6, false), { explore: 6, exploit: 0, share: 0 });
    assert.deepEqual(planRound(1, 6, true), { explore: 3, exploit: 3, share: 0.5 });
  });
});

describe('results', () => {
  it('compare within one comparison class only', () => {
    const slow = runRow('1.1', 2, { comparisonClass: 'other GPU' });
    const results = foldResults('minimize', [candidateRow(1)], [...baseline, slow]);
    assert.equal(results.candidates[0]?.delta, undefined, 'another kind of GPU has no baseline yet');
    const own = runRow(undefined, 2.5, { comparisonClass: 'other GPU' });
    const after = foldResults('minimize', [candidateRow(1)], [...baseline, slow, own]);
    assert.equal(after.candidates[0]?.delta, -0.5);
  });

  it('leave out runs that failed, did not count, or gave no real number', () => {
    const runs = [
      runRow('1.1', undefined),
      runRow('1.1', 1, { counts: false }),
      runRow('1.1', 1, { objective: { state: 'nan', value: null } }),
      runRow('1.1', 1, { state: 'cancelled' }),
    ];
    assert.deepEqual(foldResults('minimize', [candidateRow(1)], [...baseline, ...runs]).candidates, []);
  });

  it('call a gain an improvement only beyond the noise of both sides', () => {
    const noisy = { mean: 3, std: 0.5, n: 3 };
    assert.equal(isImprovement('minimize', { mean: 2.9, std: 0, n: 1 }, noisy), false);
    assert.equal(isImprovement('minimize', { mean: 1, std: 0, n: 1 }, noisy), true);
    assert.equal(isImprovement('maximize', { mean: 1, std: 0, n: 1 }, noisy), false);
  });

  it('are the same whatever the order of the rows', () => {
    const rows = [...baseline, runRow('1.1', 2.9), runRow('2.1', 2.7), runRow('3.1', 3.4)];
    const candidates = [1, 2, 3].map((id) => candidateRow(id));
    const expected = foldResults('minimize', candidates, rows).candidates.map((result) => result.candidate);
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        const got = foldResults('minimize', candidates, shuffled).candidates.map((result) => result.candidate);
        assert.deepEqual(got, expected);
      }),
    );
  });
});

describe('parents', () => {
  const candidates = [1, 2, 3].map((id) => candidateRow(id));
  const choose = (values: readonly number[], count = 3, pinned: readonly number[] = []) => {
    const runs = values.map((value, index) => runRow(`${index + 1}.1`, value));
    return chooseParents(
      'minimize',
      foldResults('minimize', candidates, [...baseline, ...runs]),
      count,
      seededRandom(1),
      new Set(pinned),
    );
  };

  it('are those better than the baseline, best first', () => {
    assert.deepEqual(choose([2.9, 2.5, 3.5]), ['2.1', '1.1']);
  });

  it('swap when two outcomes swap', () => {
    assert.deepEqual(choose([2.5, 3.5, 3.6]), ['1.1']);
    assert.deepEqual(choose([3.5, 2.5, 3.6]), ['2.1']);
  });

  it('are the best so far where none beats the baseline', () => {
    assert.deepEqual(choose([3.9, 3.5, 3.6]), ['2.1']);
  });

  it('are what a person pinned before all others, however it did', () => {
    assert.deepEqual(choose([2.9, 2.5, 3.5], 3, [3]), ['3.1', '2.1', '1.1']);
    assert.deepEqual(choose([2.9, 2.5, 3.5], 1, [3]), ['3.1']);
    assert.deepEqual(choose([3.9, 3.5, 3.6], 3, [3]), ['3.1']);
  });

  it('are never more than asked for, and never one twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1.6, max: 5, noNaN: true }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 4 }),
        (values, count) => {
          const chosen = choose(values, count);
          assert.ok(chosen.length <= count && chosen.length >= 1);
          assert.equal(new Set(chosen).size, chosen.length);
        },
      ),
    );
  });
});

describe('outcomes', () => {
  it('tell a failed implementation from an idea that ran and was worse', () => {
    const ideas = [1, 2, 3, 4, 5].map((id) => ideaRow(id, id === 4 ? { dropped: 'repeats #1' } : {}));
    const candidates = [
      candidateRow(1),
      candidateRow(2, {
        state: 'failed',
        approved: undefined,
        failure: { code: 'no-match', message: 'no such lines' },
      }),
      candidateRow(3),
    ];
    const runs = [...baseline, runRow('1.1', 4), runRow('3.1', undefined, { reason: 'exit 1' })];
    const results = foldResults('minimize', candidates, runs);
    const told = outcomesOf(ideas, candidates, runs, results).map(({ verdict, reason }) => [verdict, reason]);
    assert.deepEqual(told, [
      ['worse', undefined],
      ['failed to implement', 'no such lines'],
      ['failed to run', 'exit 1'],
      ['dropped', 'repeats #1'],
      ['not run', undefined],
    ]);
  });
});

describe('a round', () => {
  const ended = [1, 2, 3, 4].map((seed) => runRow('1.1', 2, { seed, startedAt: 0, endedAt: 1000 }));
  const late = runRow('2.1', undefined, { state: 'running', startedAt: 0, endedAt: undefined });

  it('is ready when every run ended', () => assert.ok(roundIsReady(ended, 1000)));
  it('waits for a run that takes no longer than the others', () => assert.ok(!roundIsReady([...ended, late], 1500)));
  it('goes on without a straggler', () => assert.ok(roundIsReady([...ended, late], 2500)));
  it('never goes on while a run has not begun', () => {
    assert.ok(!roundIsReady([...ended, { ...late, state: 'queued', startedAt: undefined }], 99_000));
  });
});

describe('budgets', () => {
  const nothing = { ideas: 0, runs: 0, gpuHours: 0, money: 0, wallHours: 0 };
  it('stop a search with a reason that names the budget', () => {
    assert.equal(budgetUsedUp({}, { ...nothing, runs: 1e6 }), undefined);
    assert.equal(budgetUsedUp({ gpuHours: 2 }, { ...nothing, gpuHours: 1.9 }), undefined);
    assert.match(budgetUsedUp({ gpuHours: 2 }, { ...nothing, gpuHours: 2.5 }) ?? '', /2 GPU-hours/);
  });
});
