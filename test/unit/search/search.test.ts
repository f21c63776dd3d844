import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { type Candidate, candidateId, type Idea, type Run } from '../../../src/core/domain/index.ts';
import {
  budgetUsedUp,
  buildable,
  chooseParents,
  exploitShare,
  foldResults,
  isImprovement,
  outcomesOf,
  planRound,
  restOf,
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

describe('the outcome of an idea', () => {
  const told = (candidates: readonly Candidate[], runs: readonly Run[], base: readonly Run[] = baseline) => {
    const ideas = [...new Set(candidates.map(({ idea }) => idea))].map((id) => ideaRow(id));
    const rows = [...base, ...runs];
    const outcomes = outcomesOf(ideas, candidates, rows, foldResults('minimize', candidates, rows));
    return outcomes.map(({ verdict, candidate, reason }) => [verdict, candidate?.id, reason ?? '']);
  };
  const seeds = (values: readonly number[], id = '1.1') =>
    values.map((value, at) => runRow(id, value, { seed: at + 1 }));
  const one = [candidateRow(1)];

  it('is worse only as surely as it would be better, else no different', () => {
    const steady = [2, 2.01, 1.99].map((value, at) => runRow(undefined, value, { seed: at + 1 }));
    for (const [values, verdict, base] of [
      [[1.8, 1.95, 1.95], 'no different', steady],
      [[1.8, 2.05, 1.95], 'no different', steady.slice(0, 1)],
      [[1.99], 'no different', steady],
      [[2.005], 'no different', steady],
      [[2.1], 'worse', steady],
      [[1.9], 'better', steady],
    ] as const) {
      assert.equal(told(one, seeds(values), base)[0]?.[0], verdict, values.join());
    }
  });

  it('is told of a run without a number, and of one whose baseline is still to come', () => {
    const without = (state: 'nan' | 'inf' | 'missing') => [runRow('1.1', 1, { objective: { state, value: null } })];
    assert.deepEqual(told(one, without('nan')), [['no number', '1.1', 'it became NaN']]);
    assert.deepEqual(told(one, without('missing')), [['no number', '1.1', 'it was never reported']]);
    assert.deepEqual(told(one, seeds([2]), []), [['no baseline', '1.1', '']]);
  });

  it('is a crash, whatever became of the attempt to mend it, unless that may still run', () => {
    const crash = runRow('1.1', undefined, { reason: 'exit 1' });
    const second = (more: Partial<Candidate>) => [
      ...one,
      candidateRow(1, { id: candidateId(1, 2), number: 2, ...more }),
    ];
    const failure = { code: 'no-match', message: 'no such lines' };
    const crashed = [['failed to run', '1.1', 'exit 1']];
    assert.deepEqual(told(second({ state: 'failed', failure, revises: candidateId(1, 1) }), [crash]), crashed);
    assert.deepEqual(told(second({ state: 'ready', duplicateOf: candidateId(1, 1) }), [crash]), crashed);
    assert.deepEqual(told(second({ state: 'ready', revises: candidateId(1, 1) }), [crash]), [['not run', '1.2', '']]);
    assert.deepEqual(told(one, [crash, runRow('1.1', undefined, { state: 'cancelled', seed: 2 })]), crashed);
    const again = [{ ...crash, counts: false }, runRow('1.1', undefined, { state: 'running', seed: 2 })];
    assert.deepEqual(told(one, again), [['not run', '1.1', '']]);
    assert.deepEqual(told(one, [runRow('1.1', undefined, { purpose: 'smoke' })]), [['not run', '1.1', '']]);
  });

  it('is another’s where the patch is the same', () => {
    const candidates = [candidateRow(1), candidateRow(2, { state: 'ready', duplicateOf: candidateId(1, 1) })];
    assert.deepEqual(told(candidates, seeds([2.5]))[1], ['dropped', '2.1', 'its patch is that of 1.1']);
  });

  it('is that of its best candidate, which is also the one to build on', () => {
    const candidates = [candidateRow(1), candidateRow(1, { id: candidateId(1, 2), number: 2 }), candidateRow(3)];
    const runs = [...seeds([1.8]), ...seeds([2.5], '1.2'), ...seeds([2.6], '3.1')];
    assert.deepEqual(told(candidates, runs)[0], ['better', '1.1', '']);
    const results = foldResults('minimize', candidates, [...baseline, ...runs]);
    const chosen = (ideas: readonly Idea[]) => chooseParents('minimize', buildable(results, ideas), 3, seededRandom(1));
    assert.deepEqual(chosen([ideaRow(1), ideaRow(3)]), ['1.1', '3.1']);
    assert.deepEqual(chosen([ideaRow(1, { rejection: 'too slow', dropped: 'rejected' }), ideaRow(3)]), ['3.1']);
  });
});

describe('what a round still wants', () => {
  it('counts every move that builds on results', () => {
    const has = (...moves: readonly Idea['move'][]) => moves.map((move) => ({ move }));
    const plan = { explore: 4, exploit: 4 };
    assert.deepEqual(restOf(plan, has('crossover', 'crossover', 'ablation', 'exploit')), { explore: 4, exploit: 0 });
    assert.deepEqual(restOf(plan, has('explore', 'exploit')), { explore: 3, exploit: 3 });
    assert.deepEqual(restOf(plan, has('explore', 'explore', 'explore', 'explore', 'explore')), {
      explore: 0,
      exploit: 3,
    });
  });
});

describe('a round', () => {
  const ended = [1, 2, 3, 4].map((seed) => runRow('1.1', 2, { seed, startedAt: 0, endedAt: 1000 }));
  const late = runRow('2.1', undefined, { state: 'running', startedAt: 0, endedAt: undefined });

  it('is ready when every run ended', () => assert.ok(roundIsReady(ended, 1000)));
  it('waits for a run that takes no longer than the others', () => assert.ok(!roundIsReady([...ended, late], 1500)));
  it('goes on without a straggler', () => assert.ok(roundIsReady([...ended, late], 2500)));
  it('learns nothing from crashes of how long a run takes', () => {
    const crashed = [5, 6, 7, 8, 9].map((seed) => runRow('3.1', undefined, { seed, startedAt: 0, endedAt: 10 }));
    assert.ok(!roundIsReady([...ended, ...crashed, late], 1500));
    assert.ok(roundIsReady([...ended, ...crashed, late], 2500));
    assert.ok(!roundIsReady([...crashed, late], 99_000), 'nothing to go by');
  });
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
