import type { Hyperparameter } from '../environment/index.ts';

/** Hyperparameters that behave alike: how far to move them, and what to say about it. */
export interface Family {
  readonly name: string;
  /** How telling a change usually is, in (0, 1]. */
  readonly weight: number;
  /** Values to try from a value, most telling first, within bounds. */
  targets(value: number, whole: boolean): readonly number[];
  /** From a base value and a value tried: as far again, or as far the other way. Not yet bounded. */
  step(base: number, tried: number, further: boolean): number;
  bounded(value: number, whole: boolean): number;
  readonly up: string;
  readonly down: string;
  readonly risk: string;
}

interface Shape {
  readonly weight: number;
  readonly factors: readonly number[];
  readonly low: number;
  readonly high: number;
  /** What to try where the value is zero. */
  readonly fromZero?: readonly number[];
  readonly zero?: boolean;
  readonly up: string;
  readonly down: string;
  readonly risk: string;
}

function scaled(name: string, shape: Shape): Family {
  const bounded = (value: number, whole: boolean) =>
    Math.min(shape.high, Math.max(whole ? Math.max(1, shape.low) : shape.low, value));
  return {
    name,
    weight: shape.weight,
    targets(value, whole) {
      if (value === 0) return (shape.fromZero ?? []).filter((target) => !whole || Number.isInteger(target));
      const moved = shape.factors.map((factor) => bounded(value * factor, whole));
      return shape.zero && !whole ? [...moved, 0] : moved;
    },
    step(base, tried, further) {
      if (base === 0 || tried === 0) return further ? tried * 2 : tried / 2;
      return further ? (tried * tried) / base : (base * base) / tried;
    },
    bounded,
    up: shape.up,
    down: shape.down,
    risk: shape.risk,
  };
}

/** Shares close to one (momentum, betas): what moves is the distance to one. */
function nearOne(name: string): Family {
  const bounded = (value: number) => Math.min(0.9999, Math.max(0, Number(value.toPrecision(4))));
  return {
    name,
    weight: 0.5,
    targets: (value) => (value === 0 ? [0.9] : [1 - (1 - value) / 3, 1 - (1 - value) * 3].map(bounded)),
    step: (base, tried, further) =>
      further ? 1 - (1 - tried) ** 2 / (1 - base) : 1 - (1 - base) ** 2 / Math.max(1e-6, 1 - tried),
    bounded,
    up: 'A longer memory of past steps smooths them, and small steady gradients add up.',
    down: 'A shorter memory of past steps follows the newest gradients more closely.',
    risk: 'Near 1 the updates lag behind and overshoot.',
  };
}

const LEARNING_RATE = scaled('learning rate', {
  weight: 1,
  factors: [3, 1 / 3, 10, 1 / 10],
  low: 1e-8,
  high: 1e4,
  up: 'Training may still be on its way down when it ends; larger steps get further within the same budget.',
  down: 'The steps may be too large to settle; smaller ones end closer to the bottom.',
  risk: 'Steps that are too large make the loss swing or end in NaN; too small ones do not get far.',
});
const LAST_RATE = scaled('last learning rate', {
  weight: 0.4,
  factors: [1 / 3, 3, 1 / 10, 10],
  low: 1e-9,
  high: 1e3,
  fromZero: [1e-5, 1e-4],
  zero: true,
  up: 'The last steps may be too small to learn anything; a higher floor keeps them useful.',
  down: 'A lower floor lets the last steps settle.',
  risk: 'A floor above what the end of training bears keeps the loss from settling.',
});
const BATCH = scaled('batch size', {
  weight: 0.9,
  factors: [1 / 2, 2, 1 / 4, 4],
  low: 1,
  high: 1e6,
  up: 'Larger batches give a steadier gradient at every step.',
  down: 'Smaller batches give more steps for the same data.',
  risk: 'The best learning rate moves with the batch size; memory and time a run move too.',
});
const DECAY = scaled('weight decay', {
  weight: 0.8,
  factors: [1 / 10, 3, 1 / 3, 10],
  low: 1e-9,
  high: 10,
  fromZero: [0.01, 0.1],
  zero: true,
  up: 'A stronger pull towards zero keeps the model from fitting noise.',
  down: 'The pull towards zero may hold the weights back; less of it lets the model fit what is there.',
  risk: 'Too little may overfit, too much underfits.',
});
const DROPOUT = scaled('dropout', {
  weight: 0.5,
  factors: [1 / 2, 2],
  low: 0,
  high: 0.9,
  fromZero: [0.1, 0.2],
  zero: true,
  up: 'More noise in training may generalise better.',
  down: 'Less noise in training fits faster, which counts when the budget is short.',
  risk: 'Too much slows learning; too little may overfit.',
});
const WARMUP = scaled('warmup', {
  weight: 0.35,
  factors: [1 / 3, 3],
  low: 0,
  high: 1e6,
  fromZero: [100, 0.05],
  up: 'A longer warmup avoids early steps that are too bold.',
  down: 'A shorter warmup leaves more of the budget at the full rate.',
  risk: 'Too short a warmup may break early training.',
});
const CLIP = scaled('gradient clipping', {
  weight: 0.35,
  factors: [3, 1 / 3, 10],
  low: 1e-3,
  high: 1e6,
  fromZero: [1],
  up: 'A looser limit lets honest large gradients through.',
  down: 'A tighter limit tames rare large gradients.',
  risk: 'Too tight a limit slows everything.',
});
const SIZE = scaled('size', {
  weight: 0.7,
  factors: [2, 1 / 2],
  low: 1,
  high: 1e6,
  up: 'A larger model, or one that sees more, can hold more of what is there.',
  down: 'A smaller model learns more from each example of a short budget.',
  risk: 'Time and memory of a run move with it; sizes that must divide each other may no longer fit.',
});
const INIT = scaled('initial scale', {
  weight: 0.5,
  factors: [1 / 3, 3, 1 / 10],
  low: 1e-9,
  high: 1e3,
  zero: false,
  up: 'Larger first weights break symmetry faster.',
  down: 'Smaller first weights start closer to no opinion, with less to unlearn.',
  risk: 'Too large a start saturates, too small a one is slow.',
});
const OTHER = scaled('setting', {
  weight: 0.25,
  factors: [3, 1 / 3],
  low: 0,
  high: 1e9,
  up: 'Its value may be too low for this problem.',
  down: 'Its value may be too high for this problem.',
  risk: 'What it does was not told apart by its name.',
});
const SWITCH: Family = { ...OTHER, name: 'switch', weight: 0.2, up: 'It may help here.', down: 'It may hurt here.' };
const CHOICE: Family = { ...OTHER, name: 'choice', weight: 0.45, up: 'Another choice may suit this problem better.' };
const COUNT = scaled('count', { ...SIZE, weight: 0.25, factors: [2, 1 / 2], low: 1, high: 1e9 });

/** Names whose change would change what is measured, where things go, or what a run costs, and not how well it learns. */
const LEAVE = new RegExp(
  [
    'seed|random_state|(^|_)rng(_|$)',
    '(^|_)(eval|log|logging|save|saving|print|report|checkpoint|ckpt|val|test|wandb|tensorboard|profile|debug|verbose)(_|$)',
    '(^|_)(compile|device|devices|gpu|gpus|port|local_rank|world|workers?|threads?|prefetch|pin)(_|$)',
    '(^|_)(vocab|num_classes|version|resume|timeout|out|path|dir|file|push|hub|upload|download|dry_run)(_|$)',
  ].join('|'),
);
/** Of the last segment of a key path only: how long training runs, which of its stages run, what is told apart by number. */
const LENGTH =
  /^(max_?|num_?|n_?|nb_|total_|train_|training_|env_|episode_|wall_?|clock_|time_?)*(iters?|iterations?|steps?|epochs?|tokens?|characters?|samples?|episodes?|updates?|seconds?|minutes?|hours?|time|limit|budget|duration)$/;
const STAGE = /^do_(train|eval|test|predict)$/;
const IDENTITY = /(^|_)(ids?|index)$/;
/** The steps that a return of reinforcement learning looks ahead: one word, and no length. */
const LOOKAHEAD = 'n_step';

const FAMILIES: readonly (readonly [RegExp, Family])[] = [
  [/(^|_)(min|final|end|last)_(lr|learning_rate)/, LAST_RATE],
  [/(lr|learning_rate)_(decay|schedule)/, COUNT],
  [/warm_?up/, WARMUP],
  [/(^|_)(lr|learning_?rate|step_size)(_|$)/, LEARNING_RATE],
  [/batch|(^|_)bs$/, BATCH],
  [/weight_?decay|(^|_)(wd|l2)(_|$)/, DECAY],
  [/drop|smoothing|mixup/, DROPOUT],
  [/momentum|beta_?\d?$|betas|(^|_)ema|polyak/, nearOne('momentum')],
  [/clip|max_(grad_)?norm/, CLIP],
  [/init|std$|gain/, INIT],
  [
    /layers?$|heads?$|embd|hidden|width|dim$|dims$|d_model|channels|block_size|context|seq_?len|positions|history|rank$|depth|units/,
    SIZE,
  ],
];

/** The family of a hyperparameter by its name, or undefined where it is to be left alone. */
export function familyOf(at: Hyperparameter): Family | undefined {
  const segments = segmentsOf(at.name);
  const name = segments.join('_');
  if (LEAVE.test(name) || isLength(segments.at(-1) ?? '')) return undefined;
  if (at.type === 'bool') return SWITCH;
  if (at.type === 'choice') return CHOICE;
  const known = FAMILIES.find(([expression]) => expression.test(name))?.[1];
  return known ?? (at.type === 'int' ? COUNT : OTHER);
}

function isLength(last: string): boolean {
  return (LENGTH.test(last) && last !== LOOKAHEAD) || STAGE.test(last) || IDENTITY.test(last);
}

/** A key path in lower case with underscores; the place in a list belongs to the key before it. */
function segmentsOf(name: string): string[] {
  const segments = name
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll('-', '_')
    .split('.');
  while (segments.length > 1 && /^\d+$/.test(segments.at(-1) ?? '')) segments.pop();
  return segments;
}
