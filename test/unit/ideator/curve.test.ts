import { strict as assert } from 'node:assert';
import { describeCurve } from '../../../src/core/ideator/index.ts';

describe('the words for a curve', () => {
  const points = (values: readonly number[]) =>
    values.map((value, step) => ({ step, value, state: Number.isNaN(value) ? ('nan' as const) : ('ok' as const) }));

  it('say where it went, where it turned, and what it became', () => {
    assert.match(describeCurve(points([4, 3, 2.5, 2.3, 2.2, 2.19])), /^4 to 2\.19 over 6 points .*: falls/);
    assert.match(describeCurve(points([4, 2, 3, 3.5])), /turned back from 2 at step 1/);
    assert.match(describeCurve(points([4, 3, Number.NaN])), /it became NaN at step 2/);
  });

  it('are found for a run that reports each of a million steps', () => {
    const curve = points(Array.from({ length: 1_000_000 }, (_, at) => 4 - at / 1_000_000));
    assert.match(describeCurve(curve), /over 1000000 points .*: falls steadily, still falling at the end/);
  });
});
