import { strict as assert } from 'node:assert';
import type { Run } from '../../../src/core/domain/index.ts';
import {
  crashToMend,
  errorLine,
  isEarlyCrash,
  isEndedFromOutside,
  isOutOfMemoryOfOthers,
  lastWords,
  sameError,
} from '../../../src/core/search/index.ts';
import { candidateRow, runRow } from '../../support/rows.ts';

const crash = (candidate: string, more: Partial<Run> = {}) =>
  runRow(candidate, undefined, {
    ...{ state: 'failed', exitCode: 1, cause: 'exited', startedAt: 1000, endedAt: 9000 },
    ...more,
  });
const first = candidateRow(1);
const fix = candidateRow(1, { id: '1.2', number: 2, revises: '1.1' });
const second = candidateRow(1, { id: '1.3', number: 3, revises: '1.2' });

describe('a run that crashes within its first minutes', () => {
  it('is one whose own command failed, not its box, its setup, a person or the clock', () => {
    assert.ok(isEarlyCrash(crash('1.1')));
    for (const more of [
      { state: 'cancelled' },
      { state: 'timed-out' },
      { state: 'lost' },
      { cause: 'setup-failed' },
      { cause: 'evaluate-failed' },
      { cause: 'protected-changed' },
      { cause: 'command-not-found', exitCode: 127 },
      { cause: undefined },
      { exitCode: 137 },
      { startedAt: undefined },
      { endedAt: 1000 + 6 * 60_000 },
      { purpose: 'baseline' },
    ] as const) {
      assert.ok(!isEarlyCrash(crash('1.1', more)), JSON.stringify(more));
    }
  });

  it('goes back to the implementer as often as is allowed', () => {
    const runs = [crash('1.1'), crash('1.2'), crash('1.3')];
    assert.equal(crashToMend(first, [first], runs, 0), undefined);
    assert.equal(crashToMend(first, [first], runs, 1), runs[0]);
    assert.equal(crashToMend(fix, [first, fix], runs, 1), undefined);
    assert.equal(crashToMend(fix, [first, fix], runs, 2), runs[1]);
    assert.equal(crashToMend(second, [first, fix, second], runs, 2), undefined);
  });

  it('does not where it was mended already, still has a seed to come, or another seed came to a value', () => {
    const runs = [crash('1.1', { seed: 1 })];
    assert.equal(crashToMend(first, [first, fix], runs, 2), undefined);
    const waits = runRow('1.1', undefined, { seed: 2, state: 'waiting' });
    assert.equal(crashToMend(first, [first], [...runs, waits], 2), undefined);
    assert.equal(crashToMend(first, [first], [...runs, runRow('1.1', 3, { seed: 2 })], 2), undefined);
  });

  it('is known by the line that names its error', () => {
    assert.equal(errorLine('Traceback\n  File "x"\nValueError: no  \n\n'), 'ValueError: no');
    assert.equal(errorLine(''), '');
    const dynamo = 'torch._dynamo.exc.Unsupported: Data-dependent branching';
    const frames = 'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n    step()\n';
    assert.equal(
      errorLine(`${frames}${dynamo}\n\n  Explanation: none\n`),
      dynamo,
      'not every exception is called an error',
    );
    assert.equal(errorLine(`${frames}AssertionError\nwandb: done\n`), 'AssertionError');
    const ranked = `${frames}${dynamo}`.replaceAll(/^/gm, '[rank0]: ');
    assert.equal(errorLine(ranked), dynamo);
  });

  it('is told to a person by its error, else by its last line', () => {
    assert.equal(lastWords('Traceback\n  File "x"\nValueError: no\n\n'), 'Its error: ValueError: no');
    assert.equal(lastWords('loading\nno such file: data.bin\n'), 'Its last line: no such file: data.bin');
    const trace = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\nqueue.Empty\n';
    assert.equal(lastWords(trace), 'Its error: queue.Empty');
    assert.equal(lastWords(''), 'It printed nothing.');
    assert.ok(lastWords(`ValueError: ${'🚀'.repeat(500)}`).isWellFormed());
  });

  it('is of the same error whichever rank says it, at whatever address, and whatever its launcher adds', () => {
    const one =
      '[rank1]: RuntimeError: bad tensor <object at 0x7f12ab> in process 4711\n' +
      'torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n====\ntrain.py FAILED\n  exitcode: 1 (pid: 99)\n';
    const other = 'RuntimeError: bad tensor <object at 0x55aa> in process 12\n';
    assert.equal(errorLine(one), errorLine(other));
    assert.ok(sameError(one, other));
    assert.ok(
      !sameError('RuntimeError: (8x16 and 32x64)', 'RuntimeError: (8x16 and 16x64)'),
      'other shapes, other error',
    );
  });

  it('says nothing of the patch where a launcher tells that its process was killed, and the process told no error', () => {
    const torchrun = (code: number) =>
      `torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n====\ntrain.py FAILED\n  exitcode  : ${code} (pid: 99)\n`;
    assert.ok(isEndedFromOutside(`step 10: loss 2.5\n${torchrun(-9)}`));
    assert.ok(isEndedFromOutside("[ERROR] [launch.py:321:sigkill_handler] ['python3'] exits with return code = -9\n"));
    assert.ok(
      !isEndedFromOutside(`RuntimeError: bad tensor\n${torchrun(-9)}`),
      'one rank failed, the others were told',
    );
    assert.ok(!isEndedFromOutside(torchrun(1)));
    assert.ok(!isEndedFromOutside(torchrun(-6)), 'it aborted by itself');
  });

  it('says nothing of the patch where others have filled the GPU', () => {
    const torch = (others: string) =>
      'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.10 GiB ' +
      `of which 1.20 GiB is free. ${others}Including non-PyTorch memory, this process has 3.10 GiB memory in use.`;
    assert.ok(isOutOfMemoryOfOthers(torch('Process 4711 has 74.80 GiB memory in use. ')));
    assert.ok(!isOutOfMemoryOfOthers(torch('Process 4711 has 420.00 MiB memory in use. ')));
    assert.ok(!isOutOfMemoryOfOthers(torch('')));
    assert.ok(!isOutOfMemoryOfOthers('Process 4711 has 74.80 GiB memory in use.'));
    // In a container PyTorch does not know itself among the processes.
    const contained = (others: string) =>
      'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 15.77 GiB ' +
      `of which 1.04 GiB is free. ${others}Process 2201 has 14.73 GiB memory in use. ` +
      'Of the allocated memory 14.39 GiB is allocated by PyTorch, and 20.00 MiB is reserved but unallocated.';
    assert.ok(!isOutOfMemoryOfOthers(contained('')));
    assert.ok(isOutOfMemoryOfOthers(contained('Process 4711 has 60.10 GiB memory in use. ')));
  });
});
