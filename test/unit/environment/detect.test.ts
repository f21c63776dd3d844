import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import fc from 'fast-check';
import { detectEnvironment as detect } from '../../../src/core/environment/detect/index.ts';
import { parseEnvironment } from '../../../src/core/environment/index.ts';
import { KnownFormats } from '../../../src/core/metrics/index.ts';

const QUICKSTART = ['README.md', 'program.md', 'train.py', 'model.py', 'data.py', 'evaluate.py', 'data/sonnets.txt'];

type Missing = NonNullable<Parameters<typeof detect>[1]['missing']>;

function detectEnvironment(files: ReadonlyMap<string, string>, missing: Missing = []) {
  return detect(files, { missing, reads: (line) => new KnownFormats().parse(line).map(({ name }) => name) });
}

describe('detection', () => {
  it('proposes for the quickstart what its own research.yaml says', async () => {
    const texts = await Promise.all(
      QUICKSTART.map(async (file) => [file, await fs.readFile(`examples/quickstart/${file}`, 'utf8')] as const),
    );
    const detected = detectEnvironment(new Map(texts));
    const own = parseEnvironment(await fs.readFile('examples/quickstart/research.yaml', 'utf8'), 'f');
    const proposed = parseEnvironment(detected.yaml, 'f');
    assert.ok(own.ok && proposed.ok, JSON.stringify(proposed));
    for (const key of ['name', 'brief', 'run', 'smoke', 'seed'] as const) {
      assert.deepEqual(proposed.value[key], own.value[key], key);
    }
    assert.equal(proposed.value.objective.metric, 'val_loss');
    assert.equal(proposed.value.objective.goal, 'minimize');
    assert.equal(proposed.value.resources.gpus, 0);
    assert.deepEqual([...proposed.value.protected].sort(), [...own.value.protected].sort());
    assert.deepEqual(detected.open, ['resources.timeout']);
    for (const line of detected.yaml.trim().split('\n')) assert.match(line, /(^| )# ./, 'every line has its reason');
  });

  it('reads a nanoGPT-like repository', () => {
    const detected = detectEnvironment(
      new Map([
        [
          'README.md',
          '# nano\n```sh\n$ python data/prepare.py\n$ python train.py config/small.py --compile=False\n```\n',
        ],
        [
          'train.py',
          'device = \'cuda\'\nlearning_rate = 6e-4\nprint(f"step {i}: train loss {a:.4f}, val loss {b:.4f}")\n',
        ],
        ['config/small.py', ''],
        ['data/prepare.py', ''],
        ['requirements.txt', 'torch\n'],
      ]),
    );
    assert.equal(detected.environment.run, 'python train.py config/small.py --compile=False');
    assert.equal(detected.environment.objective?.metric, 'val_loss');
    assert.equal(detected.environment.resources?.gpus, 1);
    assert.deepEqual(detected.environment.protected, ['data/**']);
    assert.deepEqual(detected.open, ['seed', 'resources.timeout']);
    assert.ok(parseEnvironment(detected.yaml, 'f').ok, detected.yaml);
  });

  it('proposes what Git LFS and submodules keep elsewhere as inputs, each name literally', () => {
    const files = new Map([['train.py', "print('loss', 1)\n"]]);
    const lfs = (path: string) => ({ path, why: 'lfs' }) as const;
    const few = detectEnvironment(files, [lfs('data/a [1].bin'), { path: 'lib', why: 'submodule' }]);
    assert.deepEqual(few.environment.inputs, ['data/a \\[1\\].bin', 'lib/**']);
    assert.match(few.yaml, /inputs: .* # Git LFS or submodules/);
    const many = detectEnvironment(
      files,
      Array.from({ length: 20 }, (_, at) => lfs(`data/${at}.bin`)),
    );
    assert.deepEqual(many.environment.inputs, ['data/*']);
    assert.ok(parseEnvironment(few.yaml, 'f').ok, few.yaml);
  });

  it('stays open about what it cannot tell, and the proposal then says what is missing', () => {
    const detected = detectEnvironment(new Map([['notes.txt', 'nothing here']]));
    assert.deepEqual(detected.open, ['run', 'objective', 'seed']);
    const parsed = parseEnvironment(detected.yaml, 'f');
    assert.ok(!parsed.ok);
    assert.deepEqual(
      parsed.diagnostics.map((one) => one.path),
      ['run', 'objective'],
    );
  });

  it('takes an accuracy for something to raise', () => {
    const detected = detectEnvironment(new Map([['train.py', "print('test acc', acc)\nprint(f'loss {l}')\n"]]));
    assert.deepEqual(detected.environment.objective, { metric: 'test_acc', goal: 'maximize', summary: 'last' });
  });

  const printed = (line: string) => detectEnvironment(new Map([['train.py', `${line}\n`]])).environment;

  it('writes a pattern where a line is in no format that is known, with the step in it', () => {
    for (const [line, metric, shown, value] of [
      [
        "print('Test set: Average loss: {:.4f}, Accuracy: {}/{} ({:.1f}%)'.format(a, b, c, d))",
        'test_accuracy',
        'Test set: Average loss: 0.1234, Accuracy: 9012/10000 (90.1%)',
        '90.1',
      ],
      ["print(f'validation | loss: {l:.3f}')", 'val_loss', 'validation | loss: 1.250', '1.250'],
      ["print('[eval] reward of the policy is', r)", 'val_reward', '[eval] reward of the policy is 0.75', '0.75'],
    ] as const) {
      const environment = printed(line);
      assert.equal(environment.objective?.metric, metric, line);
      const [pattern] = environment.metrics ?? [];
      if (pattern === undefined) continue;
      assert.ok(typeof pattern === 'string');
      assert.equal(new RegExp(pattern).exec(shown)?.groups?.[metric], value, pattern);
    }
    const [stepped] = printed("print(f'step {step} valid -- the loss is {l}')").metrics ?? [];
    assert.equal(new RegExp(String(stepped)).exec('step 40 valid -- the loss is 2.5')?.groups?.step, '40');
  });

  it('tells the loss of validation from the loss of training where both are printed under one name', () => {
    const environment = printed("print(f'train: loss={a}')\nprint(f'valid: loss={b}')");
    assert.equal(environment.objective?.metric, 'val_loss');
    const [pattern] = environment.metrics ?? [];
    assert.ok(typeof pattern === 'string');
    assert.ok(!new RegExp(pattern).test('train: loss=0.3'));
    assert.equal(new RegExp(pattern).exec('valid: loss=0.4')?.groups?.val_loss, '0.4');
  });

  it('quotes a repository in a comment that it cannot leave', () => {
    const name = 'a\nrun: rm -rf ~';
    const detected = detectEnvironment(
      new Map([
        ['README.md', `# x\n\n    python train.py\n`],
        ['train.py', `print('${name} val_loss:', x)\n`],
      ]),
    );
    assert.ok(!detected.yaml.split('\n').some((line) => line.startsWith('run: rm')), detected.yaml);
  });

  it('never fails and never proposes what cannot be read, whatever the files hold', () => {
    const word = fc.constantFrom(
      'print(',
      "f'val_loss {x}'",
      ')',
      '"',
      "'''",
      '{',
      '%s',
      'wandb.log({',
      "'a': 1",
      '\n',
      '  ',
      'def evaluate(',
      'seed',
      '=',
      '--seed',
      '\\',
      '`',
      '#',
      '\0',
      'é',
    );
    const text = fc.array(word, { maxLength: 60 }).map((words) => words.join(''));
    fc.assert(
      fc.property(text, text, text, (readme, python, shell) => {
        const detected = detectEnvironment(
          new Map([
            ['README.md', readme],
            ['train.py', python],
            ['run.sh', shell],
          ]),
        );
        const parsed = parseEnvironment(detected.yaml, 'f');
        assert.equal(parsed.ok, !detected.open.includes('run') && !detected.open.includes('objective'), detected.yaml);
      }),
      { numRuns: 500 },
    );
  });

  it('reads hostile files in bounded time', () => {
    const long = 200_000;
    const files = new Map([
      ['README.md', `${'`'.repeat(long)}\n${'python '.repeat(long / 10)}\n`],
      [
        'train.py',
        `x = ${'('.repeat(long)}\nprint('${'a'.repeat(long)}', y)\n${"print('val_loss', x); ".repeat(5000)}`,
      ],
      ['run.sh', `${'--lr '.repeat(long / 10)}\n${'$'.repeat(long)}`],
      ['configs/a.yaml', `a: ${'['.repeat(5000)}`],
    ]);
    assert.ok(detectEnvironment(files).yaml.length < 20_000);
  });
});
