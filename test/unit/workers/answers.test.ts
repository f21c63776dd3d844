import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { type BoxOf, boxSchema } from '../../../src/core/domain/index.ts';
import { parseGpu, parsePoll, parseProbe } from '../../../src/core/workers/box/answers.ts';

const box = boxSchema.parse({ name: 'b', kind: 'ssh', host: 'b', gpus: [0, 3] }) as BoxOf<'ssh'>;

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

  it('reads GPUs with missing numbers and odd names', () => {
    assert.deepEqual(parseGpu('0, GPU-1, NVIDIA H100 80GB HBM3, 81559, 40000, 97'), {
      index: 0,
      uuid: 'GPU-1',
      name: 'NVIDIA H100 80GB HBM3',
      memoryMiB: 81559,
      usedMiB: 40000,
      utilisation: 97,
    });
    const odd = parseGpu('1, GPU-2, Graphics, Device, [N/A], [Not Supported], N/A');
    assert.deepEqual([odd?.name, odd?.memoryMiB, odd?.usedMiB, odd?.utilisation], ['Graphics, Device', 0, null, null]);
    assert.equal(parseGpu('No devices were found'), undefined);
  });

  it('says in words what a box lacks', () => {
    const text = 'free 1000\ndisk ext2/ext3\nclock 100\ncpu Some CPU\ntool git git version 2.39.5\nsmi 124\nEND\n';
    const report = parseProbe(text, box, 3, 200_000);
    assert.equal(report?.hardware, 'cpu:Some CPU');
    assert.equal(report?.tools.git, '2.39.5');
    const said = report?.problems.map(({ what }) => what).join('; ') ?? '';
    for (const part of ['flock is missing', 'nvidia-smi hangs', 'GPU 0, 3', 'MiB are free', '100 s behind']) {
      assert.ok(said.includes(part), `${part} in: ${said}`);
    }
  });
});
