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

describe('ideas that repeat each other in words', () => {
  for (const [a, b] of REWORDED) {
    it(`are found: "${a.title}" / "${b.title}"`, () => assert.ok(similarity(a, b) >= TWIN, String(similarity(a, b))));
  }
  for (const [a, b] of DIFFERENT) {
    it(`are told from different ones: "${a.title}" / "${b.title}"`, () =>
      assert.ok(similarity(a, b) < TWIN, String(similarity(a, b))));
  }

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
