import { strict as assert } from 'node:assert';
import * as fs from 'node:fs';
import { readContext, readHyperparameters } from '../../../src/core/environment/index.ts';
import {
  createEditImplementer,
  createLlmImplementer,
  type SyntaxChecker,
} from '../../../src/core/implementer/index.ts';
import { answerFromPrompt } from '../../support/model-server/answer.ts';
import { tell } from '../../support/model-server/changes.ts';
import { structuralSketches } from '../../support/model-server/recipes.ts';
import { withScratch } from '../git/scratch.ts';
import { block, environment, FILES, IDEA, refused, request, ScriptedModel } from './requests.ts';

const GOOD = `The rate is too high.\n\n${block('train.py', 'lr = 3e-4\nsteps = 100', 'lr = 1.5e-4\nsteps = 100')}`;

describe('the implementer that asks a model', () => {
  it('hands on exactly what was answered, with its reason, kind and hash', async () => {
    const model = new ScriptedModel(GOOD);
    const asked = request();
    const result = await createLlmImplementer({ client: model }).implement(asked);
    assert.deepEqual([...result.changes], [['train.py', FILES.get('train.py')?.replace('3e-4', '1.5e-4')]]);
    assert.deepEqual(result.reasons, [{ path: 'train.py', line: 3, text: 'The rate is too high.' }]);
    assert.equal(result.kind, 'hyperparameter');
    assert.match(result.patchHash, /^[0-9a-f]{64}$/);
    const [attempt] = asked.attempts;
    assert.equal(attempt?.answer, GOOD);
    assert.equal(attempt?.modelCall, 1);
    assert.deepEqual(attempt?.report, [{ path: 'train.py', outcome: 'exact', detail: '' }]);
    assert.match(
      attempt?.diff ?? '',
      /^diff --git a\/train\.py b\/train\.py\n--- a\/train\.py\n\+\+\+ b\/train\.py\n@@ /,
    );
  });

  it('shows the model the files it may read, and of protected ones only what they define', async () => {
    const model = new ScriptedModel(GOOD);
    await createLlmImplementer({ client: model }).implement(request({ feedback: 'A person says: smaller.' }));
    const prompt = model.asked[0]?.messages.map((message) => message.content).join('\n') ?? '';
    assert.ok(prompt.includes(`File: train.py\n\`\`\`python\n${FILES.get('train.py')}\`\`\``));
    assert.ok(prompt.includes('def evaluate(model):'));
    assert.ok(!prompt.includes('secret_body'));
    for (const words of [IDEA.title, IDEA.hypothesis, IDEA.details, 'A person says: smaller.', 'evaluate.py']) {
      assert.ok(prompt.includes(words), words);
    }
    assert.equal(model.asked[0]?.purpose, 'patch');
    assert.equal(model.asked[0]?.key, 'idea-12/0.0');
  });

  it('feeds a refusal back with the real lines, and takes the mended answer', async () => {
    const model = new ScriptedModel(block('train.py', 'lr = 6e-4\nsteps = 100', 'lr = 1'), 'sorry', GOOD);
    const asked = request();
    await createLlmImplementer({ client: model }).implement(asked);
    assert.deepEqual(
      asked.attempts.map((attempt) => attempt.report.map((row) => row.outcome)),
      [['no-match'], ['no-edits'], ['exact']],
    );
    assert.deepEqual(
      model.asked.map((one) => [one.purpose, one.key, one.messages.length]),
      [
        ['patch', 'idea-12/0.0', 2],
        ['revision', 'idea-12/0.1', 4],
        ['revision', 'idea-12/0.2', 6],
      ],
    );
    const told = model.asked[1]?.messages.at(-1)?.content ?? '';
    assert.match(told, /no-match/);
    assert.ok(told.includes('lr = 6e-4'), 'what was sent');
    assert.ok(told.includes('lr = 3e-4\nsteps = 100'), 'what stands there');
  });

  it('quotes back no line of a file that the model may not read, whichever path it names', async () => {
    const files = new Map([...FILES, ['.env', 'PASSWORD=correct-horse-battery\n']]);
    const model = new ScriptedModel(block('.env', 'PASSWORD=correct-horse', 'PASSWORD=x'), GOOD);
    await createLlmImplementer({ client: model }).implement(request({ files }));
    const sent = model.asked.flatMap((one) => one.messages.filter(({ role }) => role !== 'assistant'));
    assert.ok(!sent.some(({ content }) => content.includes('battery')));
  });

  it('starts afresh once after two revisions, asks at most six times, and keeps every answer', async () => {
    const wrong = Array.from({ length: 6 }, (_, i) => block('train.py', `lr = ${i}`, 'lr = 9'));
    const model = new ScriptedModel(...wrong);
    const asked = request();
    const message = await refused(createLlmImplementer({ client: model }).implement(asked), 'no-match');
    assert.match(message, /6 answers/);
    assert.deepEqual(
      model.asked.map((one) => one.messages.length),
      [2, 4, 6, 2, 4, 6],
    );
    assert.deepEqual(
      asked.attempts.map((attempt) => attempt.answer),
      wrong,
    );
  });

  it('does not pay for the same answer again and again', async () => {
    const model = new ScriptedModel('no', 'no', 'no');
    await refused(createLlmImplementer({ client: model }).implement(request()), 'no-edits');
    assert.equal(model.asked.length, 3);
  });

  it('starts afresh when the same error stands in the same place, in other words', async () => {
    const wrong = (prose: string) => `${prose}\n\n${block('train.py', 'lr = 6e-4\nsteps = 1', 'lr = 1')}`;
    const model = new ScriptedModel(wrong('First.'), wrong('Sorry.'), GOOD);
    await createLlmImplementer({ client: model }).implement(request());
    assert.deepEqual(
      model.asked.map((one) => one.messages.length),
      [2, 4, 2],
    );
  });

  it('shows eight lines of the file as the answer made it around what a gate found', async () => {
    const broken = block('train.py', 'lr = 3e-4\nsteps = 100', 'lr = (3e-4\nsteps = 100');
    const model = new ScriptedModel(broken, GOOD);
    const problem = { rule: 'invalid-syntax', message: "'(' was never closed", line: 3, column: 6, endLine: 3 };
    const checker: Pick<SyntaxChecker, 'check'> = {
      check: async (text) => ({ ok: true, problems: text.includes('(3e-4') ? [problem] : [] }),
    };
    await createLlmImplementer({ client: model }).implement(request({ checker }));
    const told = model.asked[1]?.messages.at(-1)?.content ?? '';
    assert.ok(told.includes('lr = (3e-4\nsteps = 100'), told);
    assert.ok(told.includes('as your answer makes them'), told);
  });

  it('keeps the edits that found their place, and asks for the others alone', async () => {
    const placed = block('train.py', 'import math', 'import math\nimport os');
    const lost = block('train.py', 'lr = 6e-4\nsteps = 100', 'lr = 1e-4\nsteps = 100');
    const mended = block('train.py', 'lr = 3e-4\nsteps = 100', 'lr = 1e-4\nsteps = 100');
    const model = new ScriptedModel(`${placed}\n${lost}`, mended);
    const asked = request();
    const result = await createLlmImplementer({ client: model }).implement(asked);
    const wanted = FILES.get('train.py')?.replace('math', 'math\nimport os').replace('3e-4', '1e-4');
    assert.equal(result.changes.get('train.py'), wanted);
    const told = model.asked[1]?.messages.at(-1)?.content ?? '';
    assert.ok(told.includes('are kept:\n<known>\n- train.py: at "import math"'), told);
    assert.deepEqual(
      asked.attempts.map((attempt) => attempt.report.map((row) => row.outcome)),
      [
        ['exact', 'no-match'],
        ['exact', 'kept: exact'],
      ],
    );
  });

  it('takes kept edits that are sent again once, and what is said anew instead of them', async () => {
    const placed = block('train.py', 'import math', 'import os');
    const lost = block('train.py', 'lr = 6e-4', 'lr = 1e-4');
    const mended = block('train.py', 'lr = 3e-4', 'lr = 1e-4');
    for (const [again, first] of [
      [placed, 'import os'],
      [block('train.py', 'import math\n', 'import sys\n'), 'import sys'],
    ] as const) {
      const model = new ScriptedModel(`${placed}\n${lost}`, `${again}\n${mended}`);
      const result = await createLlmImplementer({ client: model }).implement(request());
      const wanted = FILES.get('train.py')?.replace('import math', first).replace('3e-4', '1e-4');
      assert.equal(result.changes.get('train.py'), wanted);
    }
  });

  it('never loses a kept edit to one that quotes its lines: both are asked for as one', async () => {
    const placed = block('train.py', 'lr = 3e-4', 'lr = 1e-4');
    const lost = block('train.py', 'steps = 200', 'steps = 300');
    const quoting = block('train.py', 'lr = 3e-4\nsteps = 100', 'lr = 3e-4\nsteps = 300');
    const joined = block('train.py', 'lr = 3e-4\nsteps = 100', 'lr = 1e-4\nsteps = 300');
    const model = new ScriptedModel(`${placed}\n${lost}`, quoting, joined);
    const asked = request();
    const result = await createLlmImplementer({ client: model }).implement(asked);
    const wanted = FILES.get('train.py')?.replace('3e-4', '1e-4').replace('100', '300');
    assert.equal(result.changes.get('train.py'), wanted);
    const told = model.asked[2]?.messages.at(-1)?.content ?? '';
    assert.match(told, /overlap/);
    assert.match(told, /Send the whole change again/);
  });

  it('forgets kept edits in the fresh try and after an error of the whole change', async () => {
    const placed = block('train.py', 'import math', 'import os');
    const lost = block('train.py', 'lr = 6e-4', 'lr = 1e-4');
    const model = new ScriptedModel(`${placed}\n${lost}`, `${placed}\n${lost}`, GOOD);
    const result = await createLlmImplementer({ client: model }).implement(request());
    assert.equal(result.changes.get('train.py'), FILES.get('train.py')?.replace('3e-4', '1.5e-4'));
    const guarded = block('evaluate.py', 'import sys', 'import os');
    const other = new ScriptedModel(`${placed}\n${guarded}`, GOOD);
    const mended = await createLlmImplementer({ client: other }).implement(request());
    assert.equal(mended.changes.get('train.py'), FILES.get('train.py')?.replace('3e-4', '1.5e-4'));
  });

  for (const [what, answer, code, extra] of [
    ['a protected file', block('evaluate.py', 'import sys', 'import os'), 'protected-path', {}],
    ['research.yaml', block('research.yaml', 'name: t', 'name: u'), 'protected-path', {}],
    ['what is not editable', block('run.sh', '', 'true'), 'not-editable', { editable: ['*.py'] }],
    [
      'a protected region',
      block('train.py', '    return x * lr', '    return 0'),
      'protected-region',
      { protected_regions: [{ file: 'train.py', from: 'def loss', to: 'return' }] },
    ],
    ['a path outside', block('../x.py', '', 'x'), 'path-escape', {}],
    ['a git folder', block('.git/hooks/x', '', 'x'), 'path-escape', {}],
    ['a cut answer', { text: GOOD, truncated: true } as const, 'truncated', {}],
  ] as const) {
    it(`refuses ${what}, also beside a good block, and takes nothing`, async () => {
      const answers = [0, 1].map(() => (typeof answer === 'string' ? `${GOOD}\n${answer}` : answer));
      const model = new ScriptedModel(...answers, ...answers);
      const asked = request({ environment: environment(extra) });
      await refused(createLlmImplementer({ client: model }).implement(asked), code);
      assert.ok(asked.attempts.every((attempt) => attempt.diff === ''));
    });
  }

  it('never hands on a patch that git applies to other bytes', async () => {
    const asked = request({ verify: async () => false });
    await refused(createLlmImplementer({ client: new ScriptedModel(GOOD) }).implement(asked), 'patch-refused');
    assert.equal(asked.attempts[0]?.report.at(-1)?.outcome, 'patch-refused');
  });
});

describe('the implementer of structured edits', () => {
  const python =
    'import argparse\np = argparse.ArgumentParser()\np.add_argument("--lr", type=float, default=0.1)\np.add_argument("--steps", type=int, default=100)\n';
  const files = new Map([['train.py', python]]);
  const edit = (name: string, from: string, to: string) => ({ path: 'train.py', name, from, to });
  const implement = (edits: readonly ReturnType<typeof edit>[], extra = {}) => {
    const asked = request({ idea: { ...IDEA, edits }, files, ...extra });
    return { asked, work: createEditImplementer({ readHyperparameters }).implement(asked) };
  };

  it('sets the literals and nothing else, checked through git', async () => {
    await withScratch({ 'train.py': python }, async (scratch, repository) => {
      const from = scratch.git('rev-parse', 'HEAD');
      const verify = async (patch: string, after: ReadonlyMap<string, string | null>) => {
        const result = await repository.applyThroughGit(from, Buffer.from(patch), [...after.keys()]);
        return [...after].every(([path, text]) => (result.get(path)?.toString() ?? null) === text);
      };
      const { asked, work } = implement([edit('lr', '0.1', '0.025'), edit('steps', '100', '200')], { verify });
      const result = await work;
      assert.equal(result.changes.get('train.py'), python.replace('0.1', '0.025').replace('100', '200'));
      assert.equal(result.kind, 'hyperparameter');
      assert.deepEqual(
        result.reasons.map((reason) => `${reason.line} ${reason.text}`),
        ['3 lr: 0.1 → 0.025', '4 steps: 100 → 200'],
      );
      assert.equal(asked.attempts.length, 1);
    });
  });

  for (const [what, edits, code] of [
    ['an unknown name', [edit('rate', '0.1', '0.2')], 'stale-edit'],
    ['a value that moved on', [edit('lr', '0.3', '0.2')], 'stale-edit'],
    ['code for a literal', [edit('lr', '0.1', '__import__("os").system("x")')], 'bad-literal'],
    ['two values for one', [edit('lr', '0.1', '0.2'), edit('lr', '0.1', '0.3')], 'overlap'],
    ['the same value', [edit('lr', '0.1', '0.1')], 'no-op'],
    ['no edits', [], 'no-edits'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { asked, work } = implement(edits);
      await refused(work, code);
      assert.equal(asked.attempts[0]?.diff, '');
    });
  }

  it('passes the same gate', async () => {
    await refused(
      implement([edit('lr', '0.1', '0.2')], { environment: environment({ protected: ['*.py'] }) }).work,
      'protected-path',
    );
  });
});

describe('the implementer and a model that sees nothing but its prompt', () => {
  const names = ['train.py', 'model.py', 'data.py', 'evaluate.py'];
  const quickstart = new Map(names.map((name) => [name, fs.readFileSync(`examples/quickstart/${name}`, 'utf8')]));

  for (const sketch of structuralSketches(quickstart)) {
    it(`makes the patch of "${sketch.title}"`, async () => {
      const client = new ScriptedModel();
      client.complete = async (completion) => {
        const text = answerFromPrompt({ model: 'm', messages: completion.messages, body: {}, headers: {}, key: '' });
        const usage = { input: 1, cachedInput: 0, output: 1, reasoning: 0, estimated: true };
        return { value: text as never, text, usage, call: 1, truncated: false };
      };
      const asked = request({
        idea: { ...IDEA, title: sketch.title, hypothesis: sketch.why, details: sketch.changes.map(tell).join('\n') },
        files: quickstart,
        context: readContext(quickstart, environment({ run: 'python3 train.py' })),
      });
      const result = await createLlmImplementer({ client }).implement(asked);
      assert.equal(asked.attempts.length, 1);
      assert.equal(result.kind, 'algorithmic');
      assert.ok(result.changes.size > 0);
      assert.ok(result.reasons.length > 0);
    });
  }
});
