import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import type { MetricPoint } from '../../../src/core/domain/index.ts';
import { createMetricReader } from '../../../src/core/metrics/index.ts';
import { copyExample, lastLoss, needPython, train } from '../../support/quickstart.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

async function readAll(log: string, patterns: readonly string[], cuts: readonly number[] = []): Promise<MetricPoint[]> {
  const reader = createMetricReader({ patterns });
  try {
    const all = bytes(log);
    const places = [0, ...cuts.map((cut) => cut % (all.length + 1)).sort((a, b) => a - b), all.length];
    const parts = await Promise.all(places.slice(1).map((to, index) => reader.push(all.slice(places[index], to))));
    return [...parts.flat(), ...(await reader.end())];
  } finally {
    reader.dispose();
  }
}

describe('the metric reader', () => {
  it('gives the same points however the bytes are cut', async () => {
    const line = fc.constantFrom(
      'step 1: train loss 2.5, val loss nan\n',
      '10%\r50%\rloss: 0.25\n',
      '{"step": 3, "größe": 1.5}\n',
      'noise ░░░\n',
      'Epoch 2/3\n',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat(400)), async (lines, cuts) => {
        const log = lines.join('');
        assert.deepEqual(await readAll(log, [], cuts), await readAll(log, []));
      }),
      { numRuns: 50 },
    );
  });

  it('reads a real run of the quickstart', async function () {
    await needPython(this);
    const folder = await copyExample();
    const log = await train(folder, 3);
    const points = await readAll(log, []);
    const losses = points.filter((point) => point.name === 'val_loss');
    assert.equal(losses.at(-1)?.value, lastLoss(log));
    assert.equal(losses.at(-1)?.step, 1125);
    assert.deepEqual([...new Set(points.map((point) => point.name))], ['train_loss', 'val_loss', 'loss', 'time_ms']);
  });

  it('takes the points of a pattern, and leaves other lines to the known formats', async () => {
    const log = 'step 5: val loss 1.0\n=> after 6 steps: 0.5 bits\naccuracy: 0.75\n=> after 7 steps: n/a bits\n';
    const points = await readAll(log, [String.raw`after (?P<step>\d+) steps: (?<val_loss>\S+) bits`]);
    assert.deepEqual(
      points.map((point) => [point.name, point.step, point.value]),
      [
        ['val_loss', 6, 0.5],
        ['accuracy', null, 0.75],
      ],
      'the name the pattern owns is read nowhere else',
    );
  });

  it('disables a pattern that takes too long, says so once, and keeps the others and every line', async () => {
    const evil = '^(?<bad>(a+)+)$';
    const reader = createMetricReader({ patterns: [evil, String.raw`good (?<good>\d+)`], limitMs: 1500 });
    try {
      const log = `good 1\n${'a'.repeat(40)}!\ngood 2\nloss: 3\n`;
      const first = await reader.push(bytes(log));
      const again = await reader.push(bytes(log));
      const expected = ['good=1', 'good=2', 'loss=3'];
      for (const points of [first, again]) {
        assert.deepEqual(
          points.map((point) => `${point.name}=${point.value}`),
          expected,
        );
      }
      assert.equal(reader.diagnostics.length, 1);
      assert.match(reader.diagnostics[0] ?? '', /\(a\+\)\+.*1500 ms/);
    } finally {
      reader.dispose();
    }
  });

  it('tells a pattern that is no regular expression, and reads on', async () => {
    const reader = createMetricReader({ patterns: ['(?<loss>'] });
    assert.deepEqual((await reader.push(bytes('acc: 1\n'))).length, 1);
    assert.match(reader.diagnostics[0] ?? '', /is not used/);
  });
});
