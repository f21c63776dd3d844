import { strict as assert } from 'node:assert';
import type { CallHead } from '../../../src/core/domain/index.ts';
import { costOfCall, mostOf, overrunOf, type Use, useOf } from '../../../src/core/models/index.ts';

const PRICES = { 'test-model': { input: 1, output: 4 }, local: { input: 0, output: 0 } };
const NOW = 1_000_000_000;

const call = (more: Partial<CallHead>): CallHead => ({
  ...{ id: 1, key: 'k', purpose: 'patch', server: 's', model: 'test-model', params: { max_output_tokens: 1000 } },
  ...{ state: 'answered', promptLength: 3300, createdAt: NOW - 1000 },
  ...more,
});
const usage = (input: number, output: number) => ({ input, output, cachedInput: 0, reasoning: 0, estimated: false });
const nothing: Use = { tokens: 0, money: 0 };
const uses = (round: Partial<Use>, day: Partial<Use> = {}, total: Partial<Use> = {}) => ({
  round: { ...nothing, ...round },
  day: { ...nothing, ...day },
  total: { ...nothing, ...total },
});
const never = () => 0;

describe('a budget for model calls', () => {
  it('counts the most that a call may take: its whole prompt and the longest answer', () => {
    assert.deepEqual(mostOf(1_000_000, 500_000, PRICES, 'test-model'), { tokens: 1_500_000, money: 3 });
    assert.deepEqual(mostOf(10, 10, PRICES, 'local'), { tokens: 20, money: 0 });
    assert.equal(mostOf(10, 10, PRICES, 'unheard-of').money, undefined, 'unknown, and not 0');
  });

  it('is passed by what might be too much, in the first span that it would pass', () => {
    const most = { tokens: 100, money: 0.5 };
    const budgets = { round: { money: 1 }, day: { tokens: 1000 }, total: { money: 10, tokens: 5000 } };
    assert.equal(overrunOf(budgets, uses({ money: 0.5 }), most, never), undefined, 'all of it may be used');
    assert.deepEqual(overrunOf(budgets, uses({ money: 0.51 }), most, never), {
      ...{ span: 'round', unit: 'money', limit: 1, room: 1, spent: 0.51, call: 0.5 },
    });
    assert.equal(overrunOf(budgets, uses({}, { tokens: 901 }), most, never)?.span, 'day');
    assert.equal(overrunOf(budgets, uses({}, {}, { tokens: 4901 }), most, never)?.unit, 'tokens');
    assert.equal(overrunOf({}, uses({ money: 1e9 }), most, never), undefined);
  });

  it('grows by its own size each time that a person raises it, and no other with it', () => {
    const budgets = { round: { money: 1 }, day: { money: 1 } };
    const raised = (span: string) => (span === 'round' ? 2 : 0);
    assert.equal(overrunOf(budgets, uses({ money: 2.4 }), { tokens: 1, money: 0.5 }, raised), undefined);
    assert.equal(overrunOf(budgets, uses({ money: 2.6 }), { tokens: 1, money: 0.5 }, raised)?.room, 3);
    assert.equal(overrunOf(budgets, uses({}, { money: 0.6 }), { tokens: 1, money: 0.5 }, raised)?.span, 'day');
  });

  it('holds tokens where a price is unknown', () => {
    const most = mostOf(10, 10, PRICES, 'unheard-of');
    assert.equal(overrunOf({ day: { money: 1 } }, uses({}, { money: 99 }), most, never), undefined);
    assert.equal(overrunOf({ day: { tokens: 10 } }, uses({}), most, never)?.unit, 'tokens');
  });

  it('has what is under way as good as spent, and not what nobody waits for any more', () => {
    const done = call({ usage: usage(1000, 500), cost: 0.7 });
    const failed = call({ state: 'failed' });
    const open = call({ state: 'asked' });
    assert.deepEqual(useOf([done, failed], PRICES, NOW), { tokens: 1500, money: 0.7 });
    assert.deepEqual(useOf([open], PRICES, NOW), { tokens: 2000, money: 0.005 });
    assert.deepEqual(useOf([{ ...open, createdAt: NOW - 2 * 3_600_000 }], PRICES, NOW), nothing);
  });

  it('has a call of a model that had no price then by the price of now', () => {
    const unpriced = call({ usage: usage(1_000_000, 0) });
    assert.equal(costOfCall(unpriced, {}), undefined);
    assert.equal(costOfCall(unpriced, PRICES), 1);
    assert.equal(costOfCall({ ...unpriced, cost: 0.25 }, PRICES), 0.25, 'what was written down then stays');
    assert.equal(costOfCall(call({}), PRICES), undefined, 'nothing is known of what it took');
  });
});
