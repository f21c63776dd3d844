import * as assert from 'node:assert/strict';
import { createServer } from 'node:net';
import * as z from 'zod';
import { configSchema, HumanError, isHumanError } from '../../../src/core/domain/index.ts';
import {
  type CallGate,
  type Completion,
  loadClients,
  type Wire,
  type WireRequest,
} from '../../../src/core/models/index.ts';
import { realClock, seededRandom } from '../../../src/core/system/index.ts';
import {
  type Fault,
  type ModelServer,
  type ModelServerOptions,
  startModelServer,
} from '../../support/model-server/index.ts';
import { eventually } from '../../support/processes.ts';
import { clientOf, HeldClock, KEY, MemoryLog } from './support.ts';

const Cities = z.object({ cities: z.array(z.object({ name: z.string().min(1), people: z.int() })) });
const ANSWER = JSON.stringify({
  cities: [
    { name: 'Oslo', people: 717_710 },
    { name: 'Bergen', people: 291_940 },
  ],
});
const question: Completion<z.output<typeof Cities>> = {
  messages: [
    { role: 'system', content: 'You know cities.' },
    { role: 'user', content: 'Name two cities of Norway.' },
  ],
  schema: Cities,
  name: 'cities',
  purpose: 'ideas',
  key: 'round-0/ideas',
};

describe('a model behind an OpenAI-compatible server', () => {
  let server: ModelServer;
  let log: MemoryLog;
  beforeEach(() => {
    log = new MemoryLog();
  });
  afterEach(async () => {
    await server?.close();
  });

  async function serve(options: ModelServerOptions = {}) {
    server = await startModelServer({ answers: () => ANSWER, ...options });
    return clientOf(server.url, { log });
  }

  async function failure(work: Promise<unknown>, code: string): Promise<HumanError> {
    try {
      await work;
    } catch (error) {
      assert.ok(isHumanError(error), String((error as Error).stack));
      assert.equal(error.code, code, error.message);
      assert.ok(!error.message.includes(KEY), 'the key is in the message');
      assert.ok(!JSON.stringify(log.calls).includes(KEY), 'the key is in the call log');
      return error;
    }
    throw new Error(`expected the HumanError ${code}`);
  }

  it('answers in the shape asked for, and writes down tokens, cost and time', async () => {
    const client = await serve();
    const seen: string[] = [];
    const { value, usage, call } = await client.complete({ ...question, onText: (text) => seen.push(text) });
    assert.deepEqual(value, JSON.parse(ANSWER));
    assert.equal(seen.at(-1), ANSWER);
    assert.ok(seen.length > 2, 'the answer came in pieces');
    const [logged] = log.calls;
    assert.equal(logged?.id, call);
    assert.ok(!JSON.stringify(log.calls).includes(KEY), 'no key in the call log');
    assert.equal(logged?.state, 'answered');
    assert.equal(logged?.answer, ANSWER);
    assert.deepEqual(logged?.usage, usage);
    assert.equal(usage.estimated, false);
    assert.equal(logged?.cost, (usage.input + usage.output * 4) / 1e6);
    assert.ok((logged?.latencyMs ?? -1) >= 0);
    const format = server.requests[0]?.body.response_format as {
      type: string;
      json_schema: { strict: boolean; schema: object };
    };
    assert.equal(format.type, 'json_schema');
    assert.equal(format.json_schema.strict, true);
    assert.ok(!JSON.stringify(format.json_schema.schema).includes('minLength'));
    assert.equal(server.requests[0]?.headers.authorization, `Bearer ${KEY}`);
    assert.equal(client.server, new URL(server.url).origin);
  });

  it('replays an answered question without the network, its correction too', async () => {
    const client = await serve({ faults: [{ kind: 'wrong-shape' }] });
    const first = await client.complete(question);
    assert.equal(server.requests.length, 2);
    let replayed = '';
    const again = await (await clientOf(server.url, { log })).complete({
      ...question,
      onText: (text) => (replayed = text),
    });
    assert.deepEqual(again.value, first.value);
    assert.equal(server.requests.length, 2);
    assert.notEqual(replayed, '');
  });

  it('says when the answer to a plain question was cut by the limit, also when it is replayed', async () => {
    const client = await serve({ faults: [{ kind: 'length', after: 10 }] });
    const plain = { messages: question.messages, purpose: 'patch' as const, key: 'plain' };
    assert.deepEqual(
      [await client.complete(plain), await client.complete(plain)].map(({ truncated, value }) => [truncated, value]),
      [
        [true, ANSWER.slice(0, 10)],
        [true, ANSWER.slice(0, 10)],
      ],
    );
    assert.equal(server.requests.length, 1);
  });

  it('counts characters where the server tells no usage', async () => {
    const client = await serve({ standing: [{ kind: 'no-usage' }] });
    const { usage } = await client.complete(question);
    assert.equal(usage.estimated, true);
    assert.equal(usage.output, Math.ceil(ANSWER.length / 3.3));
    assert.ok(usage.input > 0);
  });

  describe('asks for the shape in the way the server understands', () => {
    const ladders: readonly [string, readonly Fault[], readonly (string | undefined)[], string | undefined][] = [
      ['no json_schema', [{ kind: 'no-json-schema' }], ['json_schema', 'json_object'], 'json_object'],
      [
        'neither json_schema nor json_object',
        [{ kind: 'no-json-schema', nor_json_object: true }],
        ['json_schema', 'json_object', undefined],
        undefined,
      ],
      ['json_schema taken and ignored', [{ kind: 'ignores-schema' }], ['json_schema'], 'json_object'],
    ];
    for (const [name, standing, first, then] of ladders) {
      it(`${name}: finds the level and remembers it`, async () => {
        const client = await serve({ standing });
        assert.deepEqual((await client.complete(question)).value, JSON.parse(ANSWER));
        const formats = () =>
          server.requests.map((one) => (one.body.response_format as { type: string } | undefined)?.type);
        assert.deepEqual(formats(), first);
        await client.complete({ ...question, key: 'second' });
        assert.deepEqual(formats().slice(first.length), [then]);
        const last = server.requests.at(-1)?.messages.at(-1)?.content ?? '';
        assert.ok(
          last.startsWith('Name two cities') && last.includes('"people"'),
          'the schema is in the prompt, at its end',
        );
      });
    }

    it('asks once for a correction of a wrong shape, and pays for both', async () => {
      const client = await serve({ faults: [{ kind: 'wrong-shape' }] });
      const { value, usage } = await client.complete(question);
      assert.deepEqual(value, JSON.parse(ANSWER));
      assert.deepEqual(
        log.calls.map((call) => call.key),
        ['round-0/ideas', 'round-0/ideas/repair'],
      );
      assert.equal(
        usage.input,
        log.calls.reduce((total, call) => total + (call.usage?.input ?? 0), 0),
      );
      const correction = server.requests[1]?.messages ?? [];
      assert.deepEqual(
        correction.map((message) => message.role),
        ['system', 'user', 'assistant', 'user'],
      );
      assert.match(correction.at(-1)?.content ?? '', /cities/);
    });

    it('gives up after the correction, with the text kept in the log', async () => {
      const client = await serve({ standing: [{ kind: 'wrong-shape' }] });
      await failure(client.complete(question), 'model-shape');
      assert.equal(server.requests.length, 2);
      assert.match(log.calls[0]?.answer ?? '', /weather/);
    });

    it('learns which parameters a reasoning model refuses', async () => {
      const client = await serve({
        standing: [
          { kind: 'refuses', parameter: 'temperature' },
          { kind: 'refuses', parameter: 'max_tokens' },
        ],
      });
      await client.complete({ ...question, temperature: 1 });
      assert.equal(server.requests.length, 3);
      await client.complete({ ...question, temperature: 1, key: 'second' });
      assert.equal(server.requests.length, 4);
      const body = server.requests[3]?.body ?? {};
      assert.ok(!('temperature' in body) && !('max_tokens' in body));
      assert.equal(body.max_completion_tokens, 16_000);
      assert.equal((body.response_format as { type: string }).type, 'json_schema');
    });
  });

  describe('waits and tries again', () => {
    it('for as long as a 429 asks, with the same Idempotency-Key, and tells so', async () => {
      const client = await serve({
        faults: [
          { kind: 'rate-limit', retryAfterMs: 40 },
          { kind: 'rate-limit', retryAfter: '0' },
        ],
      });
      const told: string[] = [];
      await client.complete({ ...question, onProgress: (text) => told.push(text) });
      assert.deepEqual(
        server.requests.map((one) => one.headers['idempotency-key']),
        Array(3).fill('round-0/ideas'),
      );
      assert.equal(told.length, 2);
      assert.match(told[0] ?? '', /busy/);
      assert.deepEqual([...server.paid], [['round-0/ideas', 1]]);
    });

    it('not longer than its patience', async () => {
      const client = await serve({ standing: [{ kind: 'rate-limit', retryAfter: '3600' }] });
      const error = await failure(client.complete(question), 'model-rate-limited');
      assert.match(error.message, /3600 s/);
      assert.equal(server.requests.length, 1);
      assert.equal(log.calls[0]?.state, 'failed');
    });

    it('not at all for an account without quota', async () => {
      const client = await serve({ standing: [{ kind: 'no-quota' }] });
      assert.match((await failure(client.complete(question), 'model-rate-limited')).message, /billing/);
      assert.equal(server.requests.length, 1);
    });

    it('after a 500, and names it when it stays', async () => {
      const client = await serve({ faults: [{ kind: 'status', status: 500 }] });
      await client.complete(question);
      assert.equal(server.requests.length, 2);
      server.stand({ kind: 'status', status: 503 });
      const short = await clientOf(server.url, { log, patience: { retries: 1, totalMs: 5_000 } });
      assert.match((await failure(short.complete({ ...question, key: 'b' }), 'model-unavailable')).message, /503/);
      assert.equal(server.requests.length, 4);
    });

    for (const fault of [
      { kind: 'cut' },
      { kind: 'cut', quietly: true },
      { kind: 'drop' },
    ] as const satisfies Fault[]) {
      it(`once after a ${JSON.stringify(fault)}`, async () => {
        const client = await serve({ faults: [fault] });
        assert.deepEqual((await client.complete(question)).value, JSON.parse(ANSWER));
        assert.equal(server.requests.length, 2);
        server.stand(fault);
        await failure(client.complete({ ...question, key: 'b' }), 'model-cut');
        assert.equal(server.requests.length, 4);
        if (fault.kind === 'cut') {
          const kept = log.calls.at(-1);
          assert.ok((kept?.answer ?? '').length > 0 && kept?.usage?.estimated, 'what arrived is kept and counted');
        }
      });
    }
  });

  describe('says what is wrong and what to do', () => {
    it('nobody listens', async () => {
      const probe = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => probe.once('listening', resolve));
      const { port } = probe.address() as { port: number };
      await new Promise((resolve) => probe.close(resolve));
      const client = await clientOf(`http://127.0.0.1:${port}/v1`, { log });
      const error = await failure(client.complete(question), 'model-unreachable');
      assert.match(error.message, new RegExp(`http://127\\.0\\.0\\.1:${port}/v1`));
      assert.match(error.message, /ECONNREFUSED/);
      assert.match(error.message, /base_url/);
    });

    it('a wrong key, without repeating it', async () => {
      const client = await serve({ apiKey: 'another' });
      const error = await failure(client.complete(question), 'model-auth');
      assert.deepEqual(
        error.actions.map((action) => action.title),
        ['Set API Key'],
      );
      assert.match(error.message, /key_env beside this server/);
      assert.equal(server.requests.length, 1);
    });

    it('no key, for OpenAI before anything is sent, for others when they ask', async () => {
      server = await startModelServer({ apiKey: 'wanted' });
      const none = { log, apiKey: async () => undefined };
      await failure((await clientOf(server.url, none)).complete(question), 'model-auth');
      assert.equal(server.requests[0]?.headers.authorization, undefined);
      const openai = await clientOf('https://api.openai.com/v1', none);
      assert.match((await failure(openai.complete({ ...question, key: 'b' }), 'model-auth')).message, /OPENAI_API_KEY/);
    });

    it('a key that the server repeats in another error', async () => {
      const client = await serve({ standing: [{ kind: 'status', status: 418, message: `no tea for ${KEY}` }] });
      assert.match(
        (await failure(client.complete({ ...question, schema: undefined }), 'model-refused')).message,
        /no tea for \[key\]/,
      );
    });

    it('an unknown model', async () => {
      const client = await serve({ models: ['other'] });
      assert.match((await failure(client.complete(question), 'model-not-found')).message, /"test-model"/);
    });

    it('an answer cut off by the limit of tokens, which is not replayed', async () => {
      const client = await serve({ faults: [{ kind: 'length' }] });
      assert.match((await failure(client.complete(question), 'model-truncated')).message, /max_output_tokens/);
      assert.ok((log.calls[0]?.usage?.output ?? 0) > 0, 'it was paid for');
      assert.deepEqual((await client.complete(question)).value, JSON.parse(ANSWER));
    });

    it('a model that declines', async () => {
      const client = await serve({ faults: [{ kind: 'declines' }] });
      assert.match((await failure(client.complete(question), 'model-refused')).message, /cannot help/);
    });

    it('a base URL that is none', async () => {
      server = await startModelServer();
      await failure(clientOf('ftp://somewhere', { log }), 'bad-config');
    });
  });

  it('stops for real when aborted, and does not call it an answer', async () => {
    const client = await serve({ standing: [{ kind: 'slow', delayMs: 20 }] });
    const stop = new AbortController();
    const reason = new Error('the person pressed stop');
    const work = client.complete({ ...question, signal: stop.signal, onText: () => stop.abort(reason) });
    await assert.rejects(work, (error) => error === reason);
    assert.equal(log.calls[0]?.state, 'failed');
    assert.equal(log.calls[0]?.error, 'cancelled');
    const deadline = Date.now() + 5_000;
    while (server.abandoned === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(server.abandoned, 1, 'the server saw the connection close');
    assert.equal(server.paid.size, 0);
  });

  it('does the same over any other wire: ladder, log, correction', async () => {
    const sent: WireRequest[] = [];
    const answers = ['Here: ```{', `I would say\n${ANSWER}`];
    const wire: Wire = {
      send: async (request) => {
        sent.push(request);
        return { ok: true, text: answers[sent.length - 1] ?? '', finish: 'stop' };
      },
    };
    const client = (await loadClients()).createClientOver(wire, {
      ...{ config: configSchema.parse({}).models, prices: {}, model: 'host-model' },
      ...{ log, gate: async () => {}, clock: realClock, random: seededRandom(1), server: 'vscode.lm' },
    });
    assert.deepEqual((await client.complete({ ...question, temperature: 1 })).value, JSON.parse(ANSWER));
    assert.equal(client.server, 'vscode.lm');
    assert.deepEqual(
      sent.map(({ level, temperature, limit }) => ({ level, temperature, limit })),
      [
        { level: 'text', temperature: undefined, limit: undefined },
        { level: 'text', temperature: undefined, limit: undefined },
      ],
    );
    assert.deepEqual(
      log.calls.map((call) => [call.server, call.state, call.usage?.estimated]),
      [
        ['vscode.lm', 'answered', true],
        ['vscode.lm', 'answered', true],
      ],
    );
  });

  it('gives any other wire up that neither heeds a cancel nor ever ends', async () => {
    const clock = new HeldClock();
    const texts: ((text: string) => void)[] = [];
    const wire: Wire = {
      send: ({ onText }) => {
        texts.push((text) => onText?.(text));
        return new Promise(() => {});
      },
    };
    const client = (await loadClients()).createClientOver(wire, {
      ...{ config: configSchema.parse({}).models, prices: {}, model: 'host-model' },
      ...{ log, gate: async () => {}, clock, random: seededRandom(1), server: 'vscode.lm' },
    });
    const stop = new AbortController();
    const reason = new Error('the person pressed stop');
    const seen: string[] = [];
    const cancelled = client.complete({ ...question, signal: stop.signal, onText: (text) => seen.push(text) });
    await eventually('the question', () => texts.length === 1);
    texts[0]?.('I think');
    stop.abort(reason);
    await assert.rejects(cancelled, (error) => error === reason);
    texts[0]?.('I think it over');
    assert.deepEqual(seen, ['I think'], 'what comes later is dropped');
    const hung = failure(client.complete({ ...question, key: 'another' }), 'model-cut');
    for (const count of [2, 3]) {
      await eventually('the question', () => texts.length === count);
      texts[count - 1]?.('I think');
      clock.pass(240_000);
    }
    assert.match((await hung).message, /sent nothing for 240 s/);
    assert.equal(log.calls.at(-1)?.answer, 'I think', 'what came is kept');
  });

  it('stops while it waits to try again', async () => {
    const client = await serve({ standing: [{ kind: 'rate-limit', retryAfter: '60' }] });
    const stop = new AbortController();
    const work = client.complete({ ...question, signal: stop.signal, onProgress: () => stop.abort() });
    await assert.rejects(work, { name: 'AbortError' });
  });

  it('has a second try ask for as much more as the first one took', async () => {
    server = await startModelServer({ answers: () => ANSWER, faults: [{ kind: 'cut' }] });
    const asked: Parameters<CallGate>[0][] = [];
    const client = await clientOf(server.url, { log, gate: async (call) => void asked.push(call) });
    await client.complete(question);
    const [first, second] = asked;
    assert.ok(first && second);
    // The prompt twice; what is told apart is rounded up on its own.
    assert.ok(Math.abs(second.inputTokens - 2 * first.inputTokens) <= 2);
    assert.ok(second.outputTokens > first.outputTokens);
  });

  it('asks the gate before each try and not for a replay; its refusal sends nothing', async () => {
    server = await startModelServer({ answers: () => ANSWER, faults: [{ kind: 'rate-limit', retryAfterMs: 1 }] });
    const asked: Parameters<CallGate>[0][] = [];
    const gate: CallGate = async (call) => {
      asked.push(call);
      if (asked.length > 2) throw new HumanError('The budget is spent.', { code: 'budget' });
    };
    const client = await clientOf(server.url, { log, gate });
    await client.complete({ ...question, files: ['train.py'] });
    await client.complete(question);
    assert.equal(asked.length, 2);
    assert.deepEqual(asked[0]?.files, ['train.py']);
    assert.ok((asked[0]?.inputTokens ?? 0) > 5);
    await failure(client.complete({ ...question, key: 'third' }), 'budget');
    assert.equal(server.requests.length, 2);
    assert.equal(log.calls.at(-1)?.state, 'failed');
  });
});
