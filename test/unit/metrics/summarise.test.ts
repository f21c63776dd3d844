import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import type { MetricPoint, Objective } from '../../../src/core/domain/index.ts';
import { metricNames, summariseObjective, thin } from '../../../src/core/metrics/index.ts';

const point = (name: string, step: number | null, value: number): MetricPoint => ({
  name,
  step,
  value,
  state: Number.isNaN(value) ? 'nan' : value === Infinity ? 'inf' : value === -Infinity ? '-inf' : 'ok',
});
const curve = (...values: number[]) => values.map((value, step) => point('loss', step, value));
const objective = (over: Partial<Objective> = {}): Objective => ({
  metric: 'loss',
  goal: 'minimize',
  summary: 'last',
  ...over,
});

describe('the objective of a curve', () => {
  it('is the last value or the best one', () => {
    assert.deepEqual(summariseObjective(objective(), curve(3, 1, 2)), { state: 'ok', value: 2 });
    assert.deepEqual(summariseObjective(objective({ summary: 'best' }), curve(3, 1, 2)), { state: 'ok', value: 1 });
    const accuracy = objective({ summary: 'best', goal: 'maximize' });
    assert.deepEqual(summariseObjective(accuracy, curve(3, 1, 2)), { state: 'ok', value: 3 });
  });

  it('says when there is no number', () => {
    assert.deepEqual(summariseObjective(objective({ metric: 'other' }), curve(1)), { state: 'missing', value: null });
    assert.deepEqual(summariseObjective(objective(), curve(1, Number.NaN)), { state: 'nan', value: null });
    assert.deepEqual(summariseObjective(objective(), curve(1, Infinity)), { state: 'inf', value: null });
    assert.deepEqual(summariseObjective(objective({ summary: 'best' }), curve(1, Number.NaN)), {
      state: 'ok',
      value: 1,
    });
  });

  it('flags a value no real result has', () => {
    const bounded = objective({ valid: [2.5, 11] });
    assert.deepEqual(summariseObjective(bounded, curve(4, 0.1)), { state: 'invalid', value: 0.1 });
    assert.deepEqual(summariseObjective(bounded, curve(14, 4)), { state: 'ok', value: 4 });
  });

  it('is the axis where the target was first reached', () => {
    const summary = { target: 3, axis: 'train_time_ms' } as const;
    const points = [
      ...[point('loss', 0, 5), point('train_time_ms', 0, 0)],
      ...[point('loss', 10, 3), point('train_time_ms', 10, 120)],
      ...[point('loss', 20, 2), point('train_time_ms', 20, 240)],
    ];
    assert.deepEqual(summariseObjective(objective({ summary }), points), { state: 'ok', value: 120 });
    assert.deepEqual(summariseObjective(objective({ summary: { target: 3, axis: 'step' } }), points), {
      state: 'ok',
      value: 10,
    });
    assert.deepEqual(summariseObjective(objective({ summary: { target: 1, axis: 'step' } }), points), {
      state: 'missing',
      value: null,
    });
  });
});

describe('a thinned curve', () => {
  it('keeps order, ends, extremes and every kind of non-number, within the count', () => {
    const value = fc.oneof(fc.double({ noNaN: true, min: -100, max: 100 }), fc.constantFrom(Number.NaN, Infinity));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 400 }), fc.integer({ min: 8, max: 100 }), (values, count) => {
        const points = curve(...values);
        const thinned = thin(points, count);
        assert.ok(thinned.length <= count || thinned.length === points.length);
        assert.ok(thinned.length <= Math.max(count, 8));
        const places = thinned.map((kept) => points.indexOf(kept));
        assert.deepEqual(
          places,
          [...places].sort((a, b) => a - b),
        );
        assert.equal(thinned.at(-1), points.at(-1));
        assert.equal(thinned[0], points[0]);
        const finite = (list: readonly MetricPoint[]) =>
          list.filter((one) => one.state === 'ok').map((one) => one.value);
        assert.equal(Math.min(...finite(thinned)), Math.min(...finite(points)));
        assert.equal(Math.max(...finite(thinned)), Math.max(...finite(points)));
        assert.equal(
          thinned.some((one) => one.state !== 'ok'),
          points.some((one) => one.state !== 'ok'),
        );
      }),
    );
  });

  it('names its metrics in the order they appear', () => {
    assert.deepEqual(metricNames([point('b', 0, 1), point('a', 0, 1), point('b', 1, 1)]), ['b', 'a']);
  });
});
