import * as assert from 'node:assert/strict';
import { MayAsk } from '../../../src/core/research/may-ask.ts';
import { realClock } from '../../../src/core/system/index.ts';
import type { Asker } from '../../../src/core/workers/index.ts';

describe('Whether a box may ask a person', () => {
  let now = 0;
  const clock = { ...realClock, monotonic: () => now };
  const host: Asker = { trustHostKey: async () => true, secret: async () => 'word' };
  beforeEach(() => {
    now = 0;
  });

  it('is no in the background, and yes while they check it', async () => {
    const may = new MayAsk(clock);
    const asker = may.asker(host);
    assert.equal(asker?.present?.(), false);
    await may.whileChecking(async () => assert.equal(asker?.present?.(), true));
    await assert.rejects(
      may.whileChecking(() => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(asker?.present?.(), false);
    assert.equal(may.asker(undefined), undefined);
  });

  it('is yes for what is done first after they asked for something, for a while', () => {
    const may = new MayAsk(clock);
    assert.equal(may.expect(), true);
    assert.equal(may.now, true);
    now += 2 * 60_000;
    assert.equal(may.now, false, 'they went away');
    may.expect();
    may.settle(false);
    assert.equal(may.now, false, 'it did not answer');
    assert.equal(may.expect(), true);
    may.settle(true);
    assert.equal(may.expect(), false, 'what comes now is a reconnect');
    assert.equal(may.now, false);
  });

  it('is no after a question was put, whatever they answered', async () => {
    const may = new MayAsk(clock);
    may.expect();
    await may.asker(host)?.secret({ prompt: 'a password' });
    may.settle(false);
    assert.equal(may.expect(), false);
  });
});
