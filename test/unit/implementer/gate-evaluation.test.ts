import { strict as assert } from 'node:assert';
import type { Finding } from '../../../src/core/domain/index.ts';
import { runGates, type SyntaxChecker } from '../../../src/core/implementer/index.ts';
import { environment } from './requests.ts';

const SYNTAX_OK: Pick<SyntaxChecker, 'check'> = { check: async () => ({ ok: true, problems: [] }) };

type Files = Readonly<Record<string, string>>;
type Changes = Readonly<Record<string, string | null>>;

async function gates(files: Files, changes: Changes, yaml: object = {}) {
  return runGates({
    files: new Map(Object.entries(files)),
    changes: new Map(Object.entries(changes)),
    environment: environment({ ...yaml }),
    checker: SYNTAX_OK,
  });
}

/** What the gates of the evaluation say: `severity line` of each finding. */
async function seen(files: Files, changes: Changes, yaml: object = {}): Promise<string[]> {
  const { findings } = await gates(files, changes, yaml);
  return findings
    .filter((one: Finding) => one.gate === 'evaluation')
    .map((one) => `${one.severity} ${one.line ?? '-'}`);
}

interface Row {
  readonly what: string;
  readonly from: string;
  readonly to: string;
  readonly found?: readonly string[];
  readonly path?: string;
  readonly metric?: string;
  readonly yaml?: object;
}

function table(promise: string, rows: readonly Row[]): void {
  for (const { what, from, to, found = [], path = 'train.py', metric = 'val_loss', yaml = {} } of rows) {
    it(`${promise} ${what}`, async () => {
      const before = { 'train.py': 'import model\n', 'model.py': 'x = 1\n', [path]: from };
      const run = path.endsWith('.sh') ? { run: `bash ${path}` } : {};
      const objective = { metric, goal: 'minimize' };
      assert.deepEqual(await seen(before, { [path]: to }, { objective, ...run, ...yaml }), found);
    });
  }
}

describe('the gate of the evaluation', () => {
  table('warns where a text names another part of the data:', [
    {
      what: 'training on what is held back',
      from: "x = load('train.bin')\n",
      to: "x = load('val.bin')\n",
      found: ['warning 1'],
    },
    {
      what: 'measuring on what is trained on',
      from: "x = load('/d/val.bin')\n",
      to: "x = load('/d/train.bin')\n",
      found: ['warning 1'],
    },
    {
      what: 'a batch',
      from: "a = 1\nx = get_batch('train')\n",
      to: "a = 1\nx = get_batch('val')\n",
      found: ['warning 2'],
    },
    {
      what: 'the split',
      from: "x = load('c4', split='train')\n",
      to: "x = load('c4', split='test')\n",
      found: ['warning 1'],
    },
    {
      what: 'two parts that change places',
      from: "x = f('a_train', 'a_val')\n",
      to: "x = f('a_val', 'a_train')\n",
      found: ['warning 1'],
    },
    {
      what: 'among lines that are written anew',
      from: "x = load('train.bin')\ny = 1\n",
      to: "z = 0\nx = load('val.bin')\ny = 2\nw = 3\n",
      found: ['warning 2'],
    },
    {
      what: 'a shell script',
      from: 'python train.py --data /d/train.bin\n',
      to: 'python train.py --data /d/val.bin\n',
      path: 'run.sh',
      found: ['warning 1'],
    },
    { what: 'a settings file', from: 'split: train # a\n', to: 'split: test\n', path: 'c.yaml', found: ['warning 1'] },
  ]);
  table('warns where a text names another part of the data:', [
    {
      what: 'instead of a variable',
      from: 'x = get_batch(split)\n',
      to: "x = get_batch('train')\n",
      found: ['warning 1'],
    },
  ]);
  table('warns where a text names another part of the data:', [
    {
      what: 'in lines that change places, and one more',
      from: "if a:\n    x = f('train.bin')\nelse:\n    x = f('val.bin')\n",
      to: "if a:\n    y = 1\n    x = f('val.bin')\nelse:\n    x = f('train.bin')\n    y = 2\n",
      found: ['warning 2'],
    },
  ]);
  table('does not mind where the data stays:', [
    { what: 'another batch size', from: "x = load('train.bin', 12)\n", to: "x = load('train.bin', 24)\n" },
    { what: 'a comment', from: "x = f('train')  # not val\n", to: "x = g('train')  # nor test\n" },
    {
      what: 'a docstring',
      from: 'def f():\n    """Reads val."""\n',
      to: 'def f():\n    """Reads test."""\n    return 1\n',
    },
    { what: 'a sentence', from: "print('start')\n", to: "print('start to train now')\n" },
    { what: 'one more line beside', from: "x = f('train')\n", to: "x = g('train')\nlog('train/norm', x)\n" },
    { what: 'another statement', from: "a = f('train')\n", to: 'b = g()\n' },
    { what: 'a device', from: "x = '/tmp'\n", to: "x = '/dev/shm'\n" },
    {
      what: 'a loop that moved into a function',
      from: "x = f('train')\nfor i in x:\n    y = g('val')\n    h(y)\n",
      to: "def main():\n    x = f('train')\n    for i in x:\n        y = g('val')\n        h(y)\n\n\nmain()\n",
    },
    { what: 'other quotes', from: "x = f('train')\n", to: 'x = f("train")\n' },
  ]);
});
