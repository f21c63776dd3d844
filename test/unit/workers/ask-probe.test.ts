import * as assert from 'node:assert/strict';
import { type BoxOf, boxSchema } from '../../../src/core/domain/index.ts';
import { realClock } from '../../../src/core/system/index.ts';
import { askProbe } from '../../../src/core/workers/box/ask-probe.ts';
import { BoxCalls } from '../../../src/core/workers/box/calls.ts';
import type { ExecCall, Transport } from '../../../src/core/workers/box/transport.ts';

const box = boxSchema.parse({ name: 'b', kind: 'ssh', host: 'b' }) as BoxOf<'ssh'>;

/** A box that answers what time it is and then says nothing more; like a real link, it ends a call that is aborted. */
function stuckAfterClock(calls: ExecCall[]): Transport {
  return {
    where: 'me@b',
    exec(call) {
      calls.push(call);
      const nonce = /^set -- '?(\w+)/.exec(call.script)?.[1] ?? '';
      if (/'?clock'?/.test(call.script.split('\n')[0] ?? '')) {
        return Promise.resolve({ code: 0, stdout: Buffer.from(`${nonce}\nclock 1000000000000\nEND\n`), stderr: '' });
      }
      return new Promise((_, reject) => {
        call.signal?.addEventListener('abort', () => reject(call.signal?.reason), { once: true });
      });
    },
    dispose() {},
  };
}

describe('Asking a box how it is', () => {
  const ask = (signal?: AbortSignal, limit?: number) => {
    const made: ExecCall[] = [];
    let words = 0;
    const random = { word: () => `nonce${++words}`, unit: () => 0.5 };
    const calls = new BoxCalls(box, stuckAfterClock(made), random as never);
    return {
      made,
      report: askProbe(calls, box, realClock, { signal, ...(limit === undefined ? {} : { wholeMs: limit }) }),
    };
  };

  it('comes to an end though the box never does, and calls it unreachable', async () => {
    await assert.rejects(ask(undefined, 30).report, (error: Error & { code?: string }) => {
      assert.equal(error.code, 'unreachable');
      assert.match(error.message, /me@b did not finish telling how it is in 0.03 s.*disks and its GPU driver/);
      return true;
    });
  });

  it('gives each call a limit of silence, and ends when it is called off', async () => {
    const stop = new AbortController();
    const { made, report } = ask(stop.signal);
    const third = new Promise<void>((resolve) => {
      const look = () => (made.length >= 3 ? resolve() : setImmediate(look));
      look();
    });
    await third;
    stop.abort(new Error('enough'));
    await assert.rejects(report, /enough/);
    assert.ok(made.every(({ idleMs }) => (idleMs ?? Number.POSITIVE_INFINITY) <= 20_000));
  });
});
