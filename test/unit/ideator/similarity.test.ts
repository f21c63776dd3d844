import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { similarity, TWIN } from '../../../src/core/ideator/index.ts';

const idea = (title: string, details: string, hypothesis = '') => ({ title, details, hypothesis });

const REWORDED = [
  [
    idea(
      'Use a cosine learning rate schedule',
      'Replace the constant learning rate by a cosine decay with a short warmup.',
    ),
    idea(
      'Cosine schedule for the learning rate',
      'Replace the constant learning rate with a short warmup and a cosine decay.',
    ),
  ],
  [
    idea('Raise learning_rate to 0.6', 'In train.py change the default of learning_rate from 0.3 to 0.6.'),
    idea('Increase the learning_rate to 0.6', 'Change the default of learning_rate in train.py from 0.3 to 0.6.'),
  ],
  [
    idea('Add dropout after attention', 'Apply dropout with p = 0.1 to the output of every attention block.'),
    idea('Dropout after the attention', 'Add dropout (p = 0.1) to the output of each attention block.'),
  ],
] as const;

const DIFFERENT = [
  [
    idea('Raise learning_rate to 0.6', 'In train.py change the default of learning_rate from 0.3 to 0.6.'),
    idea('Raise learning_rate to 1.2', 'In train.py change the default of learning_rate from 0.3 to 1.2.'),
  ],
  [
    idea('Raise weight_decay to 0.1', 'In train.py change the default of weight_decay from 0.01 to 0.1.'),
    idea('Raise grad_clip to 2.0', 'In train.py change the default of grad_clip from 1.0 to 2.0.'),
  ],
  [
    idea(
      'Use a cosine learning rate schedule',
      'Replace the constant learning rate by a cosine decay with a short warmup.',
    ),
    idea(
      'Use a linear learning rate schedule',
      'Replace the constant learning rate by a straight line to zero, without any warmup.',
    ),
  ],
  [
    idea('Add dropout after attention', 'Apply dropout with p = 0.1 to the output of every attention block.'),
    idea('Add dropout after the MLP', 'Apply dropout with p = 0.1 to the output of every feed-forward block.'),
  ],
  [
    idea('Tie the embeddings', 'Use the token embedding as the output matrix too.'),
    idea('Normalise the queries and keys', 'Apply RMS norm to queries and keys before the dot product.'),
  ],
] as const;

/** The same words around what differs, as a model writes them that was told of the first. */
const around = (title: string, details: string) =>
  idea(title, details, 'It decides how bold early steps are, and how far the loss falls within the steps of a run.');

const OPPOSITE: readonly (readonly [string, string, string, string])[] = [
  [
    'Raise the learning rate',
    'Multiply `learning_rate` by 3.',
    'Lower the learning rate',
    'Divide `learning_rate` by 3.',
  ],
  ['Increase warmup', 'Increase warmup_iters by 2x.', 'Decrease warmup', 'Decrease warmup_iters by 2x.'],
  ['Raising dropout', 'Set dropout to a larger value.', 'Reducing dropout', 'Set dropout to a smaller value.'],
  ['Double the depth', 'In GPTConfig double `n_layer`.', 'Halve the depth', 'In GPTConfig halve `n_layer`.'],
  ['A longer warmup', 'Make the warmup longer.', 'A shorter warmup', 'Make the warmup shorter.'],
  ['More heads', 'Use more heads of the same width.', 'Fewer heads', 'Use fewer heads of the same width.'],
  ['A higher momentum', 'Higher momentum in SGD.', 'A lower momentum', 'Lower momentum in SGD.'],
  ['Bigger batches', 'Use bigger batches.', 'Smaller batches', 'Use smaller batches.'],
  [
    'Add bias to the layers',
    'Add bias to each Linear.',
    'Remove bias from the layers',
    'Remove bias from each Linear.',
  ],
  ['Add the final norm', 'Add the final norm.', 'Drop the final norm', 'Drop the final norm.'],
  ['Enable weight tying', 'Enable weight tying.', 'Disable weight tying', 'Disable weight tying.'],
  ['Bias of the layers', 'In Block set bias on.', 'Bias of the layers', 'In Block set bias off.'],
  ['Tied weights', 'In Config set tied = True.', 'Tied weights', 'In Config set tied = False.'],
  ['Use pre-norm', 'Norm before the attention.', 'Use post-norm', 'Norm after the attention.'],
  ['Norm at attention', 'Norm before the attention.', 'Norm at attention', 'Norm after the attention.'],
  ['Use pre-norm', 'Pre-norm instead of post-norm.', 'Use post-norm', 'Post-norm instead of pre-norm.'],
  [
    'No scaling in the first block',
    'Leave it out of the first block.',
    'No scaling in the last block',
    'Leave it out of the last block.',
  ],
  ['Attention with bias', 'Build attention with a bias.', 'Attention without bias', 'Build attention without a bias.'],
  ['Set gate bias to -1', 'Set gate_bias to -1.', 'Set gate bias to 1', 'Set gate_bias to 1.'],
  ['Gates begin at -1', 'Set gate_bias=-1.', 'Gates begin at 1', 'Set gate_bias=1.'],
  ['Scale by 1/2', 'Multiply init_std by 1/2.', 'Scale by 2/1', 'Multiply init_std by 2/1.'],
];

const SAME_TURN: readonly (readonly [string, string, string, string])[] = [
  [
    'Raise dropout',
    'Raise dropout to reduce overfitting.',
    'Increase dropout',
    'Increase dropout to reduce overfitting.',
  ],
  ['Larger batches', 'Use larger batches for less noise.', 'Larger batches', 'Use larger batches to lower the noise.'],
  [
    'SwiGLU in each block',
    'Replace GELU with SwiGLU.',
    'SwiGLU in each block',
    'Replace GELU by SwiGLU, without more.',
  ],
  ['Clip gradients', 'Clip before optimizer.step().', 'Clip gradients', 'Clip after loss.backward().'],
  ['Use pre-norm', 'Pre-norm instead of post-norm.', 'Use pre-norm', 'Pre-norm rather than post-norm.'],
  ['Remove the bias', 'Remove the bias of each Linear.', 'Drop the bias', 'Drop the bias of each Linear.'],
  ['Longer warmup', 'Double the warmup, to lower the loss.', 'Longer warmup', 'Double the warmup for a lower loss.'],
];

/** What may stand for the dots, and is the same. */
const WRITTEN: readonly (readonly [text: string, one: string, other: string])[] = [
  ['Set dropout to …', '10%', '0.1'],
  ['Set dropout to …', '7 %', '0.07'],
  ['Warm up for … of the steps', '5 percent', '0.05'],
  ['Train for … steps', '1,000', '1000'],
  ['Train for … steps', '2_000', '2000'],
  ['Train for … steps', '1,250,000', '1250000'],
  ['Set the rate to …', '3e-4', '0.0003'],
  ['Set the rate to …', '.5', '0.50'],
  ['Scale the init by …', '1/2', '0.5'],
  ['Begin gates at …', '\u22121', '-1'],
  ['Raise … to 0.6', '`learning_rate`', 'the learning rate'],
  ['Raise … to 0.6', 'learning_rate', 'Learning-rate'],
];

const WRITTEN_APART: readonly (readonly [text: string, one: string, other: string])[] = [
  ['Set dropout to …', '10%', '10'],
  ['Set dropout to …', '10%', '0.2'],
  ['Train for … steps', '1,000', '1,500'],
  ['Train for … steps', '1,000', '1'],
  ['Set betas to …', '(0.9, 0.95)', '(0.9, 0.99)'],
  ['Begin gates at …', '-1', '1'],
  ['Scale the init by …', '1/2', '1/3'],
  ['Raise … to 0.6', 'learning_rate', 'the weight decay'],
  ['Raise … to 0.6', 'learning_rate', 'the rate of learning_decay'],
];

describe('ideas that repeat each other in words', () => {
  for (const [a, b] of REWORDED) {
    it(`are found: "${a.title}" / "${b.title}"`, () => assert.ok(similarity(a, b) >= TWIN, String(similarity(a, b))));
  }
  for (const [a, b] of DIFFERENT) {
    it(`are told from different ones: "${a.title}" / "${b.title}"`, () =>
      assert.ok(similarity(a, b) < TWIN, String(similarity(a, b))));
  }

  for (const [title, details, title2, details2] of OPPOSITE) {
    it(`are told from opposite ones: "${title}. ${details}" / "${title2}. ${details2}"`, () => {
      const close = similarity(around(title, details), around(title2, details2));
      assert.ok(close < TWIN, String(close));
    });
  }
  for (const [title, details, title2, details2] of SAME_TURN) {
    it(`are found though they turn it in other words: "${title}. ${details}" / "${title2}. ${details2}"`, () => {
      const close = similarity(around(title, details), around(title2, details2));
      assert.ok(close >= TWIN, String(close));
    });
  }
  const written = (text: string, as: string) => around(text.replace('…', as), `In train.py: ${text.replace('…', as)}.`);
  for (const [text, one, other] of WRITTEN) {
    it(`are found however they write it: ${text.replace('…', `${one} / ${other}`)}`, () => {
      const close = similarity(written(text, one), written(text, other));
      assert.ok(close >= TWIN, String(close));
    });
  }
  for (const [text, one, other] of WRITTEN_APART) {
    it(`are told from others by what is written: ${text.replace('…', `${one} / ${other}`)}`, () => {
      const close = similarity(written(text, one), written(text, other));
      assert.ok(close < TWIN, String(close));
    });
  }

  it('are found in time that grows as their texts do', () => {
    for (const piece of ['1,', '1_000', '1/', '.5', '-1 ', 'a_b ', 'raise the ', 'with ', 'instead of ', '9']) {
      const long = idea('x', piece.repeat(20_000 / piece.length));
      const from = performance.now();
      similarity(long, idea('learning_rate', 'learning rate'));
      assert.ok(performance.now() - from < 2_000, `${piece}: ${performance.now() - from} ms`);
    }
  });

  it('are not seen where two ideas share only what they build on', () => {
    const parent = idea('Begin near zero', 'Change init_scale from 0.8 to 0.1 and learning_rate from 0.3 to 0.9.');
    const one = idea('Begin near zero, smaller batch', `${parent.details} Also change batch_size from 32 to 8.`);
    const other = idea('Begin near zero, no decay', `${parent.details} Also change weight_decay from 0.01 to 0.0.`);
    assert.ok(similarity(one, other, [parent]) < TWIN);
    assert.ok(similarity(one, parent, [parent]) < TWIN);
    assert.ok(similarity(parent, parent, [parent]) >= TWIN);
  });

  it('are compared by a symmetric number in [0, 1] that is 1 for the same words', () => {
    const words = fc.record({ title: fc.string(), hypothesis: fc.string(), details: fc.string() });
    fc.assert(
      fc.property(words, words, (a, b) => {
        const close = similarity(a, b);
        assert.ok(close >= 0 && close <= 1);
        assert.equal(close, similarity(b, a));
        assert.equal(similarity(a, a), 1);
      }),
    );
  });
});
