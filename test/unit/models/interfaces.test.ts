import * as assert from 'node:assert/strict';
import * as z from 'zod';
import { isHumanError, type ModelSettings } from '../../../src/core/domain/index.ts';
import type { Completion, HabitBook } from '../../../src/core/models/index.ts';
import { type ModelServer, type ModelServerOptions, startModelServer } from '../../support/model-server/index.ts';
import { eventually } from '../../support/processes.ts';
import { clientOf, HeldClock, KEY, MemoryLog } from './support.ts';

const ANSWER = JSON.stringify({ words: Array.from({ length: 40 }, (_, at) => `word ${at}`) });
const question: Completion<{ words: string[] }> = {
  messages: [
    { role: 'system', content: 'You know words.' },
    { role: 'user', content: 'Say some.' },
  ],
  schema: z.object({ words: z.array(z.string()) }),
  name: 'words',
  purpose: 'ideas',
  key: 'round-0/ideas',
};
const value = JSON.parse(ANSWER) as unknown;

describe('a model server', () => {
  let server: ModelServer;
  let log: MemoryLog;
  beforeEach(() => {
    log = new MemoryLog();
  });
  afterEach(() => server?.close());

  const serve = async (options: ModelServerOptions = {}) => {
    server = await startModelServer({ answers: () => ANSWER, ...options });
  };
  const client = (api: ModelSettings['api'], more: Partial<Parameters<typeof clientOf>[1]> = {}) =>
    clientOf(server.url, { log, ...(api === undefined ? {} : { api }), ...more });
  const failure = async (work: Promise<unknown>, code: string) => {
    const error = await work.then(
      () => assert.fail(`expected the HumanError ${code}`),
      (thrown: unknown) => thrown,
    );
    assert.ok(isHumanError(error), String((error as Error).stack));
    assert.equal(error.code, code, error.message);
    return error;
  };
  const asked = () => server.requests.map(({ body }) => ('input' in body ? 'responses' : 'chat'));

  describe('that speaks chat completions in a way of its own', () => {
    it('is asked once more where an answer ends with an error for its reason', async () => {
      await serve({ faults: [{ kind: 'breaks', finish: 'error' }] });
      assert.equal((await (await client('chat')).complete({ ...question, schema: undefined })).text, ANSWER);
      assert.equal(server.requests.length, 2);
    });
    it('is read where its answer is a list of parts, without its thoughts', async () => {
      await serve({ standing: [{ kind: 'parts' }] });
      const got = await (await client('chat')).complete({ ...question, schema: undefined });
      assert.equal(got.text, ANSWER);
    });
  });

  for (const api of ['chat', 'responses'] as const) {
    describe(`asked by ${api}`, () => {
      it('streams its answer, in the shape asked for, with the tokens it counted', async () => {
        await serve();
        const seen: string[] = [];
        const got = await (await client(api)).complete({
          ...question,
          temperature: 0.5,
          onText: (text) => seen.push(text),
        });
        assert.deepEqual(got.value, value);
        assert.equal(seen.at(-1), ANSWER);
        assert.ok(seen.length > 2, 'it came in pieces');
        assert.deepEqual(got.usage, {
          ...{ input: Math.ceil('You know words.\nSay some.'.length / 4), cachedInput: 0 },
          ...{ output: Math.ceil(ANSWER.length / 4), reasoning: 0, estimated: false },
        });
        assert.deepEqual(asked(), [api]);
        const body = server.requests[0]?.body as Record<string, unknown> & { text?: { format: object } };
        assert.equal(body.temperature, 0.5);
        assert.equal(body.store, api === 'responses' ? false : undefined, 'nothing is to be kept there');
        assert.equal(body[api === 'responses' ? 'max_output_tokens' : 'max_tokens'], 16_000);
        if (api === 'responses') {
          assert.deepEqual(Object.keys(body.text?.format ?? {}), ['type', 'name', 'schema', 'strict']);
        }
      });

      it('stops for real when aborted: the server sees the connection close', async () => {
        await serve({ standing: [{ kind: 'stall', after: 30 }] });
        const stop = new AbortController();
        const reason = new Error('the person pressed stop');
        const work = (await client(api)).complete({
          ...question,
          signal: stop.signal,
          onText: () => stop.abort(reason),
        });
        await assert.rejects(work, (error) => error === reason);
        await eventually('the closed connection', () => server.abandoned === 1);
        assert.equal(server.requests.length, 1);
        assert.equal(log.calls[0]?.error, 'cancelled');
      });

      it('is not waited for when it falls silent in the middle, and is asked once more', async () => {
        await serve({ faults: [{ kind: 'stall', after: 100 }] });
        const clock = new HeldClock();
        let silent = false;
        const onText = (text: string) => {
          if (text.length < 100 || silent) return;
          silent = true;
          clock.pass(240_000);
        };
        assert.deepEqual((await (await client(api, { clock })).complete({ ...question, onText })).value, value);
        await eventually('the closed connection', () => server.abandoned === 1);
        assert.equal(server.requests.length, 2);
        server.stand({ kind: 'stall', after: 100 });
        const always = (text: string) => text.length >= 100 && clock.pass(240_000);
        const again = (await client(api, { clock })).complete({ ...question, key: 'b', onText: always });
        assert.match((await failure(again, 'model-cut')).message, /sent nothing for 240 s.*models\.timeout/);
        assert.equal(log.calls.at(-1)?.answer, ANSWER.slice(0, log.calls.at(-1)?.answer?.length), 'what came is kept');
      });

      it('may take as long as it likes while something comes', async () => {
        await serve({ standing: [{ kind: 'slow', delayMs: 3 }] });
        const clock = new HeldClock();
        let looks = clock.looks;
        let waits = 0;
        const onText = () => {
          // Pieces that came together are one sign of life.
          if (clock.looks === looks) return;
          clock.pass(200_000);
          ({ looks } = clock);
          waits += 1;
        };
        assert.deepEqual((await (await client(api, { clock })).complete({ ...question, onText })).value, value);
        assert.ok(waits > 2, 'longer in all than any silence may be');
        assert.equal(server.requests.length, 1);
      });

      it('may think for long as long as it says that it is there', async () => {
        await serve({ standing: [{ kind: 'stall', after: 30, comments: true }] });
        const clock = new HeldClock();
        const stop = new AbortController();
        const work = (await client(api, { clock })).complete({ ...question, signal: stop.signal });
        const ended = assert.rejects(work, { message: 'enough' });
        await server.arrived(1);
        for (let round = 0; round < 4; round += 1) {
          const { looks } = clock;
          await eventually('signs of life', () => clock.looks > looks + 2);
          clock.pass(200_000);
        }
        assert.equal(server.requests.length, 1);
        stop.abort(new Error('enough'));
        await ended;
      });

      for (const fault of [{ kind: 'cut' }, { kind: 'cut', quietly: true }, { kind: 'drop' }] as const) {
        it(`is asked once more after a ${JSON.stringify(fault)}, and no more`, async () => {
          await serve({ faults: [fault] });
          assert.deepEqual((await (await client(api)).complete(question)).value, value);
          server.stand(fault);
          await failure((await client(api)).complete({ ...question, key: 'b' }), 'model-cut');
          assert.equal(server.requests.length, 4);
          assert.deepEqual([...server.paid], [['round-0/ideas', 1]]);
        });
      }

      it('is asked again when it breaks down in its own words', async () => {
        await serve({ faults: [{ kind: 'breaks', after: 60 }] });
        assert.deepEqual((await (await client(api)).complete(question)).value, value);
        assert.equal(server.requests.length, 2);
        const [{ usage } = {}] = log.calls;
        assert.ok((usage?.output ?? 0) > Math.ceil(ANSWER.length / 4), 'what came before it broke is counted too');
      });

      it('is waited for when the stream itself says that it is busy, and not where no money is left', async () => {
        await serve({ faults: [{ kind: 'breaks', code: api === 'chat' ? 429 : 'rate_limit_exceeded' }] });
        const said: string[] = [];
        const asks = { ...question, onProgress: (line: string) => said.push(line) };
        assert.deepEqual((await (await client(api)).complete(asks)).value, value);
        assert.match(said.join(), /is busy; asking again/);
        server.stand({ kind: 'breaks', code: 'insufficient_quota' });
        const error = await failure((await client(api)).complete({ ...question, key: 'b' }), 'model-rate-limited');
        assert.match(error.message, /no quota left/);
        assert.equal(server.requests.length, 3);
      });

      for (const of of ['list', 'detail', 'fields', 'message', 'word'] as const) {
        it(`is understood where it words its errors in another way (${of})`, async () => {
          await serve({
            standing: [
              { kind: 'refuses', parameter: 'temperature' },
              { kind: 'dialect', of },
            ],
          });
          assert.deepEqual((await (await client(api)).complete({ ...question, temperature: 1 })).value, value);
          assert.equal(server.requests.length, 2);
          assert.ok(!('temperature' in (server.requests[1]?.body ?? {})));
          server.stand(
            { kind: 'status', status: 418, message: 'the teapot is short and stout' },
            { kind: 'dialect', of },
          );
          const error = await failure((await client(api)).complete({ ...question, key: 'b' }), 'model-refused');
          if (of !== 'fields') assert.match(error.message, /\(418: the teapot is short and stout\)/);
        });
      }

      it('may send its answer in one piece', async () => {
        await serve({ standing: [{ kind: 'no-stream' }] });
        const { value: got, usage } = await (await client(api)).complete(question);
        assert.deepEqual(got, value);
        assert.equal(usage.estimated, false);
      });

      it('that answers with a page for people is said to be none', async () => {
        await serve({ standing: [{ kind: 'page' }] });
        assert.match((await failure((await client(api)).complete(question), 'model-not-found')).message, /text\/html/);
      });

      it('leads nobody on to another address', async () => {
        const other = await startModelServer({ answers: () => ANSWER });
        try {
          await serve({ standing: [{ kind: 'redirect', to: `${other.url}/${api}` }] });
          const error = await failure((await client(api)).complete(question), 'model-unreachable');
          assert.match(error.message, /sends elsewhere \(307: it leads on to http/);
          assert.equal(other.requests.length, 0, 'neither prompt nor key went there');
        } finally {
          await other.close();
        }
      });

      it('is given no schema where it refuses one, and no parameter that it does not know; both are remembered', async () => {
        const limit = api === 'chat' ? 'max_tokens' : 'max_output_tokens';
        await serve({
          standing: [
            { kind: 'no-json-schema', nor_json_object: true },
            { kind: 'refuses', parameter: 'temperature' },
            { kind: 'refuses', parameter: limit },
            ...(api === 'responses' ? [{ kind: 'refuses', parameter: 'store' } as const] : []),
          ],
        });
        const habitBook: HabitBook = new Map();
        const first = await client(api, { habitBook });
        assert.deepEqual((await first.complete({ ...question, temperature: 1 })).value, value);
        const before = server.requests.length;
        const later = await client(api, { habitBook });
        await later.complete({ ...question, temperature: 1, key: 'later' });
        assert.equal(server.requests.length, before + 1, 'another client of the same server asks right at once');
        const { body, messages } = server.requests.at(-1) ?? {};
        const sent = Object.keys(body ?? {});
        for (const key of ['temperature', limit, 'store', 'response_format', 'text'])
          assert.ok(!sent.includes(key), key);
        assert.match(messages?.at(-1)?.content ?? '', /JSON Schema/);
      });

      it('tells when the limit cut its answer, and when the model declines', async () => {
        await serve({ faults: [{ kind: 'length', after: 10 }, { kind: 'declines' }] });
        const plain = { messages: question.messages, purpose: 'patch' as const };
        const cut = await (await client(api)).complete({ ...plain, key: 'cut' });
        assert.deepEqual([cut.text, cut.truncated], [ANSWER.slice(0, 10), true]);
        const declined = (await client(api)).complete({ ...plain, key: 'declined' });
        assert.match((await failure(declined, 'model-refused')).message, /cannot help/);
      });
    });
  }

  describe('whose interface nobody named', () => {
    for (const told of [false, true]) {
      it(`is asked by responses where it has only those${told ? ' for this model' : ''}, and remembered`, async () => {
        await serve({ standing: [{ kind: 'only', api: 'responses', told }] });
        const habitBook: HabitBook = new Map();
        assert.deepEqual((await (await client(undefined, { habitBook })).complete(question)).value, value);
        await (await client(undefined, { habitBook })).complete({ ...question, key: 'later' });
        assert.deepEqual(asked(), ['chat', 'responses', 'responses']);
        assert.deepEqual([...server.paid.values()], [1, 1]);
      });
    }

    it('is asked by chat completions where it has those', async () => {
      await serve({ standing: [{ kind: 'only', api: 'chat' }] });
      await (await client(undefined)).complete(question);
      assert.deepEqual(asked(), ['chat']);
    });

    it('is not asked twice for a model that it does not know', async () => {
      await serve({ models: ['other'] });
      await failure((await client(undefined)).complete(question), 'model-not-found');
      assert.deepEqual(asked(), ['chat']);
    });

    it('is asked by the one that a person named, and by no other', async () => {
      await serve({ standing: [{ kind: 'only', api: 'responses' }] });
      await failure((await client('chat')).complete(question), 'model-not-found');
      assert.deepEqual(asked(), ['chat']);
    });
  });

  it('is sent the key in its header, and nothing else holds it', async () => {
    await serve({ apiKey: KEY });
    await (await client('responses')).complete(question);
    assert.ok(!JSON.stringify([server.requests[0]?.body, log.calls]).includes(KEY));
  });
});
