import * as assert from 'node:assert/strict';
import {
  boardLines,
  boardSummary,
  nextStep,
  outlookWords,
  queueLines,
  runLines,
  runsProgress,
  statusLines,
} from '../../../src/cli/format.ts';
import { withHint } from '../../../src/cli/hints.ts';
import { count, formatBytes, formatDelta, formatNumber, formatSummary } from '../../../src/cli/numbers.ts';
import { wantsColour } from '../../../src/cli/paint.ts';
import { reviewHead } from '../../../src/cli/review.ts';
import { chooseRun, isLaunched } from '../../../src/cli/runs.ts';
import type { Run } from '../../../src/core/domain/index.ts';
import type { IdeaNode, Leaderboard, LeaderboardRow, ResearchState } from '../../../src/core/research/types.ts';

const row = (more: Partial<LeaderboardRow>): LeaderboardRow => ({
  key: 'x',
  title: 'Raise the learning rate from 0.5 to 1.5',
  hypothesis: '',
  parents: [],
  status: 'succeeded',
  runs: [],
  spark: [],
  ...more,
});

describe('the head of a review', () => {
  it('tells what the gates saw, warnings first, one line each, with nothing a terminal would obey', () => {
    const finding = { gate: 'network', code: 'network-added', path: 'a.py', line: 3 } as const;
    const findings = [
      { ...finding, severity: 'info', message: 'only said' },
      { ...finding, severity: 'warning', message: 'brings in\n\u001b[2Jwandb' },
    ];
    const head = { idea: { title: 't', hypothesis: '' }, candidate: { id: '1.1', findings }, files: [] };
    const lines = reviewHead(head as unknown as Parameters<typeof reviewHead>[0]);
    const shown = lines.filter((line) => line.includes('a.py:3'));
    assert.deepEqual(
      shown.map((line) => line.split(':')[0]),
      ['warning', 'info'],
    );
    assert.ok(!shown.join('').includes('\u001b[2J'));
  });
});

const board: Leaderboard = {
  goal: 'minimize',
  metric: 'val_loss',
  baseId: 1,
  baseCommit: 'a'.repeat(40),
  behind: false,
  rounds: [],
  rows: [
    row({ title: 'Baseline', objective: { mean: 2.856, std: 0.0055507, n: 3 }, comparisonClass: 'cpu' }),
    row({
      candidate: '3.1',
      rank: 1,
      round: 0,
      objective: { mean: 2.7423, std: 0, n: 1 },
      delta: -0.1137,
      improved: true,
      comparisonClass: 'cpu',
    }),
  ],
};

const run = (more: Partial<Run>): Run =>
  ({
    id: '0abc-1',
    base: 1,
    purpose: 'trial',
    candidate: '3.1',
    seed: 1,
    attempt: 1,
    state: 'succeeded',
    logBytes: 0,
    queuedAt: 0,
    ...(more as object),
  }) as Run;

const state = (more: Partial<ResearchState>): ResearchState =>
  ({
    root: '/r',
    environment: { ok: true, value: { name: 'q', objective: { metric: 'val_loss', goal: 'minimize' } } },
    ideator: { lane: 'hyperparameter', label: 'hyperparameter ideator' },
    rounds: [],
    runs: [],
    boxes: [],
    boxesProblems: [],
    requests: [],
    driver: { here: true },
    ...more,
  }) as unknown as ResearchState;

const ideas = (status: string, candidates: readonly unknown[] = []): ResearchState['rounds'] =>
  [
    { round: { number: 0, state: 'open' }, ideas: [{ idea: { id: 3 }, candidates, status } as unknown as IdeaNode] },
  ] as unknown as ResearchState['rounds'];

describe('numbers in the terminal', () => {
  it('keep five significant digits', () => {
    assert.equal(formatNumber(2.7737999), '2.7738');
    assert.equal(formatNumber(0.00001), '1.000e-5');
    assert.equal(formatNumber(0), '0');
    assert.equal(formatNumber(Number.NaN), 'NaN');
  });

  it('show a spread with the decimals of its mean, and none for one run', () => {
    assert.equal(formatSummary({ mean: 2.856, std: 0.0055507, n: 3 }), '2.8560 ± 0.0056 (3)');
    assert.equal(formatSummary({ mean: 2.856, std: 0.000001, n: 3 }), '2.8560 ± 1.0e-6 (3)');
    assert.equal(formatSummary({ mean: 2.5, std: 0, n: 1 }), '2.5000');
    assert.equal(formatSummary({ mean: 1234.5, std: 3, n: 2 }), '1234.5 ± 3.0 (2)');
    assert.equal(formatSummary({ mean: Number.NaN, std: 0, n: 1 }), 'NaN');
  });

  it('show a difference with its sign', () => {
    assert.equal(formatDelta(-0.08105, 2.77), '-0.0810');
    assert.equal(formatDelta(0.5, 2.77), '+0.5000');
    assert.equal(formatDelta(-0.000001, 2.77), '0.0000');
    assert.equal(formatDelta(0.5, undefined), '+0.5');
  });

  it('count and measure in words', () => {
    assert.equal(count(1, 'run'), '1 run');
    assert.equal(count(0, 'run'), '0 runs');
    assert.equal(formatBytes(999), '999 B');
    assert.equal(formatBytes(1_500_000), '1.5 MB');
  });
});

describe('the leaderboard in the terminal', () => {
  it('is whole in a pipe', () => {
    assert.deepEqual(boardLines(board), [
      '   idea  val_loss  spread (runs)        Δ  status     round  title',
      '           2.8560  ± 0.0056 (3)            succeeded         Baseline',
      '1  #3.1    2.7423                 -0.1137  better         0  Raise the learning rate from 0.5 to 1.5',
    ]);
  });

  it('fits a terminal of 60 columns', () => {
    for (const line of boardLines(board, 60)) assert.ok(line.length <= 60, line);
    assert.match(boardLines(board, 60)[2] ?? '', /Raise.*…$/);
  });

  it('names the hardware only where there is more than one kind', () => {
    const mixed = { ...board, rows: [...board.rows, row({ candidate: '4.1', comparisonClass: 'NVIDIA H100' })] };
    assert.ok(!boardLines(board)[0]?.includes('hardware'));
    assert.ok(boardLines(mixed)[0]?.includes('hardware'));
  });

  it('ends in a sentence that says what it means', () => {
    assert.equal(
      boardSummary(board),
      '1 of 1 idea with a value is better than the baseline by more than the noise (minimize val_loss).',
    );
    assert.match(boardSummary({ ...board, rows: board.rows.slice(1) }), /no baseline.*research-copilot baseline/);
    assert.equal(boardSummary({ ...board, rows: [] }), 'No idea has come to a value yet.');
  });
});

describe('runs in the terminal', () => {
  it('are lines with their state, value and reason', () => {
    const lines = runLines([
      run({ objective: { state: 'ok', value: 2.5 }, box: 'here' }),
      run({ id: '0abc-22', candidate: undefined, state: 'failed', reason: 'exit status 1' }),
    ]);
    assert.deepEqual(lines, [
      '0abc-1   #3.1      seed 1  succeeded  2.5  here',
      '0abc-22  baseline  seed 1  failed                exit status 1',
    ]);
  });

  it('tell in one line what they are doing', () => {
    const live = run({ state: 'running', box: 'here', lastMetric: { name: 'val_loss', value: 2.51234567, step: 5 } });
    assert.deepEqual(runsProgress([run({}), live]), {
      text: '1 of 2 runs, running on here val_loss 2.5123',
      share: 0.5,
    });
  });

  it('are found by id, by its beginning, by candidate and by baseline', () => {
    const runs = [run({ id: '0abc-22' }), run({}), run({ id: '0b', candidate: undefined })];
    assert.equal(chooseRun(runs, '0abc-1').id, '0abc-1');
    assert.equal(chooseRun(runs, '0abc-2').id, '0abc-22');
    assert.equal(chooseRun(runs, '#3.1').id, '0abc-22');
    assert.equal(chooseRun(runs, 'baseline').id, '0b');
    assert.throws(() => chooseRun(runs, '0a'), { code: 'ambiguous-run' });
    assert.throws(() => chooseRun(runs, 'nope'), { code: 'no-run' });
  });

  it('are launched when nothing more can be sent', () => {
    assert.equal(isLaunched([run({ state: 'queued' })]), false);
    assert.equal(isLaunched([run({ state: 'shipping' }), run({ state: 'running' })]), false);
    assert.equal(isLaunched([run({ state: 'queued' }), run({ state: 'running' })]), true);
    assert.equal(isLaunched([run({ state: 'waiting' }), run({ state: 'running' })]), true);
  });
});

describe('what to do next', () => {
  it('follows the loop', () => {
    const none = { ok: false, missing: true, diagnostics: [] } as const;
    assert.match(nextStep(state({ environment: none })) ?? '', /init/);
    assert.match(nextStep(state({})) ?? '', /research-copilot ideas"/);
    assert.match(nextStep(state({ rounds: ideas('proposed') })) ?? '', /review 3/);
    assert.match(nextStep(state({ rounds: ideas('ready') })) ?? '', /review 3/);
    assert.match(nextStep(state({ rounds: ideas('approved', [{ id: '3.1', state: 'approved' }]) })) ?? '', /run 3\.1/);
    assert.match(nextStep(state({ rounds: ideas('succeeded') })) ?? '', /--next-round/);
    assert.match(nextStep(state({ rounds: ideas('succeeded'), behind: 'head' })) ?? '', /base --new/);
  });

  it('is nothing while runs go on', () => {
    assert.equal(nextStep(state({ runs: [run({ state: 'running' })] })), undefined);
  });

  it('is added to errors that do not say it', () => {
    assert.equal(
      withHint('There is no idea #4.', 'no-idea'),
      'There is no idea #4. "research-copilot ideas --list" shows the ideas there are.',
    );
    assert.equal(withHint('Say "research-copilot init".', 'no-environment'), 'Say "research-copilot init".');
    assert.equal(withHint('Other.', 'other'), 'Other.');
  });
});

describe('colours', () => {
  it('are for terminals, and for nobody who said no', () => {
    assert.equal(wantsColour({}, true), true);
    assert.equal(wantsColour({ CI: '1' }, false), false);
    assert.equal(wantsColour({ NO_COLOR: '1', FORCE_COLOR: '1' }, true), false);
    assert.equal(wantsColour({ FORCE_COLOR: '1' }, false), true);
    assert.equal(wantsColour({ TERM: 'dumb' }, true), false);
  });
});

describe('the queue in the terminal', () => {
  const queue = { paused: false, order: [], seconds: {}, withoutBaseline: [] };

  it('tells of each run that goes on how far it is, or where it stands', () => {
    const minutes = 60_000;
    assert.equal(outlookWords({ elapsedMs: 8 * minutes, usualMs: 20 * minutes }), '8m of about 20m');
    assert.equal(outlookWords({ elapsedMs: 8.5 * minutes }), '8m 30s');
    assert.equal(outlookWords({ onBox: 2, usualMs: 1 }), '2nd on the box');
    assert.equal(outlookWords({ inQueue: 11 }), '11th in the queue');
    assert.equal(outlookWords({}), '');
  });

  it('lists what runs before what waits, and that in its order', () => {
    const rows = [
      run({ id: 'later', state: 'queued' }),
      run({ id: 'sooner', state: 'queued' }),
      run({ id: 'waits', state: 'waiting', position: 1, box: 'a' }),
      run({ id: 'works', state: 'running', startedAt: 0, box: 'a' }),
    ];
    const lines = statusLines(
      state({ runs: rows, queue: { ...queue, order: ['sooner', 'later'], seconds: { works: 120 } } }),
      undefined,
      60_000,
    );
    const at = lines.findIndex((line) => line.startsWith('4 live runs'));
    assert.deepEqual(
      lines.slice(at + 1, at + 5).map((line) => line.trim().split(/\s\s+/)),
      [
        ['works', '#3.1', 'seed 1', 'running', 'a', '1m of about 2m'],
        ['waits', '#3.1', 'seed 1', 'waiting', 'a', '1st on the box'],
        ['sooner', '#3.1', 'seed 1', 'queued', '1st in the queue'],
        ['later', '#3.1', 'seed 1', 'queued', '2nd in the queue'],
      ],
    );
  });

  it('says that it is paused, and which runs compare with nothing', () => {
    const lacks = [{ comparisonClass: 'NVIDIA A100', trials: 2, boxes: ['lab-2'] }];
    const lines = queueLines({ queue: { ...queue, paused: true, order: ['a'], withoutBaseline: lacks } });
    assert.match(lines[0] ?? '', /paused with 1 run in it: "research-copilot queue resume"/);
    assert.match(lines[1] ?? '', /2 runs on NVIDIA A100 compare with nothing: "research-copilot baseline --box lab-2"/);
  });
});
