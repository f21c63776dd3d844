import { strict as assert } from 'node:assert';
import { appendFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Question, Research } from '../../../src/core/research.ts';
import { type ModelServer, startModelServer } from '../../support/model-server/index.ts';
import { agreeingHost, makePlace, openAt, type Place } from '../../support/research.ts';

const idea = (title: string) => ({
  ...{ title, details: `How ${title} is done.`, hypothesis: `Because of ${title}.`, expected: 'lower', risk: 'none' },
  ...{ builds_on: [], move: 'explore' },
});

describe('a budget for model calls', () => {
  let place: Place;
  let server: ModelServer;
  let research: Research;
  let asked: Question[];
  let says: (question: Question) => boolean;

  const begin = async (models: string, prices: string) => {
    place.model(server.url, models);
    appendFileSync(path.join(place.config, 'config.yaml'), `prices: ${prices}\n`);
    research = await openAt(place, {
      host: agreeingHost({
        confirm: async (question) => {
          if (question.kind !== 'model-budget') return true;
          asked.push(question);
          return says(question);
        },
      }),
    });
  };

  beforeEach(async () => {
    place = makePlace();
    asked = [];
    says = () => false;
    const titles = ['Warm up the rate', 'Share the embedding', 'Clip the gradient', 'Longer context', 'Cosine decay'];
    server = await startModelServer({ answers: () => JSON.stringify({ ideas: [idea(titles.shift() ?? 'x')] }) });
  });

  afterEach(async () => {
    await research.close();
    await server.close();
    place.dispose();
  });

  it('is asked for before a call that might pass it, and a no sends nothing', async () => {
    // The longest answer alone may cost 16,000 tokens of 10 a million.
    await begin('budgets: { day: { money: 0.1 } }', '{ test-model: { input: 1, output: 10 } }');
    await assert.rejects(research.generateIdeas({ count: 1 }), { code: 'budget', message: /^Nothing was asked\./ });
    assert.equal(server.requests.length, 0);
    assert.match(
      asked[0]?.message ?? '',
      /took 0 of your budget of 0\.1, and the next one, of test-model, may take up to 0\.1\d/,
    );
    assert.match(asked[0]?.detail ?? '', /models\.budgets\.day\.money in config\.yaml/);
    says = () => true;
    await research.generateIdeas({ count: 1 });
    assert.equal(server.requests.length, 1, 'the question is put anew to whoever asks again');
    await research.nextRound({ count: 1 });
    assert.equal(server.requests.length, 2);
    assert.equal(asked.length, 2, 'what was allowed holds: it took far less than it might have');
  });

  it('in money takes no model of unknown price for one that costs nothing', async () => {
    await begin('budgets: { total: { money: 5 } }', '{ another: { input: 1, output: 1 } }');
    await assert.rejects(research.generateIdeas({ count: 1 }), {
      code: 'budget',
      message: /\{ input: 0, output: 0 \}/,
    });
    assert.equal(server.requests.length, 0);
    assert.match(asked[0]?.message ?? '', /What test-model costs is unknown/);
    says = () => true;
    await research.generateIdeas({ count: 1 });
    await research.nextRound({ count: 1 });
    assert.equal(asked.length, 2, 'asked once for a model');
    assert.match(await research.modelCallsText(), /unknown: prices in config\.yaml has none for test-model/);
    place.model(server.url);
    appendFileSync(path.join(place.config, 'config.yaml'), 'prices: { test-model: { input: 1, output: 10 } }\n');
    assert.doesNotMatch(
      await research.modelCallsText(),
      /config\.yaml has none/,
      'a later price holds for what had none',
    );
    assert.ok((await research.modelCalls()).filter(({ usage }) => usage).every(({ cost }) => (cost ?? 0) > 0));
  });

  it('holds of two calls at once the second', async () => {
    await begin('budgets: { round: { tokens: 25000 } }', '{}');
    const first = await research.addIdea({ title: 'One', details: 'a' });
    const second = await research.addIdea({ title: 'Two', details: 'b' });
    const sent: number[] = [];
    // The first answer is still coming when the second is asked about, however busy the machine is.
    server.stand({ kind: 'slow', delayMs: 2000 });
    says = () => {
      sent.push(server.requests.length);
      server.stand();
      return false;
    };
    const both = await Promise.allSettled([research.implement(first.id), research.implement(second.id)]);
    assert.ok((sent[0] ?? 9) <= 1, 'the second was asked about while the first was under way, and not sent');
    assert.ok(both.some((one) => one.status === 'rejected' && one.reason.code === 'budget'));
  });
});
