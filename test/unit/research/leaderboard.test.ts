import { strict as assert } from 'node:assert';
import { exportBoard } from '../../../src/core/research/export.ts';
import { foldLeaderboard } from '../../../src/core/research/leaderboard.ts';
import { baseRow, candidateRow, ideaRow, runRow } from '../../support/rows.ts';

function board() {
  const ideas = [
    ideaRow(1, { title: '=HYPERLINK("http://x")' }),
    ideaRow(2, { title: 'a | b', parents: [{ candidate: '1.1', role: 'exploit' }], round: 1 }),
    ideaRow(3),
    ideaRow(4),
  ];
  const candidates = [
    candidateRow(1),
    candidateRow(2),
    candidateRow(3, { state: 'failed', failure: { code: 'no-match', message: 'nothing matched' } }),
    candidateRow(4, { state: 'ready', duplicateOf: '1.1' }),
  ];
  const runs = [
    ...[1, 2, 3].map((seed) => runRow(undefined, 3 + seed / 100, { seed })),
    runRow('1.1', 2.5),
    runRow('2.1', 2.4, { seed: 1 }),
    runRow('2.1', undefined, { seed: 2, state: 'running', endedAt: undefined }),
  ];
  const round = { base: 1, ideator: 'test', exploitShare: 0, asked: 2, state: 'open', createdAt: 0 } as const;
  return foldLeaderboard({
    base: baseRow(),
    behind: false,
    rounds: [
      { ...round, number: 0 },
      { ...round, number: 1 },
    ],
    ideas,
    candidates,
    runs,
    sparks: new Map([[runs[3]?.id ?? '', [3, 2.8, 2.5]]]),
  });
}

describe('the leaderboard', () => {
  it('shows the baseline first, then ranked candidates, then what cannot be ranked', () => {
    assert.deepEqual(
      board().rows.map((row) => [row.key, row.rank, row.status]),
      [
        ['baseline/cpu', undefined, 'succeeded'],
        ['2.1', 1, 'running'],
        ['1.1', 2, 'succeeded'],
        ['3.1', undefined, 'failed-to-implement'],
        ['4.1', undefined, 'duplicate'],
      ],
    );
  });

  it('compares to the baseline’s mean and spread', () => {
    const row = board().rows.find((one) => one.key === '1.1');
    assert.ok(Math.abs((row?.delta ?? 0) + 0.52) < 1e-9);
    assert.ok(Math.abs((row?.sigmas ?? 0) + 52) < 1e-6);
    assert.equal(row?.improved, true);
    assert.deepEqual(row?.spark, [3, 2.8, 2.5]);
  });

  it('counts a round’s completion over the ideas that stand', () => {
    assert.deepEqual(
      board().rounds.map((round) => [round.number, round.completion, round.best]),
      [
        [0, 1 / 3, 2.5],
        [1, 1, 2.4],
      ],
    );
  });
});

describe('an export', () => {
  it('never gives a sheet a formula to run', () => {
    const csv = exportBoard(board(), 'csv');
    assert.match(csv, /"'=HYPERLINK\(""http:\/\/x""\)"/);
    assert.match(csv, /,-0\.\d+/, 'negative numbers stay numbers');
  });

  it('keeps a Markdown table in its columns', () => {
    const lines = exportBoard(board(), 'markdown').trim().split('\n');
    const columns = lines.map((line) => line.replaceAll('\\|', '').split('|').length);
    assert.equal(new Set(columns).size, 1);
  });

  it('is the board itself as JSON', () => {
    assert.deepEqual(JSON.parse(exportBoard(board(), 'json')).rows.length, board().rows.length);
  });
});
