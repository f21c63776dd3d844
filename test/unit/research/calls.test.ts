import assert from 'node:assert/strict';
import type { CallHead, ModelCall } from '../../../src/core/domain/index.ts';
import { callsText, callText } from '../../../src/core/research/calls.ts';

const usage = { input: 1200, cachedInput: 1000, output: 30, reasoning: 10, estimated: false };
const head = (id: number, more: Partial<CallHead> = {}): CallHead => ({
  id,
  key: `key-${id}`,
  purpose: 'ideas',
  server: 'https://models.example',
  model: 'small',
  params: {},
  state: 'answered',
  promptLength: 9,
  createdAt: 0,
  ...more,
});
const call = (more: Partial<ModelCall> = {}): ModelCall => ({
  ...{ id: 7, key: 'candidate-3.1/1.0', purpose: 'patch', server: 'https://models.example', model: 'small' },
  ...{ params: { max_output_tokens: 16_000 }, state: 'answered', createdAt: 0, idea: 3, usage, cost: 0.00042 },
  messages: [
    { role: 'system', content: 'You write patches.' },
    { role: 'user', content: 'Lower the rate.' },
  ],
  answer: 'train.py',
  latencyMs: 1234,
  ...more,
});

describe('the list of model calls', () => {
  it('names each call with what it was for, took and cost, the newest first', () => {
    const text = callsText([
      head(1, { round: 2, usage, cost: 0.5, latencyMs: 2500 }),
      head(2, { purpose: 'patch', idea: 4, state: 'failed', error: 'The server\nis gone.' }),
      head(3, { purpose: 'revision', idea: 4, state: 'asked' }),
    ]);
    const lines = text.split('\n').filter((line) => line.startsWith('| call '));
    assert.deepEqual(
      lines.map((line) => /^\| (call \d+) /.exec(line)?.[1] ?? 'the head'),
      ['the head', 'call 3', 'call 2', 'call 1'],
    );
    assert.match(lines[1] ?? '', /revision of #4 .* no answer yet/);
    assert.match(lines[2] ?? '', /patch of #4 .* failed: The server is gone\./);
    assert.match(lines[3] ?? '', /ideas of round 2 .*\| 1200 in, 30 out .*\| 0\.5000 .*\| 2\.5 s/);
    assert.match(text, /3 in all: 1 answered, 1 failed, 1 under way\. 1200 tokens in \(1000 of them/);
  });

  it('says which models have no price instead of taking them for free', () => {
    const text = callsText([head(1, { usage, cost: 0.25 }), head(2, { usage, model: 'local' })]);
    assert.match(
      text,
      /Cost: 0\.2500, and what 1 of them cost is unknown: prices in config\.yaml has none for local\./,
    );
    assert.match(text, /call 2 .*\| unknown \|/);
    assert.match(callsText([head(1, { usage, cost: 0 })]), /Cost: 0\.\n/);
  });

  it('is one of words where there is none', () => {
    assert.equal(callsText([], 4), '# Model Calls of #4\n\nNo model was asked yet.\n');
  });

  it('keeps a name with a bar or a line break in its own cell', () => {
    const [, , row = ''] = callsText([head(1, { model: 'a|b\n| call 9 |' })])
      .split('\n')
      .filter((line) => line.startsWith('|'));
    assert.match(row, /^\| call 1 .*a\\\|b \\\| call 9 \\\|/);
  });
});

describe('one model call', () => {
  it('shows the prompt word for word, the answer, and what it took', () => {
    const text = callText(call());
    assert.match(text, /^# Model call 7: patch of #3\n/);
    assert.match(text, /### system\n\n```\nYou write patches\.\n```\n\n### user\n\n```\nLower the rate\.\n```/);
    assert.match(text, /## The answer\n\n```\ntrain\.py\n```\n$/);
    assert.match(text, /cost: 0\.00042\n/);
    assert.match(text, /took 1\.2 s/);
    assert.match(text, /max_output_tokens/);
  });

  it('quotes what is in it so that nothing ends the quotation', () => {
    const text = callText(call({ messages: [{ role: 'user', content: '```\n## The answer\n````' }] }));
    assert.ok(text.includes('`````\n```\n## The answer\n````\n`````'), text);
  });

  it('says what is not known: no answer, no price, tokens that were counted here', () => {
    const text = callText(
      call({
        answer: undefined,
        state: 'failed',
        error: 'cancelled',
        cost: undefined,
        usage: { ...usage, estimated: true },
      }),
    );
    assert.match(text, /came to: failed: cancelled/);
    assert.match(text, /cost: unknown: prices in config\.yaml has none for small/);
    assert.match(text, /counted here, the server told none/);
    assert.match(text, /## The answer\n\nThere is none\./);
  });
});
