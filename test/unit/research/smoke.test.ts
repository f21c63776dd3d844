import { strict as assert } from 'node:assert';
import type { Run } from '../../../src/core/domain/index.ts';
import { maySmoke } from '../../../src/core/research/may-smoke.ts';
import { smokeOutcome } from '../../../src/core/research/requests/smoke.ts';
import { runRow } from '../../support/rows.ts';

describe('a smoke run of a patch that nobody has approved', () => {
  it('is made as implementer.smoke_runs says, and of a person’s own patch except where it is off', () => {
    const by = (policy: 'off' | 'unattended' | 'always') =>
      [{}, { unattended: true }, { byHand: true }].map((behind) => maySmoke(policy, behind));
    assert.deepEqual(by('off'), [false, false, false]);
    assert.deepEqual(by('unattended'), [false, true, true]);
    assert.deepEqual(by('always'), [true, true, true]);
  });
});

describe('what a smoke run says of its patch', () => {
  const outcome = (run: Partial<Run>) =>
    smokeOutcome(runRow('1.1', undefined, { purpose: 'smoke', startedAt: 1, ...run }), '2m', 'the tail');
  const exited = { state: 'failed', cause: 'exited' } as const;

  it('is held against it where its command ended badly or not in time', () => {
    assert.deepEqual(outcome({ state: 'succeeded' }), { kind: 'passed' });
    const why = 'It ended with exit code 3.';
    assert.deepEqual(outcome({ ...exited, exitCode: 3 }), { kind: 'failed', why, tail: 'the tail' });
    assert.deepEqual(outcome({ state: 'timed-out' }), {
      ...{ kind: 'failed', why: 'It had not ended after 2m.', tail: 'the tail' },
    });
  });

  it('is nothing where the box, its setup or a person ended it, or none began it', () => {
    const { startedAt: _, ...unbegun } = runRow('1.1', undefined, { purpose: 'smoke', box: 'lab-1' });
    for (const [run, why] of [
      [{ ...unbegun, ...exited, exitCode: 1, reason: 'setup ended with 1' }, /^setup ended with 1$/],
      [{ ...unbegun, state: 'timed-out', reason: 'setup took too long' }, /^setup took too long$/],
      [{ ...unbegun, state: 'queued' }, /^no box began it in time\.$/],
      [{ ...unbegun, startedAt: 1, state: 'running' }, /^lab-1 was not heard of any more\.$/],
      [{ ...unbegun, startedAt: 1, state: 'cancelled' }, /^it was cancelled\.$/],
      [{ ...unbegun, startedAt: 1, state: 'lost', reason: 'the box restarted' }, /^the box restarted$/],
    ] as const) {
      const said = smokeOutcome(run, '2m', 'the tail');
      assert.equal(said.kind, 'not-run', run.state);
      assert.match(said.kind === 'not-run' ? said.why : '', why);
    }
  });
});
