import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import fc from 'fast-check';
import { type Hyperparameter, readHyperparameters } from '../../../src/core/environment/index.ts';

const read = (text: string, path = 'train.py') => readHyperparameters(new Map([[path, text]]));
const shown = (list: readonly Hyperparameter[]) =>
  list.map((one) => `${one.name}=${one.literal}:${one.type}:${one.source}`);

/** Puts another literal where a hyperparameter's stands, by its line and columns only. */
function replace(text: string, at: Hyperparameter, literal: string): string {
  const lines = text.split('\n');
  const line = lines[at.line - 1] ?? '';
  assert.equal(line.slice(at.startColumn, at.endColumn), at.literal);
  lines[at.line - 1] = line.slice(0, at.startColumn) + literal + line.slice(at.endColumn);
  return lines.join('\n');
}

describe('hyperparameters', () => {
  it('of argparse, however the call is laid out', () => {
    const text = `
parser.add_argument('--lr', type=float, default=0.1)  # 'default=9'
parser.add_argument("-b", "--batch-size", default=32, type=int)
parser.add_argument('--scale', default=1, type=float)
parser.add_argument(
    '--optimizer',
    choices=['sgd', "adam"],
    default='sgd',
    help="set default=3, or not",
)
parser.add_argument('--name', default='x')
parser.add_argument('--fused', action='store_true')
parser.add_argument('--shift', default=-1.5e-3)
parser.add_argument('--made', default=2 * 3)
`;
    assert.deepEqual(shown(read(text)), [
      'lr=0.1:float:argparse',
      'batch-size=32:int:argparse',
      'scale=1:float:argparse',
      "optimizer='sgd':choice:argparse",
      'shift=-1.5e-3:float:argparse',
    ]);
    assert.deepEqual(read(text)[3]?.choices, ['sgd', 'adam']);
  });

  it('of modules, as nanoGPT writes them', () => {
    const text = `"""doc
fake = 3
"""
import os
learning_rate = 6e-4 # max learning rate
max_iters = 600_000
beta2: float = 0.95; bias = False
name = 'x'
lr = base * 2
twice = 1
twice = 2
if True:
    inner = 5
def f(a=3):
    b = 4
`;
    assert.deepEqual(shown(read(text)), [
      'learning_rate=6e-4:float:module',
      'max_iters=600_000:int:module',
      'beta2=0.95:float:module',
      'bias=False:bool:module',
    ]);
  });

  it('of dataclasses and config classes, fields of the same name apart', () => {
    const text = `
@dataclass(frozen=True)
class Model:
    """width = 3"""
    width: int = 64
    dropout: float = 0
    def f(self):
        x = 3
class TrainConfig:
    dropout = 0.1
    lr: float = field(default=3e-4)
class Net(nn.Module):
    depth = 3
`;
    assert.deepEqual(shown(read(text)), [
      'width=64:int:dataclass',
      'Model.dropout=0:float:dataclass',
      'TrainConfig.dropout=0.1:float:dataclass',
      'lr=3e-4:float:dataclass',
    ]);
  });

  it('of YAML configs, by key path, and never of research.yaml', () => {
    const text = 'optimizer:\n  lr: 1e-3 # peak\n  betas: [0.9, 0.95]\n  fused: true\nname: run-1\n';
    assert.deepEqual(shown(read(text, 'configs/base.yaml')), [
      'optimizer.lr=1e-3:float:yaml',
      'optimizer.betas.0=0.9:float:yaml',
      'optimizer.betas.1=0.95:float:yaml',
      'optimizer.fused=true:bool:yaml',
    ]);
    assert.deepEqual(read('resources: { gpus: 1 }', 'research.yaml'), []);
    assert.deepEqual(read('a: 1', '.github/workflows/ci.yml'), []);
  });

  it('of optimizers that the program gives numbers itself, each by its own name, beside what names them', () => {
    const one = 'opt = torch.optim.AdamW(model.parameters(), lr=3e-4, betas=(0.9, 0.95), weight_decay=wd)\n';
    assert.deepEqual(shown(read(one)), ['lr=3e-4:float:module']);
    const two = 'opt1 = Adam(a, lr=0.01)\nopt2 = Muon(b, lr=0.05, momentum=0.95)\n';
    assert.deepEqual(shown(read(two)), [
      'opt1.lr=0.01:float:module',
      'opt2.lr=0.05:float:module',
      'momentum=0.95:float:module',
    ]);
    assert.deepEqual(shown(read(`lr = 0.1\n${one}`)), ['lr=0.1:float:module'], 'a setting of that name counts');
    assert.deepEqual(read('x = Adamant(lr=0.1)\ny = schedule(lr=0.1)\n'), []);
  });

  it('of the quickstart', async () => {
    const text = await fs.readFile('examples/quickstart/train.py', 'utf8');
    const names = read(text).map((one) => one.name);
    for (const name of ['learning_rate', 'batch_size', 'weight_decay', 'warmup']) assert.ok(names.includes(name), name);
  });

  it('stand exactly where they say: another literal put there is read back, and nothing else moves', () => {
    const name = fc.constantFrom('lr', 'wd', 'größe', 'n_layer');
    const literal = fc.constantFrom('0.5', '1e-3', '-2', '.25', '10', 'True');
    const line = fc.oneof(
      fc.tuple(name, literal).map(([key, value]) => `${key} = ${value}  # "note" 😀`),
      fc
        .tuple(name, literal)
        .map(([key, value]) => `é = "😀"; p.add_argument("--${key}", help='a, b', default=${value})`),
      fc.tuple(name, literal).map(([key, value]) => `@dataclass\nclass A:\n\t${key}: float = ${value}`),
      fc.constantFrom("'''text\nlr = 3\n'''", '# comment', 'x = [\n  1,\n]', "s = 'it\\'s'", 'broken = (', "'open"),
    );
    const end = fc.constantFrom('\n', '\r\n');
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), end, literal, (lines, eol, to) => {
        const text = lines.join('\n').replaceAll('\n', eol);
        const before = read(text);
        for (const one of before) {
          const after = read(replace(text, one, to));
          assert.deepEqual(
            after.map((other) => [other.name, other.name === one.name ? to : other.literal]),
            before.map((other) => [other.name, other.name === one.name ? to : other.literal]),
          );
        }
      }),
    );
  });

  for (const [text, found] of [
    ['lr = 1e-3\nlr = float(os.environ.get("LR", "3e-4"))\n', []],
    ['lr = 1e-3\nlr, wd = read()\n', []],
    ['batch = 32\nif big:\n    batch = 64\n', []],
    ['batch = 32\nfor batch in loader:\n    pass\n', []],
    ['lr = 1e-3\nlr = float(os.environ.get("LR", lr))\n', ['lr=1e-3:float:module']],
    ['lr = 1e-3\nif ddp:\n    lr *= 2\n', ['lr=1e-3:float:module']],
    ['lr = read()\nlr = 1e-3\n', ['lr=1e-3:float:module']],
    ['lr = 1e-3\ndef f():\n    lr = 3\nclass A(B):\n  lr = 4\n', ['lr=1e-3:float:module']],
    ['lr = 1e-3\nmodel.lr = 3\nfit(lr=4)\nlr == 5\n', ['lr=1e-3:float:module']],
  ] as const) {
    it(`of a module are those it goes on with: ${text.trim().replaceAll('\n', '; ')}`, () =>
      assert.deepEqual(shown(read(text)), found));
  }

  for (const [text, found] of [
    ['python train.py # --lr 0.1 was worse', []],
    ['  # python train.py --lr 0.1', []],
    ['python train.py --lr 0.1 # --dropout 0.2', ['lr=0.1:float:shell']],
    ['python train.py --tag "a # b" --lr 0.1', ['lr=0.1:float:shell']],
    ['python train.py --tag a#b --lr 0.1', ['lr=0.1:float:shell']],
    ['LR=3e-4; python train.py --lr $LR --dropout 0.2', ['LR=3e-4:float:shell', 'dropout=0.2:float:shell']],
    ['LR=3e-4 # was 1e-3', ['LR=3e-4:float:shell']],
  ] as const) {
    it(`of a script are none that stand in a comment: ${text}`, () =>
      assert.deepEqual(shown(read(text, 'run.sh')), found));
  }

  it('of names that no person wrote are left out', () => {
    assert.deepEqual(read(`${'n'.repeat(201)} = 1\n${'m'.repeat(200)} = 1\n`).length, 1);
  });

  it('of a flag with several names know them all', () => {
    const text = 'p.add_argument("-b", "--batch-size", default=32)\n@click.option("--amp/--no-amp", default=True)\n';
    assert.deepEqual(
      read(text).map((one) => [one.name, one.spellings]),
      [
        ['batch-size', ['b', 'batch-size']],
        ['amp', ['amp', 'no-amp']],
      ],
    );
  });

  it('of any text at all is an answer', () => {
    const part = fc.constantFrom(
      'add_argument(',
      'default=',
      "'",
      '"""',
      '(',
      ')',
      '\n',
      ' ',
      'class A',
      ':',
      '@',
      '1',
      '=',
      '\\',
    );
    fc.assert(
      fc.property(
        fc.array(part).map((parts) => parts.join('')),
        (text) => Array.isArray(read(text)),
      ),
    );
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (text) => Array.isArray(read(text)) && Array.isArray(read(text, 'a.yaml')),
      ),
    );
  });
});
