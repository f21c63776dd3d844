import assert from 'node:assert/strict';
import { HumanError } from '../../../src/core/domain/index.ts';
import { originOf, stageOf } from '../../../src/core/research/requests/go-on.ts';
import { outwaitModel } from '../../../src/core/research/requests/outwait.ts';
import type { Request } from '../../../src/core/store/index.ts';

const request = (id: number, more: Partial<Request> = {}): Request => ({
  ...{ id, kind: 'generate-ideas', payload: { count: 4 }, state: 'done', cancelAsked: false, createdAt: 10 * id },
  ...more,
});
const away = { state: 'failed', error: { message: '', code: 'model-unreachable' } } as const;

describe('a wish for ideas', () => {
  const mine = request(5, { state: 'taken' });
  const origin = (earlier: readonly Request[], since = 0) => originOf(mine, [...earlier, mine], since).id;

  it('goes on with the same one that broke off just before, however often it did', () => {
    assert.equal(origin([request(3)]), 5);
    assert.equal(origin([request(4, away)]), 4);
    assert.equal(origin([request(2), request(3, away), request(4, away)]), 3);
    assert.equal(origin([request(3, away), request(4, { ...away, kind: 'implement', payload: { idea: 1 } })]), 3);
  });

  it('is a new one after any other end, another wish, or another base', () => {
    for (const earlier of [
      request(4, { state: 'cancelled' }),
      request(4, { state: 'failed', error: { message: '', code: 'model-auth' } }),
      request(4, { ...away, payload: { count: 3 } }),
      request(4, { ...away, kind: 'next-round' }),
    ]) {
      assert.equal(origin([earlier]), 5);
    }
    assert.equal(origin([request(4, away)], 41), 5);
    assert.equal(origin([request(3, away), request(4, { kind: 'search', payload: {} })]), 5);
  });
});

describe('a batch of ideas that broke off', () => {
  const first = { key: 'base-1/round-0/request-1', since: 100 };
  const call = (suffix: string, state: 'asked' | 'answered' | 'failed', createdAt: number) => ({
    ...{ key: `${first.key}/${suffix}`, state, createdAt },
  });
  const ideas = (...times: number[]) => times.map((createdAt) => ({ createdAt }));
  const stage = (calls: Parameters<typeof stageOf>[1], standing: readonly { createdAt: number }[]) =>
    stageOf(first, calls, standing, 999);

  it('asks the same question again where nothing came of it, and replays one that was answered', () => {
    assert.deepEqual(stage([], []), first);
    assert.deepEqual(stage([call('ideas', 'failed', 101)], []), first);
    assert.deepEqual(stage([call('ideas', 'answered', 101)], ideas(102, 103)), first);
    assert.deepEqual(stage([call('ideas', 'answered', 101), call('ideas/again', 'failed', 105)], ideas(102)), first);
  });

  it('asks for the rest where ideas came before it broke off, by a question of its own each time', () => {
    const calls = [call('ideas', 'failed', 101)];
    assert.deepEqual(stage(calls, ideas(102, 103)), { key: `${first.key}/rest-2`, since: 999 });
    calls.push(call('rest-2/ideas', 'failed', 200));
    assert.deepEqual(stage(calls, ideas(102, 103)), { key: `${first.key}/rest-2`, since: 200 });
    assert.deepEqual(stage(calls, ideas(102, 103, 201)), { key: `${first.key}/rest-3`, since: 999 });
    calls.push(call('rest-2/ideas', 'answered', 210));
    assert.deepEqual(stage(calls, ideas(102, 103, 211)), { key: `${first.key}/rest-2`, since: 200 });
  });

  it('minds no call of another batch', () => {
    const other = { key: 'base-1/round-0/request-12/ideas', state: 'answered', createdAt: 101 } as const;
    assert.deepEqual(stage([other], ideas(102)), first);
  });
});

describe('work that asks a model which is away', () => {
  const gone = new HumanError('Nobody listens.', { code: 'model-unreachable' });
  const play = (options: { failures: number; error?: Error; answered?: boolean; enough?: boolean }) => {
    const waits: number[] = [];
    const said: string[] = [];
    let left = options.failures;
    const calls = [{ state: options.answered === false ? 'failed' : 'answered' }];
    const clock = { sleep: async (ms: number) => void waits.push(ms) };
    const parts = { store: { calls: async () => calls }, system: { clock } };
    const work = async () => {
      left -= 1;
      if (left >= 0) throw options.error ?? gone;
      return 'done';
    };
    const job = { parts, signal: new AbortController().signal } as unknown as Parameters<typeof outwaitModel>[0];
    const say = async (text: string) => void said.push(text);
    const result = outwaitModel(job, 0, say, async () => options.enough ?? false, work);
    return { result, waits, said };
  };

  it('is done again until it is there, more and more seldom, and says so', async () => {
    const { result, waits, said } = play({ failures: 7 });
    assert.equal(await result, 'done');
    assert.deepEqual(waits, [2_000, 10_000, 60_000, 300_000, 900_000, 900_000, 900_000]);
    assert.equal(said[0], 'waiting for the model, next try in 2 s: Nobody listens.');
    assert.match(said[6] ?? '', /next try in 15 min/);
  });

  it('ends where waiting is no use', async () => {
    await assert.rejects(play({ failures: 1, answered: false }).result, { code: 'model-unreachable' });
    await assert.rejects(play({ failures: 1, enough: true }).result, { code: 'model-unreachable' });
    const auth = new HumanError('No key.', { code: 'model-auth' });
    await assert.rejects(play({ failures: 1, error: auth }).result, { code: 'model-auth' });
    await assert.rejects(play({ failures: 1, error: new TypeError('a bug') }).result, TypeError);
  });
});
