import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Research } from '../../src/core/research.ts';
import type { ExtensionApi } from '../../src/extension.ts';
import { activated, until } from './extension.ts';
import { type Control, leaveModels, setModel, takeModels } from './language-models.ts';

const MODELS = [
  { id: 'small-1', family: 'small' },
  { id: 'large-1', family: 'large' },
];
const IDEA = {
  ...{ title: 'Warm up the rate', hypothesis: 'Early steps are noisy.', details: 'Raise it over 100 steps.' },
  ...{ expected: 'lower', risk: 'none', builds_on: [], move: 'explore' },
};

describe("VS Code's own language models", () => {
  let api: ExtensionApi;
  let research: Research;
  let control: Control;

  before(async () => {
    api = await activated();
    research = await api.session.research();
    control = await takeModels(research.root);
  });
  after(async () => {
    await leaveModels(control);
    await api.session.refresh();
  });

  it('are missed aloud where there are none, and no other ideator steps in', async () => {
    await assert.rejects(research.generateIdeas({ count: 1 }), {
      code: 'no-language-model',
      message: /offers no language model, and research\.model\.provider is vscode/,
    });
    assert.match((await research.state()).ideator.label, /none is offered/);
  });

  it('are shown as soon as an extension brings them, and taken by id or family', async () => {
    const before = control.asked.length;
    control.offer(MODELS);
    await until(
      'the models',
      vscode.lm.onDidChangeChatModels,
      async () => (await vscode.lm.selectChatModels()).length > 1,
    );
    await until(
      'the ideator',
      api.session.onDidChange,
      async () => (await research.state()).ideator.label === 'small-1',
    );
    await setModel('ideator', 'large');
    await setModel('vendor', 'research-test');
    assert.equal((await research.state()).ideator.label, 'large-1');
    await setModel('ideator', 'huge');
    await assert.rejects(research.generateIdeas({ count: 1 }), {
      message:
        /no language model named huge .* of research-test .*There are research-test: small-1 \(small\), research-test: large-1 \(large\)\./,
    });
    await setModel('ideator', 'large');
    assert.equal(control.asked.length, before);
  });

  it('propose ideas, with the call kept like any other', async () => {
    control.answer = `Here it is:\n\n\`\`\`json\n${JSON.stringify({ ideas: [IDEA] })}\n\`\`\`\n`;
    const [id] = await research.generateIdeas({ count: 1 });
    const idea = (await research.state()).rounds
      .flatMap(({ ideas }) => ideas)
      .find((node) => node.idea.id === id)?.idea;
    assert.equal(idea?.title, IDEA.title);
    assert.match(control.asked.at(-1)?.prompt ?? '', /train\.py/);
    const call = (await research.modelCalls()).at(-1);
    assert.deepEqual([call?.server, call?.model, call?.state], ['vscode.lm/research-test', 'large-1', 'answered']);
  });

  it('stop when the person cancels', async () => {
    control.answer = 'hang';
    const stop = new AbortController();
    const before = control.asked.length;
    const work = research.nextRound({ count: 1, signal: stop.signal });
    work.catch(() => {});
    await until('the question', api.session.onDidChange, () => control.asked.length > before);
    stop.abort();
    await assert.rejects(work, { code: 'cancelled' });
    // Until a later version, VS Code forgot the token once the answer had begun: there only we stop.
    if (vscode.version.startsWith('1.106.')) return;
    await until('the end of the answer', api.session.onDidChange, () => control.cancelled === 1);
  });

  it('say what is wrong in words of their own, not of keys and addresses', async () => {
    control.answer = 'blocked';
    await assert.rejects(research.nextRound({ count: 1 }), {
      message: /VS Code's language model "large-1".*Come back tomorrow/,
    });
  });
});
