import { type Hyperparameter, isTunable, segmentsOf } from '../environment/index.ts';

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
      // A number below zero stands for something else (-1: none, all, the last), or is no size.
      if (value < 0) return [];
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

interface ShareShape {
  readonly weight: number;
  /** What to try where the value is zero, and where it is one. */
  readonly fromZero: readonly number[];
  readonly fromOne: readonly number[];
  readonly up: string;
  readonly down: string;
  readonly risk: string;
}

/** Shares of a whole (momentum, probabilities): near zero what moves is the share, near one the distance to one. */
function share(name: string, shape: ShareShape): Family {
  const bounded = (value: number) => Math.min(0.9999, Math.max(0, Number(value.toPrecision(4))));
  const lower = (value: number) => Math.max(value / 3, 1 - (1 - value) * 3);
  const higher = (value: number) => Math.min(value * 3, 1 - (1 - value) / 3);
  return {
    name,
    weight: shape.weight,
    targets(value, whole) {
      if (whole || value < 0 || value > 1) return [];
      if (value === 0) return shape.fromZero;
      return value === 1 ? shape.fromOne : [higher(value), lower(value)].map(bounded);
    },
    step(base, tried, further) {
      // From a bound there is no factor to take again.
      if (base <= 0 || base >= 1 || tried <= 0) return tried > base === further ? higher(tried) : lower(tried);
      const next = further ? odds(tried) ** 2 / odds(base) : odds(base) ** 2 / odds(tried);
      return next / (1 + next);
    },
    bounded,
    up: shape.up,
    down: shape.down,
    risk: shape.risk,
  };
}

function odds(value: number): number {
  return value / Math.max(1e-6, 1 - value);
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
const WARMUP_WORDS = {
  weight: 0.35,
  up: 'A longer warmup avoids early steps that are too bold.',
  down: 'A shorter warmup leaves more of the budget at the full rate.',
  risk: 'Too short a warmup may break early training.',
};
const WARMUP_SHAPE = { ...WARMUP_WORDS, factors: [1 / 3, 3], low: 0, high: 1e6 };
const WARMUP = scaled('warmup', { ...WARMUP_SHAPE, fromZero: [100] });
const WARMUP_EPOCHS = scaled('warmup', { ...WARMUP_SHAPE, fromZero: [1] });
const WARMUP_SHARE = share('warmup', { ...WARMUP_WORDS, fromZero: [0.05, 0.1], fromOne: [] });
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
const SHARE = share('setting', { ...OTHER, fromZero: [], fromOne: [0.9, 0.5] });
const MOMENTUM = share('momentum', {
  weight: 0.5,
  fromZero: [0.9],
  fromOne: [0.99, 0.9],
  up: 'A longer memory of past steps smooths them, and small steady gradients add up.',
  down: 'A shorter memory of past steps follows the newest gradients more closely.',
  risk: 'Near 1 the updates lag behind and overshoot.',
});
const FADING = share('decay factor', {
  weight: 0.4,
  fromZero: [],
  fromOne: [0.99, 0.9],
  up: 'What it fades lasts longer: later rewards count for more, rates fall more slowly.',
  down: 'What it fades is gone sooner: early rewards count for more, rates fall faster.',
  risk: 'Near 1 it hardly fades anything, far from it next to nothing is left.',
});
const SWITCH: Family = { ...OTHER, name: 'switch', weight: 0.2, up: 'It may help here.', down: 'It may hurt here.' };
const CHOICE: Family = { ...OTHER, name: 'choice', weight: 0.45, up: 'Another choice may suit this problem better.' };
const COUNT = scaled('count', { ...SIZE, weight: 0.25, factors: [2, 1 / 2], low: 1, high: 1e9 });

/** Of the last segment of a key path only: how long training runs, which of its stages run, what is told apart by number. */
const LENGTH =
  /^(max_?|num_?|n_?|nb_|total_|train_|training_|env_|episode_|wall_?|clock_|time_?)*(iters?|iterations?|steps?|epochs?|tokens?|characters?|samples?|episodes?|updates?|seconds?|minutes?|hours?|time|limit|budget|duration)$/;
const STAGE = /^do_(train|eval|test|predict)$/;
/** What a truth value of this name says is run. */
const STAGE_SWITCH = /^(train|fit|predict)$/;
const IDENTITY = /(^|_)(ids?|index)$/;
/** Of reinforcement learning, no length: the steps that a return looks ahead, those that are gathered for each update. */
const ROLLOUT = /(^|_)(n_step|(ppo|a2c|trpo|rollouts?)_(n|num)_steps)$/;

/** Numbers that a name's family is not for fall to the next one: `batch_norm.eps` is no size of a batch. */
type Fits = (value: number, whole: boolean) => boolean;
const any: Fits = () => true;
const whole: Fits = (_, isWhole) => isWhole;
const fraction: Fits = (value, isWhole) => !isWhole && value >= 0 && value <= 1;
const wholeOrFraction: Fits = (value, isWhole) => isWhole || fraction(value, isWhole);
/** Below a half it is a factor by which something shrinks at once, or a weight. */
const slow: Fits = (value, isWhole) => isWhole || (value >= 0.5 && value <= 1);

/** By name, the first that matches and fits. */
const FAMILIES: readonly (readonly [RegExp, Fits, Family])[] = [
  [/(lr|learning_rate)_(decay|sched|step|drop|patience|period|cycle)/, whole, COUNT],
  [/(^|_)step_size(_|$)/, whole, COUNT],
  [/(^|_)(min|final|end|last)_(lr|learning_rate)|(^|_)eta_min$/, any, LAST_RATE],
  [/(^|_)(lr|learning_rate)_(min|final|end|last)$/, any, LAST_RATE],
  [/warm_?up_epochs?|epochs?_warm_?up/, any, WARMUP_EPOCHS],
  [/warm_?up/, fraction, WARMUP_SHARE],
  [/warm_?up/, any, WARMUP],
  [/weight_?decay|(^|_)(wd|l2)(_|$)/, any, DECAY],
  [/(^|_)(gamma|lambda|rho|discount|decay|decay_rate|decay_factor)$|(^|_)gae_/, slow, FADING],
  [/(lr|learning_rate)_sched\w*_(peak|max|base|start|initial|value)$/, any, LEARNING_RATE],
  [
    /(^|_)(lr|learning_?rate|step_size)(?!_(decay|sched|gamma|factor|power|ratio|policy|patience))(_|$)/,
    any,
    LEARNING_RATE,
  ],
  [/batch(?!_?norm)|(^|_)bs$/, whole, BATCH],
  [/(^|_)keep(_|$)/, fraction, SHARE],
  [/drop|smoothing|mixup|stochastic_depth/, fraction, DROPOUT],
  [/momentum|beta_?\d?$|betas|(^|_)ema|polyak/, wholeOrFraction, MOMENTUM],
  [/clip_?(range|coef|eps|epsilon|ratio|param)/, fraction, SHARE],
  [/clip|max_(grad_)?norm/, any, CLIP],
  [/init|std$|gain/, any, INIT],
  [
    /layers?$|heads?$|embd|hidden|width|dim$|dims$|d_model|channels|block_size|context|seq_?len|positions|history|rank$|depth|units/,
    whole,
    SIZE,
  ],
];
/** Names of shares, whatever they are a share of; what is a share of one may also be all of it. */
const SHARES = /(^|_)(p|prob|probs|probability|ratio|frac|fraction|percent|keep|subsample|colsample\w*)$/;

/** The family of a hyperparameter by its name, or undefined where it is to be left alone. */
export function familyOf(at: Hyperparameter): Family | undefined {
  const segments = segmentsOf(at.name);
  const name = segments.join('_');
  const last = segments.at(-1) ?? '';
  if (!isTunable(at.name) || (isLeft(last) && !ROLLOUT.test(name))) return undefined;
  if (at.type === 'bool') return STAGE_SWITCH.test(last) ? undefined : SWITCH;
  if (at.type === 'choice') return CHOICE;
  const value = Number(at.literal.replaceAll('_', ''));
  return known(last, value, at.type) ?? known(name, value, at.type) ?? unknown(last, value, at.type);
}

/** The last segment says what it is; the groups it stands in say it where that tells nothing (`dropout.attention`). */
function known(name: string, value: number, type: Hyperparameter['type']): Family | undefined {
  return FAMILIES.find(([expression, fits]) => expression.test(name) && fits(value, type === 'int'))?.[2];
}

/** A number between zero and one is most likely a share, and past one it would mean nothing. */
function unknown(last: string, value: number, type: Hyperparameter['type']): Family {
  if (type === 'int') return COUNT;
  const isShare = (value > 0 && value < 1) || (value === 1 && SHARES.test(last));
  return isShare ? SHARE : OTHER;
}

function isLeft(last: string): boolean {
  return LENGTH.test(last) || STAGE.test(last) || IDENTITY.test(last);
}
