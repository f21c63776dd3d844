import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parsePoll } from '../../../src/core/workers/box/answers.ts';

describe('What a box answers', () => {
  it('maps every end to its state', () => {
    const row = (code: string, reason: string, why = '') =>
      `r-1\tdone\t${code}\t${reason}\t20\t10\t\tGPU-a GPU-b\t77\t${why}\nEND\n`;
    const [ended] = parsePoll(row('0', 'exited')) ?? [];
    assert.deepEqual(ended, {
      run: 'r-1',
      state: 'succeeded',
      exitCode: 0,
      logBytes: 77,
      startedAt: 10_000,
      endedAt: 20_000,
      gpus: ['GPU-a', 'GPU-b'],
      position: undefined,
    });
    assert.equal(parsePoll(row('130', 'cancelled'))?.[0]?.state, 'cancelled');
    assert.equal(parsePoll(row('124', 'timeout'))?.[0]?.state, 'timed-out');
    const full = parsePoll(row('1', 'disk-full', 'The disk is full.'))?.[0];
    assert.deepEqual([full?.state, full?.reason], ['failed', 'The disk is full.']);
    assert.equal(parsePoll(row('0', 'protected-changed'))?.[0]?.state, 'failed');
  });

  it('takes an answer without its last line for cut, at every length', () => {
    const text = 'r-1\trunning\t\t\t\t10\t\t\t5\t\nr-2\tdone\t0\texited\t20\t10\t\t\t5\t\nEND\n';
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length - 5 }), (length) => {
        assert.equal(parsePoll(text.slice(0, length)), undefined);
      }),
    );
  });
});
