import type { PlayedIdea } from '../../support/played-ideas.ts';

const FENCE = '```';

function block(path: string, search: string, replace: string, why = 'This is the one place to change.'): string {
  return `${why}\n\n${path}\n${FENCE}python\n<<<<<<< SEARCH\n${search}\n=======\n${replace}\n>>>>>>> REPLACE\n${FENCE}\n`;
}

const constant = (name: string, from: string, to: string) => block('train.py', `${name} = ${from}`, `${name} = ${to}`);

const RATE = 'def learning_rate(step):\n    return LEARNING_RATE';
const UPDATE = '            weights[index] -= rate * (gradient[index] + WEIGHT_DECAY * weights[index])';
const ERROR = '            error = forecast(t) - SERIES[t]';
const ranked = { stage: 'ranked' } as const;

const GOOD: readonly PlayedIdea[] = [
  {
    title: 'Halve the learning rate',
    hypothesis: 'Smaller steps settle nearer to the minimum of a noisy loss.',
    details: 'Set LEARNING_RATE in train.py to 0.01.',
    answers: [constant('LEARNING_RATE', '0.02', '0.01')],
    truth: { ...ranked, calls: 1 },
  },
  {
    title: 'Double the batch',
    hypothesis: 'Averaging more examples takes the noise out of each gradient.',
    details: 'BATCH_SIZE becomes 16; nothing else moves.',
    answers: [constant('BATCH_SIZE', '8', '16')],
    truth: ranked,
  },
  {
    title: 'A little weight decay',
    hypothesis: 'Lags that carry no signal should be pulled towards nothing.',
    details: 'Give WEIGHT_DECAY the value 0.001.',
    answers: [constant('WEIGHT_DECAY', '0.0', '0.001')],
    truth: ranked,
  },
  {
    title: 'Decay the step size along a line',
    hypothesis: 'Late in training large steps only shake the weights around the optimum.',
    details: 'learning_rate(step) falls linearly from LEARNING_RATE to a tenth of it over STEPS.',
    answers: [
      block('train.py', RATE, 'def learning_rate(step):\n    return LEARNING_RATE * (1.0 - 0.9 * step / STEPS)'),
    ],
    truth: ranked,
  },
  {
    title: 'Clip outliers of the error',
    hypothesis: 'A few noisy targets dominate the gradient; bounding them is a Huber loss.',
    details: 'Bound the error of a single example to the interval from -1 to 1 before it enters the gradient.',
    answers: [block('train.py', ERROR, `${ERROR}\n            error = max(-1.0, min(1.0, error))`)],
    truth: ranked,
  },
  {
    title: 'Warm the steps up',
    hypothesis: 'The first gradients come from random weights and point anywhere.',
    details: 'Scale the rate of the first 100 steps by step / 100.',
    answers: [block('train.py', RATE, 'def learning_rate(step):\n    return LEARNING_RATE * min(1.0, step / 100.0)')],
    truth: ranked,
  },
  {
    title: 'Begin from persistence',
    hypothesis: 'The last value is a good forecast already, so training need only correct it.',
    details: 'Initialise the weight of the first lag with one and all others with zero.',
    answers: [
      block(
        'train.py',
        'weights = [chance.uniform(-0.3, 0.3) for _ in range(HISTORY)]',
        'weights = [1.0] + [0.0] * (HISTORY - 1)',
      ),
    ],
    truth: ranked,
  },
];

/** Malformed, and what is meant is certain. */
const MENDED: readonly PlayedIdea[] = [
  {
    title: 'Train for longer',
    hypothesis: 'The loss still falls when training stops.',
    details: 'Raise STEPS to 1800.',
    answers: [
      `${FENCE}diff\n--- a/train.py\n+++ b/train.py\n@@ -10,9 +10,99 @@\n LEARNING_RATE = 0.02\n-STEPS = 1500\n+STEPS = 1800\n BATCH_SIZE = 8\n${FENCE}\n`,
    ],
    truth: { ...ranked, calls: 1 },
  },
  {
    title: 'Normalise the gradient',
    hypothesis: 'Directions matter more than lengths when scales differ between lags.',
    details: 'Divide the gradient by its Euclidean length where that exceeds one, before the update.',
    answers: [
      `*** Begin Patch\n*** Update File: train.py\n@@\n         rate = learning_rate(step)\n+        length = sum(g * g for g in gradient) ** 0.5\n+        gradient = [g / max(1.0, length) for g in gradient]\n         for index in range(HISTORY):\n*** End Patch\n`,
    ],
    truth: { ...ranked, calls: 1 },
  },
  {
    title: 'Decay towards persistence',
    hypothesis: 'Regularising towards a known good forecast beats regularising towards zero.',
    details: 'The first lag decays towards one, the others towards zero, with strength 0.0005.',
    answers: [
      // Without its indentation, as models send what they took out of a loop.
      block(
        'train.py',
        UPDATE.trim(),
        'anchor = 1.0 if index == 0 else 0.0\nweights[index] -= rate * (gradient[index] + 0.0005 * (weights[index] - anchor))',
      ),
    ],
    truth: { ...ranked, calls: 1 },
  },
  {
    title: 'Inverse square root schedule',
    hypothesis: 'It is the schedule under which stochastic approximation is known to converge.',
    details: 'rate = LEARNING_RATE / sqrt(1 + step / 300).',
    answers: [
      `Here is the change you asked for!\n\n**train.py**\n\n<<<<<<< SEARCH\n${RATE}\n=======\ndef learning_rate(step):\n    return LEARNING_RATE / (1.0 + step / 300.0) ** 0.5\n>>>>>>> REPLACE\n\nLet me know how it goes.`,
    ],
    truth: { ...ranked, calls: 1 },
  },
];

/** Wrong at first, right when the refusal is told. */
const REVISED: readonly PlayedIdea[] = [
  {
    title: 'Sign of the gradient only',
    hypothesis: 'Signs are robust where magnitudes are noisy.',
    details: 'Use the sign of each component of the gradient, times 0.2.',
    answers: [
      block('train.py', '            weights[i] -= lr * grad[i]', '            weights[i] -= lr * sign(grad[i])'),
      block(
        'train.py',
        UPDATE,
        '            weights[index] -= rate * 0.2 * ((gradient[index] > 0) - (gradient[index] < 0))',
      ),
    ],
    truth: { ...ranked, calls: 2 },
  },
  {
    title: 'Momentum of nine tenths',
    hypothesis: 'Consecutive gradients agree in most lags and should add up.',
    details: 'Keep a velocity per weight, decayed by 0.9, with a fifth of the rate.',
    answers: [
      {
        cut: `The velocity stands beside the weights.\n\ntrain.py\n${FENCE}python\n<<<<<<< SEARCH\n        for index in range(HISTORY):\n            weights[in`,
      },
      `${block('train.py', 'bias = 0.0\n\n', 'bias = 0.0\nvelocity = [0.0] * HISTORY\n\n')}\n${block('train.py', UPDATE, '            velocity[index] = 0.9 * velocity[index] + gradient[index]\n            weights[index] -= 0.2 * rate * velocity[index]')}`,
    ],
    truth: { ...ranked, calls: 2 },
  },
  {
    title: 'Cosine schedule',
    hypothesis: 'It anneals smoothly and spends long at small rates.',
    details: 'rate = LEARNING_RATE * (1 + cos(pi * step / STEPS)) / 2, with a floor of a twentieth.',
    answers: [
      block(
        'train.py',
        RATE,
        'def learning_rate(step):\n    return LEARNING_RATE * (0.05 + 0.475 * (1 + math.cos(math.pi * step / STEPS))',
      ),
      `${block('train.py', 'import os\nimport random', 'import math\nimport os\nimport random')}\n${block('train.py', RATE, 'def learning_rate(step):\n    return LEARNING_RATE * (0.05 + 0.475 * (1 + math.cos(math.pi * step / STEPS)))')}`,
    ],
    truth: { ...ranked, calls: 2 },
  },
];

/** No answer of these can be put into the files. */
const NOT_APPLIED: readonly PlayedIdea[] = [
  {
    title: 'Adam',
    hypothesis: 'A step size of its own for every weight.',
    details: 'Replace plain descent by Adam with its usual constants.',
    answers: [1, 2, 3, 4, 5, 6].map((turn) =>
      block('train.py', `optimizer = SGD(model.parameters(), lr=${turn})`, 'optimizer = Adam(model.parameters())'),
    ),
    truth: { stage: 'distinct', lost: 'no-match', calls: 6 },
  },
  {
    title: 'A wider model file',
    hypothesis: 'More parameters capture interactions between lags.',
    details: 'Add quadratic features in model.py.',
    answers: [1, 2, 3, 4, 5, 6].map((turn) => block('model.py', `class Net${turn}:`, 'class Wide:')),
    // The same file again: a fresh start after the second time, and no third.
    truth: { stage: 'distinct', lost: 'file-not-found', calls: 4 },
  },
  {
    title: 'Ensembles of five',
    hypothesis: 'Averaging independent fits removes their variance.',
    details: 'Fit five sets of weights and average their forecasts.',
    answers: ['I would rather discuss first whether five members are enough. What do you think?'],
    // The same words again: a fresh start, and not a third time.
    truth: { stage: 'distinct', lost: 'no-edits', calls: 3 },
  },
  {
    title: 'Second-order steps',
    hypothesis: 'The loss is quadratic, so Newton’s method needs one step.',
    details: 'Accumulate the Hessian over batches and solve for the step.',
    answers: [1, 2, 3, 4, 5, 6].map((turn) => ({
      cut: `Attempt ${turn}.\n\ntrain.py\n${FENCE}python\n<<<<<<< SEARCH\n${RATE}\n=======\ndef learning_rate(step):\n    hessian = [[${turn}.0`,
    })),
    truth: { stage: 'distinct', lost: 'truncated' },
  },
];

/** Refused by a gate, whatever is answered. */
const GATED: readonly PlayedIdea[] = [
  {
    title: 'Keep everything as it is',
    hypothesis: 'The present settings may be the best already.',
    details: 'Confirm LEARNING_RATE at its value.',
    answers: [constant('LEARNING_RATE', '0.02', '0.02')],
    truth: { stage: 'applied', lost: 'no-op' },
  },
  {
    title: 'Judge by the absolute error',
    hypothesis: 'Squares overweight the outliers of the held-out series.',
    details: 'Use abs() in place of the square in evaluate.py.',
    answers: [
      block(
        'evaluate.py',
        '        total += (forecast(t) - SERIES[t]) ** 2',
        '        total += abs(forecast(t) - SERIES[t]) * 0.1',
      ),
    ],
    truth: { stage: 'applied', lost: 'protected-path' },
  },
  {
    title: 'Report at the end',
    hypothesis: 'A last line makes the final number easier to find.',
    details: 'Print the val loss of the best step once more after training.',
    answers: [
      block(
        'train.py',
        '            report(forecast, step)\n\n\ntrain()',
        '            report(forecast, step)\n    print("val loss 0.00100")\n\n\ntrain()',
      ),
    ],
    truth: { stage: 'applied', lost: 'touches-evaluation' },
  },
  {
    title: 'A library’s optimizer',
    hypothesis: 'Tested code beats code of our own.',
    details: 'Import the update rule from superoptim and call it.',
    answers: [
      `${block('train.py', 'import os\nimport random', 'import os\nimport random\n\nimport superoptim_nowhere')}\n${block('train.py', RATE, 'def learning_rate(step):\n    return superoptim_nowhere.rate(step, LEARNING_RATE)')}`,
    ],
    truth: { stage: 'applied', lost: 'missing-import' },
  },
  {
    title: 'Restart with warm restarts',
    hypothesis: 'Several cycles explore several basins.',
    details: 'Restart the schedule every CYCLE steps.',
    answers: [
      block('train.py', RATE, 'def learning_rate(step):\n    return LEARNING_RATE * (1.0 - (step % CYCLE) / CYCLE)'),
    ],
    truth: { stage: 'applied', lost: 'undefined-name' },
  },
];

/** Applied, and worth a look when they have run. */
const STRANGE: readonly PlayedIdea[] = [
  {
    title: 'Lower the learning rate by half',
    hypothesis: 'Smaller steps settle nearer to the minimum of a noisy loss.',
    details: 'Set LEARNING_RATE in train.py to 0.01.',
    answers: [],
    truth: { stage: 'proposed', lost: 'too-close', calls: 0 },
  },
  {
    title: 'Average the gradients of sixteen',
    hypothesis: 'The variance of an estimate falls with the number of samples behind it.',
    details: 'Sixteen draws from the training range go into one update of the parameters instead of eight.',
    answers: [constant('BATCH_SIZE', '8', '16')],
    truth: { stage: 'proposed', lost: 'duplicate', calls: 1 },
  },
  {
    title: 'Another stream of chance',
    hypothesis: 'The order of examples decides which minimum is found.',
    details: 'Add 41 to the seed of the generator.',
    answers: [
      block('train.py', 'SEED = int(os.environ.get("SEED", "1"))', 'SEED = int(os.environ.get("SEED", "1")) + 41'),
    ],
    truth: { stage: 'succeeded', lost: 'seed-only' },
  },
  {
    title: 'Look at the newest value too',
    hypothesis: 'The freshest observation says most about what comes.',
    details: 'Let inputs() range over the lags from 0 to HISTORY - 1.',
    answers: [
      block(
        'train.py',
        '    return [SERIES[t - lag] for lag in range(1, HISTORY + 1)]',
        '    return [SERIES[t - lag] for lag in range(0, HISTORY)]',
      ),
    ],
    truth: { stage: 'succeeded', lost: 'too-good' },
  },
  {
    title: 'Iterate averaging',
    hypothesis: 'The average of late iterates has less noise than the last one.',
    details: 'Keep the mean of the weights over the last third of training and forecast with it at the end.',
    answers: [
      // It crashes at step 1; with its trace in hand the model writes it right.
      block('train.py', UPDATE, `${UPDATE}\n            average = [a + w for a, w in zip(weights, None)]`),
      block(
        'train.py',
        UPDATE,
        `${UPDATE}\n            weights[index] = 0.999 * weights[index] + 0.001 * weights[index]`,
      ),
    ],
    truth: { ...ranked, calls: 2 },
  },
  {
    title: 'Noise on the inputs',
    hypothesis: 'Training with noise is a smoothness prior.',
    details: 'Add Gaussian noise of 0.05 to each lag while training.',
    answers: [
      block('train.py', '        rate = learning_rate(step)', '        rate = learning_rate(step) / (step - step)'),
      block(
        'train.py',
        '        rate = learning_rate(step)',
        '        rate = 1.0 * learning_rate(step) / (step - step)',
      ),
    ],
    truth: { stage: 'ran', lost: 'failed', calls: 2 },
  },
  {
    title: 'Double the rate of the bias',
    hypothesis: 'The bias has a smaller gradient than the weights.',
    details: 'Multiply the update of bias by two.',
    answers: [block('train.py', '        bias -= rate * offset', '        bias -= 2.0 * rate * offset')],
    truth: ranked,
  },
];

/** Thirty ideas of mixed quality, and what is known to come of each. */
export const PLAYED: readonly PlayedIdea[] = [...GOOD, ...MENDED, ...REVISED, ...NOT_APPLIED, ...GATED, ...STRANGE];
