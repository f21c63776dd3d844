import { strict as assert } from 'node:assert';
import type { Run } from '../../../src/core/domain/index.ts';
import { crashToMend, errorLine, isEarlyCrash } from '../../../src/core/search/index.ts';
import { candidateRow, runRow } from '../../support/rows.ts';

const crash = (candidate: string, more: Partial<Run> = {}) =>
  runRow(candidate, undefined, {
    ...{ state: 'failed', exitCode: 1, startedAt: 1000, endedAt: 9000 },
    reason: 'The command ended with exit code 1.',
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
      { reason: 'setup ended with exit code 1; its log shows what it printed.' },
      { reason: 'evaluate ended with exit code 1; the log shows what it printed.' },
      { reason: 'The evaluate command ended with exit code 1.' },
      { exitCode: 137 },
      { exitCode: 127 },
      { exitCode: undefined },
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
  });
});
