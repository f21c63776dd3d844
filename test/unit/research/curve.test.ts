import { strict as assert } from 'node:assert';
import { withoutEnd } from '../../../src/core/research/objective-of.ts';

const point = (value: number, step: number | null = null) => ({ name: 'loss', step, value, state: 'ok' as const });

describe('the curve of a run', () => {
  const trained = [point(3, 1), point(2, 2)];

  it('does not hold what evaluate printed after it', () => {
    assert.deepEqual(withoutEnd([...trained, point(1.5)], [point(1.5)]), trained);
    assert.deepEqual(withoutEnd([point(1.5)], [point(1.5)]), [], 'evaluate alone gave a number');
  });

  it('is whole where evaluate printed nothing, or where files alone tell of the metric', () => {
    assert.deepEqual(withoutEnd(trained, []), trained);
    assert.deepEqual(withoutEnd(trained, [point(1.5)]), trained);
    assert.deepEqual(withoutEnd([], [point(1.5)]), []);
  });
});
