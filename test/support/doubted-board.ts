import type { ResultFlag } from '../../src/core/domain/index.ts';
import type { Leaderboard, LeaderboardRow } from '../../src/core/research/leaderboard-types.ts';
import { dice, exampleBoard, fallingSpark, makeRow, makeRun, NOW } from './leaderboard-fixtures.ts';

const TOO_GOOD: ResultFlag = {
  code: 'too-good',
  message: '1.204 against 3.281 of the baseline: better by more than a factor of 2 (guardrails.factor).',
};
const TOO_FEW_STEPS: ResultFlag = {
  code: 'too-few-steps',
  message: 'It ended at step 900; the baseline goes to 2290.',
};
const NO_CURVE: ResultFlag = { code: 'no-curve', message: "Its curve has one point; the baseline's has 230." };
const SEED_ONLY: ResultFlag = {
  code: 'seed-only',
  message: 'The patch changes the seed and nothing else: luck, not an idea.',
};

interface Doubted {
  readonly key: string;
  readonly title: string;
  readonly value: number;
  readonly flags?: readonly ResultFlag[];
  readonly confirmed?: 'person' | 'seed';
  readonly verified?: boolean;
  readonly byHand?: boolean;
}

/**
 * A row of one seed. What is flagged and not confirmed stands as the extension tells it: with its number, without a
 * rank, and with why.
 */
export function doubtedRow(given: Doubted): LeaderboardRow {
  const { key, title, value, flags, confirmed, verified = true, byHand } = given;
  const flagged = flags !== undefined && confirmed === undefined;
  const run = makeRun(key, 1, 'succeeded', {
    value,
    verified,
    ...(flags ? { flags } : {}),
    ...(confirmed ? { confirmed } : {}),
  });
  return makeRow(key, {
    round: 2,
    title,
    hypothesis: 'The last tenth of training is where the schedule wastes most.',
    lane: 'model',
    move: 'explore',
    kind: 'algorithmic',
    ...(byHand ? { byHand } : {}),
    status: flagged ? 'flagged' : 'succeeded',
    ...(flagged ? { reason: flags.map(({ message }) => message).join(' ') } : {}),
    runs: [run],
    objective: { mean: value, std: 0, n: 1 },
    delta: value - 3.2814,
    sigmas: (value - 3.2814) / 0.0042,
    improved: !flagged && value < 3.273,
    spark: fallingSpark(dice(Number.parseInt(key, 10)), 6, value),
    startedAt: NOW - 1_500_000,
    elapsedMs: 1_260_000,
  });
}

/** Every way a number is vouched for or not: verified, self-reported, flagged, confirmed, written by hand. */
export function doubtedBoard(): Leaderboard {
  const board = exampleBoard();
  const plain = board.rows.filter(({ key }) => ['2.1', '4.1', '8.1'].includes(key));
  const rows = [
    ...plain,
    doubtedRow({ key: '18.1', title: 'Train on the tokens of the evaluation', value: 1.204, flags: [TOO_GOOD] }),
    doubtedRow({
      key: '19.1',
      title: 'Stop when the loss is low, and print the best value that was seen on the way there',
      value: 3.1877,
      flags: [TOO_FEW_STEPS, NO_CURVE],
      verified: false,
    }),
    doubtedRow({ key: '20.1', title: 'A lucky seed', value: 3.2612, flags: [SEED_ONLY] }),
    doubtedRow({
      key: '21.1',
      title: 'Half the steps at twice the rate',
      value: 3.2533,
      flags: [TOO_FEW_STEPS],
      confirmed: 'person',
    }),
    doubtedRow({ key: '22.2', title: 'Untie the embedding, by hand', value: 3.2691, verified: false, byHand: true }),
  ];
  return { ...board, rows: [...board.rows.slice(0, 1), ...ranked(rows)] };
}

/** The board after a person confirmed the result of one row. */
export function confirmedBoard(board: Leaderboard, key: string): Leaderboard {
  const rows = board.rows.slice(1).map((row): LeaderboardRow => {
    if (row.key !== key) return row;
    const { reason: _, ...rest } = row;
    const runs = row.runs.map((run) => ({ ...run, confirmed: 'person' as const }));
    return { ...rest, status: 'succeeded', improved: true, runs };
  });
  return { ...board, rows: [...board.rows.slice(0, 1), ...ranked(rows)] };
}

function ranked(rows: readonly LeaderboardRow[]): readonly LeaderboardRow[] {
  const order = rows
    .filter(({ status }) => status === 'succeeded')
    .sort((a, b) => (a.objective?.mean ?? 0) - (b.objective?.mean ?? 0))
    .map(({ key }) => key);
  return rows.map((row) => {
    const { rank: _, ...rest } = row;
    const place = order.indexOf(row.key);
    return place < 0 ? rest : { ...rest, rank: place + 1 };
  });
}
