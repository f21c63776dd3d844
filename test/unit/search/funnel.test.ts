import { strict as assert } from 'node:assert';
import { foldFunnel, foldResults } from '../../../src/core/search/index.ts';
import { candidateRow, ideaRow, runRow } from '../../support/rows.ts';

describe('the funnel of ideas', () => {
  const baseline = runRow(undefined, 3);
  const ideas = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((id) =>
    ideaRow(id, id === 1 ? { dropped: 'too close to #7 "x"' } : {}),
  );
  const candidates = [
    candidateRow(2, { duplicateOf: '7.1' }),
    candidateRow(3, { state: 'failed', failure: { code: 'no-match', message: 'Lines are not there.' } }),
    // A person wrote it after all: that says nothing of the implementer.
    candidateRow(3, { id: '3.2', number: 2, state: 'ready', byHand: true }),
    candidateRow(4, { state: 'failed', failure: { code: 'protected-path', message: 'data.py is protected.' } }),
    candidateRow(5, { state: 'ready' }),
    candidateRow(6),
    candidateRow(7),
    candidateRow(8),
    candidateRow(9),
    candidateRow(9, { id: '9.2', number: 2, revises: '9.1' }),
  ];
  const runs = [
    baseline,
    runRow('6.1', undefined, { state: 'failed', startedAt: 1, reason: 'exit code 1' }),
    runRow('7.1', 2.9, { startedAt: 1 }),
    runRow('8.1', 0.1, { startedAt: 1 }),
    runRow('9.1', undefined, { state: 'failed', startedAt: 1 }),
    runRow('9.2', 2.8, { startedAt: 1 }),
  ];
  const fold = () => foldFunnel(ideas, candidates, runs, foldResults('minimize', candidates, runs));

  it('says of each idea how far it came, and why no further', () => {
    assert.deepEqual(
      fold().places.map(({ idea, stage, lost }) => [idea, stage, lost]),
      [
        [1, 'proposed', 'too-close'],
        [2, 'proposed', 'duplicate'],
        [3, 'distinct', 'no-match'],
        [4, 'applied', 'protected-path'],
        [5, 'passed', undefined],
        [6, 'ran', 'failed'],
        [7, 'ranked', undefined],
        [8, 'succeeded', 'too-good'],
        [9, 'ranked', undefined],
      ],
    );
  });

  it('counts at each stage who came at least so far', () => {
    const { counts } = fold();
    assert.deepEqual(counts, { proposed: 9, distinct: 7, applied: 6, passed: 5, ran: 4, succeeded: 3, ranked: 2 });
  });
});
