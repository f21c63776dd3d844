import type { Round, RunState, Summary } from '../../src/core/domain/index.ts';
import { summarise } from '../../src/core/domain/index.ts';
import type { Leaderboard, LeaderboardRow, RowStatus, RunCell } from '../../src/core/research/leaderboard-types.ts';

/** 2026-11-20 12:00:00 UTC: the fixtures' now. */
export const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);
export const CLASS = 'base 1 · NVIDIA H100 80GB HBM3';

/** A small deterministic generator, so that every picture of a board is the same. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ENDS: ReadonlySet<string> = new Set(['succeeded', 'failed', 'timed-out', 'cancelled', 'lost']);

/** One run of a row; its id is readable: `r-<row>-<seed>`. */
export function makeRun(key: string, seed: number, state: RunState, rest: Partial<RunCell> = {}): RunCell {
  const started = NOW - 1_500_000 + seed * 1000;
  return {
    id: `r-${key.replaceAll(/[^a-z0-9]/g, '-')}-${seed}`,
    seed,
    state,
    box: 'lambda-1',
    purpose: key.startsWith('baseline/') ? 'baseline' : 'trial',
    verified: true,
    attempt: 1,
    counts: true,
    startedAt: state === 'queued' ? undefined : started,
    endedAt: ENDS.has(state) ? started + 1_260_000 : undefined,
    exitCode: state === 'succeeded' ? 0 : undefined,
    logBytes: 48_211,
    ...rest,
  };
}

/** A row with everything a row needs; give what matters to the test. */
export function makeRow(key: string, rest: Partial<LeaderboardRow> = {}): LeaderboardRow {
  const baseline = key.startsWith('baseline/');
  const idea = baseline ? undefined : Number(key.split('.')[0]);
  return {
    key,
    candidate: baseline ? undefined : key,
    idea,
    round: baseline ? undefined : 0,
    title: baseline ? 'Baseline' : `Idea ${key}`,
    hypothesis: '',
    parents: [],
    status: 'approved',
    runs: [],
    spark: [],
    comparisonClass: CLASS,
    ...rest,
  };
}

/** A falling loss curve of at most 60 values. */
export function fallingSpark(random: () => number, from: number, to: number, length = 60): readonly number[] {
  return Array.from({ length }, (_, index) => {
    const share = index / 59;
    return to + (from - to) * Math.exp(-4.2 * share) + (random() - 0.5) * 0.03 * (from - to);
  });
}

interface Plan {
  readonly title: string;
  readonly hypothesis: string;
  readonly round: number;
  readonly status: RowStatus;
  readonly lane?: LeaderboardRow['lane'];
  readonly move?: LeaderboardRow['move'];
  readonly kind?: LeaderboardRow['kind'];
  /** Δ to the baseline's mean. */
  readonly delta?: number;
  readonly parents?: readonly number[];
  readonly box?: string;
  readonly reason?: string;
}

const PLANS: readonly Plan[] = [
  {
    title: 'Cosine decay to a tenth of the peak rate',
    hypothesis: 'A higher floor keeps the last tenth of training useful: the loss still falls when the schedule ends.',
    round: 0,
    status: 'succeeded',
    delta: -0.0184,
    kind: 'hyperparameter',
  },
  {
    title: 'Muon for hidden matrices, AdamW for embeddings',
    hypothesis:
      'Orthogonalised updates use the whole spectrum of the gradient; embeddings keep AdamW because their gradients are sparse.',
    round: 0,
    status: 'succeeded',
    delta: -0.0531,
    kind: 'algorithmic',
    lane: 'model',
  },
  {
    title: 'Squared ReLU in place of GELU',
    hypothesis: 'Sparser activations at the same width.',
    round: 0,
    status: 'succeeded',
    delta: -0.0127,
    kind: 'algorithmic',
  },
  {
    title: 'Double the batch size, same number of tokens',
    hypothesis: 'Less gradient noise late in training.',
    round: 0,
    status: 'succeeded',
    delta: 0.0312,
    kind: 'hyperparameter',
    lane: 'hyperparameter',
  },
  {
    title: 'Untie the embedding from the output head',
    hypothesis: 'The two want different geometry.',
    round: 0,
    status: 'failed',
    kind: 'algorithmic',
    reason: 'RuntimeError: CUDA out of memory. Tried to allocate 3.07 GiB',
  },
  {
    title: 'Weight decay 0.1 to 0.02',
    hypothesis: 'The run is too short to overfit.',
    round: 0,
    status: 'succeeded',
    delta: 0.0019,
    kind: 'hyperparameter',
    lane: 'hyperparameter',
  },
  {
    title: 'QK-norm before rotary embedding',
    hypothesis: 'Bounded logits allow a higher learning rate.',
    round: 1,
    status: 'succeeded',
    delta: -0.0672,
    kind: 'algorithmic',
    parents: [2],
    move: 'exploit',
  },
  {
    title: 'Muon with momentum warm-up from 0.85 to 0.95',
    hypothesis: 'Early gradients are not worth remembering.',
    round: 1,
    status: 'succeeded',
    delta: -0.0709,
    kind: 'hyperparameter',
    parents: [2],
    move: 'exploit',
    box: 'lambda-2',
  },
  {
    title: 'Muon and the cosine floor together',
    hypothesis: 'The two gains are about different parts of the run and should add up.',
    round: 1,
    status: 'timed-out',
    kind: 'algorithmic',
    parents: [2, 1],
    move: 'crossover',
    reason: 'Ran past 30m',
  },
  {
    title: 'Value residual from the first layer',
    hypothesis: 'Later layers lose token identity; a learned mix of the first values gives it back.',
    round: 1,
    status: 'succeeded',
    delta: -0.0208,
    kind: 'algorithmic',
    move: 'explore',
    box: 'lambda-2',
  },
  {
    title: 'Logit soft-capping at 30',
    hypothesis: 'Stops the head from running away.',
    round: 1,
    status: 'failed-to-implement',
    kind: 'algorithmic',
    reason: 'The edit for model.py does not match any line of the file',
    move: 'explore',
  },
  {
    title: 'Shorter warm-up',
    hypothesis: '',
    round: 1,
    status: 'duplicate',
    kind: 'hyperparameter',
    reason: 'Same patch as #1.1',
  },
  {
    title: 'Momentum warm-up, QK-norm and a 1.5 times higher rate',
    hypothesis: 'Both parents stop the same instability; together they leave room for a higher rate.',
    round: 2,
    status: 'running',
    kind: 'algorithmic',
    parents: [8, 7],
    move: 'crossover',
  },
  {
    title: 'Sliding-window attention in every other layer',
    hypothesis: 'Local context is enough for half of the layers, and the time saved buys steps.',
    round: 2,
    status: 'queued',
    kind: 'algorithmic',
    parents: [7],
    move: 'exploit',
  },
  {
    title: 'Remove the learned position of value residual',
    hypothesis: 'An ablation: which half of #10 helps?',
    round: 2,
    status: 'approved',
    kind: 'algorithmic',
    parents: [10],
    move: 'ablation',
  },
  {
    title: 'Batch size ramp: 128 to 512 sequences',
    hypothesis: 'Noise helps early, hurts late.',
    round: 2,
    status: 'ready',
    kind: 'algorithmic',
    parents: [8],
    move: 'exploit',
  },
  {
    title: 'Schedule-free AdamW for the head',
    hypothesis: 'No schedule to tune.',
    round: 2,
    status: 'implementing',
    move: 'explore',
  },
];

function objectiveOf(values: readonly number[]): Summary | undefined {
  return summarise(values);
}

/** The board most tests and every picture use: a baseline, seventeen ideas in three rounds, every kind of state. */
export function exampleBoard(): Leaderboard {
  const random = dice(7);
  const baseline = 3.2814;
  const spread = 0.0042;
  const baselineKey = `baseline/${CLASS}`;
  const baselineValues = [baseline - 0.0038, baseline + 0.0047, baseline - 0.0009];
  const baselineRow = makeRow(baselineKey, {
    status: 'succeeded',
    runs: baselineValues.map((value, seed) => makeRun(baselineKey, seed + 1, 'succeeded', { value })),
    objective: objectiveOf(baselineValues),
    spark: fallingSpark(random, 6, baseline),
    startedAt: NOW - 9_000_000,
    elapsedMs: 1_260_000,
  });
  const rows = PLANS.map((plan, index) => planned(plan, index + 1, { random, baseline, spread }));
  const ranked = rows
    .filter((row) => row.status === 'succeeded')
    .sort((a, b) => (a.objective?.mean ?? 0) - (b.objective?.mean ?? 0))
    .map((row) => row.key);
  const withRank = rows.map((row) => {
    const rank = ranked.indexOf(row.key);
    return rank < 0 ? row : { ...row, rank: rank + 1 };
  });
  return {
    goal: 'minimize',
    metric: 'val_loss',
    baseId: 1,
    baseCommit: '4f1c9a7be0d2c8b35a6e1f0977d34b21c6a8e95d',
    behind: false,
    rows: [baselineRow, ...withRank],
    rounds: [0, 1, 2].map((number) => ({ ...makeRound(number), completion: [0.83, 0.5, 0][number] ?? 0 })),
  };
}

function makeRound(number: number): Round {
  return {
    base: 1,
    number,
    ideator: 'model',
    exploitShare: 0.5,
    asked: 6,
    state: number === 2 ? 'open' : 'closed',
    createdAt: NOW - (3 - number) * 3_600_000,
  };
}

function planned(
  plan: Plan,
  idea: number,
  the: { readonly random: () => number; readonly baseline: number; readonly spread: number },
): LeaderboardRow {
  const key = `${idea}.1`;
  const box = plan.box ?? 'lambda-1';
  const value = plan.delta === undefined ? undefined : the.baseline + plan.delta;
  const values =
    value === undefined ? [] : [-1, 0.4, 0.6].map((part) => value + part * the.spread * (0.5 + the.random()));
  const common = { box } as const;
  const runs: RunCell[] = [];
  if (plan.status === 'succeeded') {
    runs.push(...values.map((each, seed) => makeRun(key, seed + 1, 'succeeded', { ...common, value: each })));
  } else if (plan.status === 'failed' || plan.status === 'timed-out') {
    const exitCode = plan.status === 'failed' ? 1 : 124;
    runs.push(makeRun(key, 1, plan.status, { ...common, exitCode, reason: plan.reason, counts: true }));
  } else if (plan.status === 'running') {
    const lastMetric = { name: 'val_loss', value: 3.412, step: 1750 };
    runs.push(
      makeRun(key, 1, 'running', { ...common, lastMetric }),
      makeRun(key, 2, 'running', { ...common, box: 'lambda-2', lastMetric: { ...lastMetric, value: 3.406 } }),
      makeRun(key, 3, 'queued', { box: undefined, logBytes: 0 }),
    );
  } else if (plan.status === 'queued') {
    runs.push(makeRun(key, 1, 'queued', { box: undefined, logBytes: 0 }));
  }
  const objective = objectiveOf(values);
  const delta = objective ? objective.mean - the.baseline : undefined;
  const share = plan.status === 'running' ? 34 : 60;
  return makeRow(key, {
    round: plan.round,
    title: plan.title,
    hypothesis: plan.hypothesis,
    lane: plan.lane ?? 'model',
    move: plan.move ?? 'explore',
    kind: plan.kind,
    parents: (plan.parents ?? []).map((parent) => ({ candidate: `${parent}.1`, role: 'exploit' as const })),
    status: plan.status,
    reason: plan.reason,
    runs,
    objective,
    delta,
    sigmas: delta === undefined ? undefined : delta / the.spread,
    improved: delta === undefined ? undefined : delta < -2 * the.spread,
    spark:
      plan.status === 'succeeded' || plan.status === 'running' || plan.status === 'timed-out'
        ? fallingSpark(the.random, 6, value ?? 3.3, share)
        : [],
    startedAt: runs.length > 0 && plan.status !== 'queued' ? NOW - 1_500_000 : undefined,
    elapsedMs: plan.status === 'succeeded' || plan.status === 'timed-out' ? 1_260_000 + idea * 7000 : undefined,
  });
}

/** A board of `count` finished ideas with one seed each, for size. */
export function largeBoard(count: number): Leaderboard {
  const random = dice(11);
  const board = exampleBoard();
  const values = Array.from({ length: count }, () => 3.2814 + (random() - 0.4) * 0.2);
  const order = [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = new Map(order.map((index, place) => [index, place + 1]));
  const rows = values.map((value, index) => {
    const key = `${index + 1}.1`;
    const delta = value - 3.2814;
    return makeRow(key, {
      title: `Change number ${index + 1} of the sweep`,
      round: Math.floor(index / 100),
      status: 'succeeded',
      lane: 'hyperparameter',
      move: 'explore',
      kind: 'hyperparameter',
      runs: [makeRun(key, 1, 'succeeded', { value })],
      objective: { mean: value, std: 0, n: 1 },
      delta,
      sigmas: delta / 0.0042,
      improved: delta < -0.0084,
      rank: ranks.get(index),
      spark: fallingSpark(random, 6, value, 24),
      startedAt: NOW - 900_000,
      elapsedMs: 61_000,
    });
  });
  return { ...board, rows: [...board.rows.slice(0, 1), ...rows] };
}

/** A title that tries everything at once. */
export const HOSTILE_TITLE =
  '<img src=x onerror="document.title=\'owned\'"> \u001b[31mred\u001b[0m \u202Egnp.exe\u202C <b>bold</b>';

/** A log as a training script prints it, with colours, a traceback and one hostile line. */
export const LOG_LINES: readonly string[] = [
  '\u001b[1mresearch-copilot\u001b[0m run r-13-1-1 on lambda-1, GPU 0 (NVIDIA H100 80GB HBM3)',
  '\u001b[36m$ python train.py --seed 1\u001b[0m',
  'tokens per step: 524,288; parameters: 124,475,904',
  '\u001b[33mWARNING\u001b[0m torch.compile: 2 graph breaks in model.forward',
  ...Array.from({ length: 1200 }, (_, step) => {
    const loss = 3.28 + 2.7 * Math.exp(-step / 210) + Math.sin(step * 12.9898) * 0.02;
    const line = `step:${step * 10}/12000 train_loss:${loss.toFixed(4)} lr:${(0.0036 * (1 - step / 1400)).toExponential(2)} ${(41.2 + Math.sin(step) * 0.6).toFixed(1)}ms`;
    return step % 50 === 0
      ? `\u001b[32mstep:${step * 10}/12000 val_loss:${(loss + 0.01).toFixed(4)} train_time:${step * 412}ms\u001b[0m`
      : line;
  }),
  '<img src=x onerror="document.title=\'owned\'"> \u202Etxt.exe\u202C end',
  '\u001b[31mTraceback (most recent call last):\u001b[0m',
  '  File "train.py", line 412, in <module>',
  '\u001b[1;31mRuntimeError\u001b[0m: CUDA out of memory. Tried to allocate 3.07 GiB',
];

/** Curves for every run of a board: a falling loss to the run's own value, one NaN in the middle of the second seed. */
export function exampleCurves(board: Leaderboard): Record<string, Record<string, (number | null)[]>> {
  const random = dice(23);
  const curves: Record<string, Record<string, (number | null)[]>> = {};
  for (const row of board.rows) {
    for (const run of row.runs) {
      if (run.state === 'queued') continue;
      const end = run.value ?? 3.3;
      const length = run.state === 'succeeded' ? 400 : 230;
      const shape = (noise: number) =>
        Array.from({ length }, (_, index) => {
          if (run.seed === 2 && index > 120 && index < 132) return null;
          return end + 2.8 * Math.exp(-index / 55) + (random() - 0.5) * noise;
        });
      curves[run.id] = { val_loss: shape(0.05), train_loss: shape(0.3), lr: shape(0) };
    }
  }
  return curves;
}
