import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { WireFailure } from '../../../src/core/models/index.ts';
import { waitBefore } from '../../../src/core/models/retry.ts';

const busy: WireFailure = { ok: false, kind: 'status', status: 429, message: 'busy' };

describe('how long to wait before asking again', () => {
  it('never exceeds the patience in all, whatever the server asks and chance says', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            ms: fc.option(fc.nat(100_000), { nil: undefined }),
            chance: fc.float({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
          }),
        ),
        fc.nat(10),
        fc.nat(300_000),
        (tries, retries, totalMs) => {
          let waited = 0;
          let made = 0;
          for (const { ms, chance } of tries) {
            const failure = ms === undefined ? busy : { ...busy, retryAfterMs: ms };
            const wait = waitBefore(failure, made + 1, waited, { retries, totalMs }, chance);
            if (wait === undefined) break;
            assert.ok(wait >= (ms ?? 0));
            waited += wait;
            made += 1;
          }
          assert.ok(waited <= totalMs && made <= retries);
        },
      ),
    );
  });
});
