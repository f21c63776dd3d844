import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import { detectEnvironment, parseEnvironment } from '../../../src/core/environment/index.ts';

const QUICKSTART = ['README.md', 'program.md', 'train.py', 'model.py', 'data.py', 'evaluate.py', 'data/sonnets.txt'];

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
    assert.deepEqual(detected.open, []);
    for (const line of detected.yaml.trim().split('\n')) assert.match(line, / # ./, 'every line has its reason');
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
    assert.deepEqual(detected.environment.protected, ['data/prepare.py', 'data/**']);
    assert.deepEqual(detected.open, ['seed']);
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
});
