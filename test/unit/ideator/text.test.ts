import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { MetricPoint } from '../../../src/core/domain/index.ts';
import { tidyIdea } from '../../../src/core/ideator/answer.ts';
import { describeCurve } from '../../../src/core/ideator/index.ts';

const curve = (...values: readonly number[]): MetricPoint[] =>
  values.map((value, index) => ({ name: 'loss', step: index * 100, value, state: 'ok' }));

describe('a curve in words', () => {
  const said: readonly (readonly [readonly MetricPoint[], RegExp])[] = [
    [[], /^no points$/],
    [curve(3), /^one value, 3 at step 0$/],
    [
      curve(4, 3, 2.5, 2.2, 2.1, 2.05, 2.05, 2.05, 2.05, 2.05),
      /^4 to 2\.05 over 10 points \(steps 0 to 900\): falls mostly in its first third, flat at the end$/,
    ],
    [curve(4, 3.5, 3, 2.5, 2, 1.5, 1), /falls steadily, still falling at the end/],
    [curve(4, 2, 1, 2, 3), /turned back from 1 at step 200/],
    [curve(0.1, 0.4, 0.7, 0.9), /rises steadily, still rising/],
    [curve(2, 2, 2), /does not move/],
    [[...curve(4, 3), { name: 'loss', step: 200, value: 0, state: 'nan' }], /falls; it became NaN at step 200/],
    [[{ name: 'loss', step: 0, value: 0, state: 'nan' }], /no finite value in 1 points/],
  ];
  for (const [points, words] of said) it(String(words), () => assert.match(describeCurve(points), words));

  it('never fails and stays short', () => {
    const point = fc.record({
      step: fc.option(fc.nat()),
      value: fc.double(),
      state: fc.constantFrom('ok', 'nan', 'inf'),
    }) as fc.Arbitrary<MetricPoint>;
    fc.assert(fc.property(fc.array(point), (points) => assert.ok(describeCurve(points).length < 200)));
  });
});

describe('an idea from a model', () => {
  it('is bounded and loses control characters; its markdown stays text', () => {
    const idea = tidyIdea({
      title: '  A\u0000 **title**\nof two lines \u202e ',
      hypothesis: 'x'.repeat(9_000),
      details: 'def f():\n\treturn 1\u001b[2J',
      expected: '<b>better</b>',
      risk: '',
      builds_on: [],
      move: 'explore',
    });
    assert.equal(idea.title, 'A **title** of two lines');
    assert.equal(idea.details, 'def f():\n\treturn 1');
    assert.equal(idea.expected, '<b>better</b>');
    assert.equal(idea.hypothesis.length, 1_500);
  });
});
