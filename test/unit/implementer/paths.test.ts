import { strict as assert } from 'node:assert';
import { applyAnswer } from '../../../src/core/implementer/index.ts';
import { block } from './requests.ts';

type Files = Record<string, string>;

function apply(files: Files, answer: string): Record<string, string | null> | string {
  const applied = applyAnswer(new Map(Object.entries(files)), answer);
  return applied.ok ? Object.fromEntries(applied.changes) : (applied.refusals[0]?.code ?? 'refused');
}

const F = '```';
const TRAIN =
  'import torch\n\nlr = 1e-3\nsteps = 100\n\n\ndef main():\n    for i in range(steps):\n        print(i)\n\n\nmain()\n';
const FASTER = TRAIN.replace('1e-3', '2e-3');
const FILES = { 'train.py': TRAIN, 'c.yaml': 'a: 1\nb: 2\n' };
const DONE = { 'c.yaml': 'a: 5\nb: 2\n' };
/** An edit of another file in the same answer: it must not hide what the rest asks for. */
const EDIT = block('c.yaml', 'a: 1', 'a: 5');
const bare = (search: string, replace: string) => block('', search, replace).replace(/^\n/, '');
const fenced = (text: string, info = 'python') => `${F}${info}\n${text}${F}\n`;

describe('a file given whole beside other edits', () => {
  for (const line of [
    '**File:** `new.py`',
    '**Filename**: new.py',
    'Create `new.py`:',
    'Create a new file `new.py`:',
    'Then add a new file `new.py` with:',
    '### New file: new.py',
    'File `new.py`:',
    'Add `new.py` to check `train.py`:',
    '2. Create `new.py` with the helper:',
    'Create `new.py` next to `train.py`:',
    '[new.py](new.py)',
    '**new.py** — the helper',
    '### `new.py`: the helper',
    '--- new.py ---',
    '=== new.py ===',
    '<file path="new.py">',
    'new.py\n\nHere is the helper:\n',
    'Here is the full `new.py`:',
  ]) {
    it(`is made under the line ${JSON.stringify(line)}`, () =>
      assert.deepEqual(apply(FILES, `${EDIT}\n${line}\n${fenced('X = 1\n')}`), { ...DONE, 'new.py': 'X = 1\n' }));
  }

  for (const line of [
    '**File:** `train.py`',
    '### train.py\n\nThe rate is twice as high.\n',
    'Updated `train.py`:',
    'Here is the full `train.py`:',
  ]) {
    it(`replaces the one that is there under ${JSON.stringify(line)}`, () =>
      assert.deepEqual(apply(FILES, `${EDIT}\n${line}\n${fenced(FASTER)}`), { ...DONE, 'train.py': FASTER }));
  }

  it('is made with any ending where the line says that it is a file', () => {
    const answer = `${EDIT}\n**File:** \`exp.gin\`\n${fenced('X = 1\n')}`;
    assert.deepEqual(apply(FILES, answer), { ...DONE, 'exp.gin': 'X = 1\n' });
  });

  it('is made beside the file that it checks, and is refused where its folder is open', () => {
    const made = (line: string) => apply(FILES, `${EDIT}\n${line}\n${fenced('X = 1\n')}`);
    assert.deepEqual(made('Create `x_test.py` to check `c.yaml`:'), { ...DONE, 'x_test.py': 'X = 1\n' });
    assert.equal(made('Create `x_test.py` in `tests/`, for `c.yaml`:'), 'malformed');
    assert.equal(made('- `train.py`: the rate\n- `x_test.py`: a test\n'), 'malformed');
  });

  for (const line of ['The loop of `train.py` becomes:', 'The changed **train.py**\n', 'Add this to `train.py`:']) {
    it(`is refused and not dropped where only a sentence is about it: ${line.trim()}`, () =>
      assert.equal(apply(FILES, `${EDIT}\n${line}\n${fenced('for i in range(9):\n    print(i)\n')}`), 'malformed'));
  }

  for (const [what, shown] of [
    ['what to type', `Run \`train.py\`:\n${fenced('python train.py\n', 'bash')}`],
    ['what comes out', `\`train.py\` prints:\n${fenced('0\n1\n', 'text')}`],
    ['what a file will look like', `\`out.json\` will look like this:\n${fenced('{"a": 1}\n', 'json')}`],
    ['lines as they stand', `In \`train.py\` this stays:\n${fenced('lr = 1e-3\nsteps = 100\n')}`],
  ] as const) {
    it(`is not looked for in a fence that shows ${what}`, () =>
      assert.deepEqual(apply(FILES, `${EDIT}\n${shown}`), DONE));
  }

  it('is not looked for in a sketch of a change that a block makes', () => {
    const answer = `The rate in \`train.py\` doubles:\n${fenced('lr = 2e-3\n')}\n${block('train.py', 'lr = 1e-3', 'lr = 2e-3')}`;
    assert.deepEqual(apply(FILES, answer), { 'train.py': FASTER });
  });

  it('is refused where tags without a fence stand beside edits', () =>
    assert.equal(apply(FILES, `${EDIT}\n<file path="new.py">\nX = 1\n</file>\n`), 'malformed'));

  it('is read in tags, with a fence in some of them', () => {
    const answer = `<file path="a.py">\nA = 1\n</file>\n<file path="b.py">\n${fenced('B = 1\n')}</file>\n`;
    assert.deepEqual(apply(FILES, answer), { 'a.py': 'A = 1\n', 'b.py': 'B = 1\n' });
  });
});

describe('the file that a block is about', () => {
  const MORE = {
    ...FILES,
    'model.py': 'import torch\n\nclass M: pass\n',
    'utils.py': 'import torch\nx = 1\n',
    'pkg/__init__.py': '',
  };
  const imported = { 'train.py': TRAIN.replace('import torch', 'import torch\nimport math') };
  const adds = bare('import torch', 'import torch\nimport math');

  it('is that of the path line, whatever a sentence behind it mentions', () =>
    assert.deepEqual(apply(MORE, `train.py\n\nThis mirrors \`model.py\`.\n${adds}`), imported));

  it('is found by the end of its path also in a sentence', () => {
    const answer = `${block('utils.py', 'x = 1', 'x = 2')}\nIn \`src/train.py\`:\n${adds}`;
    assert.deepEqual(apply(MORE, answer), { ...imported, 'utils.py': 'import torch\nx = 2\n' });
  });

  it('is that of the bold path, whatever its explanation names', () =>
    assert.deepEqual(apply(MORE, `**train.py**: use x from utils.py\n${adds}`), imported));

  const afterTrain = block('train.py', 'steps = 100', 'steps = 9');
  for (const [what, words, before] of [
    ['two names', 'In `train.py`, import what `utils.py` now has:', block('utils.py', 'x = 1', 'x = 2')],
    ['a mention', 'The helper in `utils.py` stays as it is. Also add an import:', afterTrain],
    ['where something comes from', 'Now import the helper from `utils.py`:', afterTrain],
    ['a likeness', 'As in `model.py`, we add an import:', afterTrain],
    ['another place than the heading', '## model.py\n\nFirst, in `train.py`:', ''],
  ] as const) {
    it(`is not guessed from ${what}`, () => assert.equal(apply(MORE, `${before}\n${words}\n${adds}`), 'malformed'));
  }

  it('is told by the lines to change among those of a list', () => {
    const list = '- `train.py`: an import\n- `utils.py`: nothing\n\n';
    assert.equal(apply(MORE, list + adds), 'malformed');
    assert.deepEqual(apply(MORE, list + bare('lr = 1e-3', 'lr = 2e-3')), { 'train.py': FASTER });
  });

  for (const words of [
    'And `train.py`:',
    'Same change in `train.py`:',
    '### 2. An import in train.py',
    'Wire it up in `train.py`, for `torch.nn`:',
  ]) {
    it(`is the one that the words say: ${words}`, () =>
      assert.deepEqual(apply(MORE, `${block('utils.py', 'x = 1', 'x = 2')}\n${words}\n${adds}`), {
        ...imported,
        'utils.py': 'import torch\nx = 2\n',
      }));
  }

  it('is the one that a heading names by the end of its path, without backquotes', () => {
    const answer = `${afterTrain}\n### 2. Dropout in net.py\n${bare('p = 0', 'p = 1')}`;
    const files = { 'train.py': TRAIN, 'src/net.py': 'p = 0\n' };
    assert.deepEqual(apply(files, answer), { 'train.py': TRAIN.replace('100', '9'), 'src/net.py': 'p = 1\n' });
  });

  it('is the one whose lines were quoted right before', () => {
    const answer = `### train.py\n\nThe line is:\n${fenced('lr = 1e-3\n')}\nIt becomes:\n${bare('lr = 1e-3', 'lr = 2e-3')}`;
    assert.deepEqual(apply(MORE, answer), { 'train.py': FASTER });
  });

  it('is told by the lines to change, where the words leave it open', () => {
    const answer = `${block('utils.py', 'x = 1', 'x = 2')}\nNow call it in \`train.py\` (from \`utils.py\`):\n${bare('lr = 1e-3', 'lr = 2e-3')}`;
    assert.deepEqual(apply(MORE, answer), { 'train.py': FASTER, 'utils.py': 'import torch\nx = 2\n' });
    const last = `${afterTrain}\nThe helper in \`utils.py\` stays as it is. Also raise the rate:\n${bare('lr = 1e-3', 'lr = 2e-3')}`;
    assert.deepEqual(apply(MORE, last), { 'train.py': FASTER.replace('100', '9') });
  });

  it('is not the one before where the words name one that is not there', () =>
    assert.equal(
      apply(MORE, `${block('utils.py', 'x = 1', 'x = 2')}\nIn \`lib/optim.py\`:\n${adds}`),
      'file-not-found',
    ));

  it('is a new one only where the words say so, and never an empty one that they mention', () => {
    const made = (line: string) => apply(MORE, `${line}\n${bare('', 'X = 1')}`);
    assert.deepEqual(made('Create `pkg/new.py` next to `pkg/__init__.py`:'), { 'pkg/new.py': 'X = 1\n' });
    assert.deepEqual(made('Create `src/new.py`:'), { 'src/new.py': 'X = 1\n' });
    assert.equal(made('The module needs what `pkg/__init__.py` has:'), 'malformed');
  });
});

describe('a sentence that says a file is given whole', () => {
  const text = 'import os\n\nA = 1\nB = 2\n\ndef f():\n    return A\n\ndef g():\n    return B\n';
  for (const line of [
    'Here is the full `new.py`, which is imported by `train.py`:',
    'The complete text of `new.py` (`train.py` imports it):',
  ]) {
    it(`means the file behind that word: ${line}`, () =>
      assert.deepEqual(apply(FILES, `${line}\n\n${fenced(text)}`), { 'new.py': text }));
  }

  for (const line of [
    'Here is the full new module, imported by `train.py`:',
    'The full module, between `train.py` and `c.yaml`:',
  ]) {
    it(`names no file that only uses it: ${line}`, () => {
      assert.equal(apply(FILES, `${line}\n\n${fenced(text)}`), 'no-edits');
      assert.equal(
        apply({ ...FILES, 'z.py': 'z\n' }, `${block('z.py', 'z', 'y')}\n${line}\n\n${fenced(text)}`),
        'malformed',
      );
    });
  }
});

describe('words that look like a path and are none', () => {
  for (const line of [
    '### Before/After',
    '**Input/Output:**',
    '**Train/val:**',
    '### self.lr',
    'torch.nn.Linear:',
    '## v1.2',
    '**Node.js:**',
    '`.cuda`',
  ]) {
    it(`make no file: ${line}`, () => {
      assert.deepEqual(apply(FILES, `${EDIT}\n${line}\n${fenced('1 2\n', '')}`), DONE);
    });
  }

  it('make no file as the first comment of a sample, or as a version in the line of a fence', () => {
    assert.deepEqual(apply(FILES, `${EDIT}\nFor instance:\n${fenced('# torch.compile\nm = compile(m)\n')}`), DONE);
    assert.deepEqual(apply(FILES, `${EDIT}\nFor instance:\n${fenced('m = compile(m)\n', 'python3.11')}`), DONE);
  });

  it('leave a block with the file before it', () => {
    const answer = `${block('train.py', 'steps = 100', 'steps = 9')}\n### 2. \`optim.steps\`\n${bare('lr = 1e-3', 'lr = 2e-3')}`;
    assert.deepEqual(apply(FILES, answer), { 'train.py': FASTER.replace('100', '9') });
  });

  for (const path of ['Makefile', '.gitignore', 'src/app.tsx', 'pkg/run', 'conf.d/a.toml', 'scripts/exp.gin']) {
    it(`are not mixed up with a new ${path}`, () =>
      assert.deepEqual(apply({ ...FILES, 'pkg/__init__.py': '' }, `${EDIT}\n${path}\n${fenced('x\n', '')}`), {
        ...DONE,
        [path]: 'x\n',
      }));
  }
});
