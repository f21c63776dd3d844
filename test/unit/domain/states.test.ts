import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  isEnd,
  makeRunId,
  parseDuration,
  RUN_STATES,
  type RunState,
  runMayMove,
} from '../../../src/core/domain/index.ts';

const state = fc.constantFrom<RunState>(...RUN_STATES);

describe('run states', () => {
  it('never leave an end, except lost for an exit found later', () => {
    fc.assert(
      fc.property(state, state, (from, to) => {
        if (!isEnd(from)) return;
        const allowed = from === 'lost' && isEnd(to) && to !== 'lost';
        assert.equal(runMayMove(from, to), allowed);
      }),
    );
  });

  it('come to an end along every path of moves', () => {
    fc.assert(
      fc.property(fc.array(state, { maxLength: 60 }), (asked) => {
        let now: RunState = 'queued';
        const steps = asked.filter((to) => {
          const moves = runMayMove(now, to);
          if (moves) now = to;
          return moves;
        });
        const shipped = steps.filter((to) => to === 'queued').length;
        const waited = steps.filter((to) => to === 'waiting').length;
        assert.ok(steps.length <= 7 + 2 * shipped + 4 * waited, `too many moves: ${steps.join(' ')}`);
      }),
    );
  });

  it('go back to waiting only when a cluster will start the run again, and never after an end', () => {
    for (const from of RUN_STATES) {
      const begun = from === 'preparing' || from === 'running' || from === 'finishing';
      if (from !== 'queued' && from !== 'shipping') assert.equal(runMayMove(from, 'waiting'), begun, from);
    }
  });

  it('may be cancelled from any live state', () => {
    for (const from of RUN_STATES.filter((live) => !isEnd(live))) assert.ok(runMayMove(from, 'cancelled'), from);
  });
});

describe('run ids', () => {
  it('sort by the time they were made', () => {
    fc.assert(
      fc.property(fc.nat(4e12), fc.nat(4e12), (a, b) => {
        const [first, second] = [makeRunId(a, 'zzzzzz'), makeRunId(b, 'aaaaaa')];
        if (a < b) assert.ok(first < second);
      }),
    );
  });
});

describe('durations', () => {
  it('read as seconds, and nothing else is one', () => {
    assert.equal(parseDuration('1h30m'), 5400);
    assert.equal(parseDuration('45s'), 45);
    for (const wrong of ['', '30', 'm', '1m2h', '-3s', '1.5h']) assert.equal(parseDuration(wrong), undefined, wrong);
  });
});
