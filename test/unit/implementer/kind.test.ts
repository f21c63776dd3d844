import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { kindOf } from '../../../src/core/implementer/patch/kind.ts';

type Row = readonly [what: string, before: string, after: string, path?: string];

/** Nothing but values changes: the same program with other settings. */
const HYPERPARAMETER: readonly Row[] = [
  ['a number, and its comment', 'lr = 3e-4  # rate\n', 'lr = 1.5e-3\n'],
  ['a sign', 'bias = 1\n', 'bias = -1\n'],
  ['a constant of a module', 'BLOCK = 128\n', 'BLOCK = 256  # wider\n'],
  ['a number inside an expression', 'steps = 10 ** 3\n', 'steps = 10 ** 4\n'],
  ['a number with separators', 'tokens = 1_000_000\n', 'tokens = 2_000_000\n'],
  [
    'the default of a flag',
    'p.add_argument("--n", type=int, default=4)\n',
    'p.add_argument("--n", type=int, default=-8)\n',
  ],
  [
    'the default of a flag, and what its help says of it',
    'p.add_argument("--lr", default=0.1,\n    metavar="LR", help="rate (default: 0.1)")\n',
    'p.add_argument("--lr", default=0.5,\n    metavar="LR", help="rate (default: 0.5)")\n',
  ],
  ['the default of a dataclass', '    rate: float = 3e-4\n', '    rate: float = 1e-3\n'],
  ['arguments of a call', 'AdamW(p, lr=3e-4, betas=(0.9, 0.95))\n', 'AdamW(p, lr=1e-3, betas=(0.8, 0.99))\n'],
  ['a choice by name, and a switch', 'opt = "adam"\nuse = True\n', "opt = 'sgd'\nuse = False\n"],
  ['a text that holds the sign of a comment', 'name = "a#b"\n', 'name = "c#d"\n'],
  ['the value of a mapping', 'cfg = {"lr": 0.1}\n', 'cfg = {"lr": 0.2}\n'],
  ['None for a value', 'clip = None\n', 'clip = 1.0\n'],
  ['several lines', 'lr = 1\nx = f(y)\nwd = 0\n', 'lr = 2\nx = f(y)\nwd = 0.1\n'],
  ['YAML', 'lr: 0.1\nopt: adam\n', 'lr: 0.2\nopt: sgd\n', 'c.yaml'],
  ['YAML with a comment', 'opt: adam # the usual\n', 'opt: sgd # another\n', 'c.yml'],
  ['an item of a YAML list', 'betas:\n  - 0.9\n  - adam\n', 'betas:\n  - 0.8\n  - sgd\n', 'c.yaml'],
  ['a YAML mapping in braces', 'model: {width: 64, act: relu}\n', 'model: {width: 96, act: gelu}\n', 'c.yaml'],
  ['JSON', '{ "lr": 0.1, "opt": "adam" }\n', '{ "lr": 0.2, "opt": "sgd" }\n', 'c.json'],
  ['TOML', 'lr = 0.1\nopt = "adam"\n', 'lr = 0.2\nopt = "sgd"\n', 'c.toml'],
  ['an INI file', '[train]\nopt = adam\n', '[train]\nopt = sgd\n', 'c.ini'],
  ['a flag in a shell script', 'python t.py --lr=3e-4 --n 4\n', 'python t.py --lr=1e-3 --n 8\n', 'run.sh'],
  ['a choice by a flag', 'python t.py --opt adam \\\n', 'python t.py --opt sgd \\\n', 'run.sh'],
  ['a Hydra override', 'python t.py optimizer=adam lr=0.1\n', 'python t.py optimizer=sgd lr=0.2\n', 'run.sh'],
  ['a variable of a shell script', 'LR=0.1\n', 'LR=0.2\n', 'run.sh'],
  ['a choice by a plain word', "f(opt='adamw', schedule='linear')\n", "f(opt='lion', schedule='cosine')\n"],
  ['a number in an f-string', "print(f'{x * 2}')\n", "print(f'{x * 3}')\n"],
  ['a choice beside a text that stays', 'log("the run", opt="adam")\n', 'log("the run", opt="sgd")\n'],
];

/** The program is another one. */
const ALGORITHMIC: readonly Row[] = [
  ['a value that becomes a computation', 'lr = 3e-4\n', 'lr = 3e-4 * scale\n'],
  ['another name', 'x = layer1(y)\n', 'x = layer2(y)\n'],
  ['another operator', 'x = a - 1\n', 'x = a + 1\n'],
  ['a new line', 'lr = 1\n', 'lr = 1\nmomentum = 0.9\n'],
  ['a line that goes', 'a = 1\nb = 2\n', 'a = 1\n'],
  ['another optimizer', 'opt = torch.optim.AdamW(p, lr=1e-3)\n', 'opt = torch.optim.SGD(p, lr=1e-3)\n'],
  ['a schedule', 'lr = 1e-3\n', 'lr = 1e-3 * min(1.0, step / 100)\n'],
  ['a renamed variable', 'rate = 0.1\nf(rate)\n', 'eta = 0.1\nf(eta)\n'],
  ['a new argument', 'nn.Linear(64, 64)\n', 'nn.Linear(64, 64, bias=False)\n'],
  ['one layer more', 'sizes = [64, 64]\n', 'sizes = [64, 64, 64]\n'],
  ['another type', 'x = x.to(torch.float32)\n', 'x = x.to(torch.bfloat16)\n'],
  ['moved lines', 'a = 1\nf(a)\ng(a)\n', 'f(a)\na = 1\ng(a)\n'],
  ['another nesting', 'if a:\n    b = 1\n', 'b = 1\n'],
  ['the key of a mapping', 'cfg = {"lr": 0.1}\n', 'cfg = {"rate": 0.1}\n'],
  ['what is looked up', 'x = batch["tokens"]\n', 'x = batch["labels"]\n'],
  ['a value and code', 'lr = 1\nx = f(y)\n', 'lr = 2\nx = g(y)\n'],
  ['a YAML key', 'lr: 0.1\n', 'rate: 0.1\n', 'c.yaml'],
  ['a JSON key', '{ "lr": 0.1 }\n', '{ "rate": 0.1 }\n', 'c.json'],
  ['another program in a shell script', 'python train.py --n 4\n', 'python other.py --n 4\n', 'run.sh'],
  ['a text that is a command', "os.system('true')\n", "os.system('rm -rf ~/data')\n"],
  ['a word that is a command', "os.system('true')\n", "os.system('reboot')\n"],
  ['a command over several lines', "subprocess.run(\n    ['true'],\n)\n", "subprocess.run(\n    ['reboot'],\n)\n"],
  ['a text that is code', "exec('x=1')\n", "exec('x=2')\n"],
  ['a text with a comment’s sign', "exec('x=1 #a')\n", "exec('x=1 #b')\n"],
  ['what an f-string computes', "print(f'iter {x}')\n", 'print(f\'iter {__import__("os").system("id")}\')\n'],
  ['what a raw f-string computes', "print(rf'{{a}}{x}')\n", "print(rf'{{a}}{y}')\n"],
  [
    'what the environment is told',
    "os.environ['CUDA_VISIBLE_DEVICES'] = '0'\n",
    "os.environ['CUDA_VISIBLE_DEVICES'] = '0,1'\n",
  ],
  [
    'what a shell tells the environment',
    'CUDA_VISIBLE_DEVICES=0 python t.py\n',
    'CUDA_VISIBLE_DEVICES=0,1 python t.py\n',
    'run.sh',
  ],
  ['a sentence', "say('all is well')\n", "say('all is lost')\n"],
  ['a path', "load('data/a')\n", "load('data/b')\n"],
  ['a path in a shell script', 'python t.py --data /d/a\n', 'python t.py --data /d/b\n', 'run.sh'],
  ['the file of the data', "load('train.bin')\n", "load('val.bin')\n"],
  ['the part of the data', "load(split='train')\n", "load(split='test')\n"],
  ['the part of the data in YAML', 'split: train\n', 'split: test\n', 'c.yaml'],
  ['what YAML makes an object of', '_target_: torch.optim.Adam\n', '_target_: os.system\n', 'c.yaml'],
  ['what JSON makes an object of', '{"_target_": "torch.optim.Adam"}\n', '{"_target_": "os.system"}\n', 'c.json'],
  ['the module that a shell script starts', 'python -m train\n', 'python -m other\n', 'run.sh'],
  ['what stands far behind in a line', `x = [${'1, '.repeat(900)}f(a)]\n`, `x = [${'1, '.repeat(900)}f(b)]\n`],
  ['a value that the shell computes', 'LR=0.1\n', 'LR=$(python rate.py)\n', 'run.sh'],
];

describe('the kind of an idea, by its patch', () => {
  for (const [kind, rows] of [
    ['hyperparameter', HYPERPARAMETER],
    ['algorithmic', ALGORITHMIC],
  ] as const) {
    for (const [what, before, after, path = 'a.py'] of rows) {
      it(`is ${kind}: ${what}`, () => {
        assert.equal(kindOf(new Map([[path, before]]), new Map([[path, after]])), kind);
        assert.equal(kindOf(new Map([[path, after]]), new Map([[path, before]])), kind, 'and back');
      });
    }
  }

  it('is algorithmic where a file comes or goes, and where one of several files is', () => {
    const before = new Map([
      ['a.py', 'lr = 1\n'],
      ['b.py', 'x = f(y)\n'],
    ]);
    assert.equal(kindOf(before, new Map([['c.py', 'x = 1\n']])), 'algorithmic');
    assert.equal(kindOf(before, new Map([['a.py', null]])), 'algorithmic');
    const [literal, code] = [['a.py', 'lr = 2\n'] as const, ['b.py', 'x = g(y)\n'] as const];
    assert.equal(kindOf(before, new Map([literal])), 'hyperparameter');
    assert.equal(kindOf(before, new Map([literal, code])), 'algorithmic');
  });

  it('is told of any lines in bounded time', () => {
    const piece = fc.constantFrom(
      '--',
      'a',
      '=',
      ' ',
      ': ',
      '"',
      "'",
      '\\',
      '{',
      '[',
      ',',
      '#',
      '1',
      '.',
      'e',
      '-',
      '_',
    );
    const line = fc.array(piece, { maxLength: 300 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(line, line, fc.constantFrom('a.py', 'a.yaml', 'a.sh', 'a.ini'), (before, after, path) => {
        const kind = kindOf(new Map([[path, before]]), new Map([[path, after]]));
        assert.ok(kind === 'hyperparameter' || kind === 'algorithmic');
      }),
      { numRuns: 300 },
    );
    const long = (end: string) => `--a ${'a=b '.repeat(20_000)}${end}\n`;
    for (const path of ['a.py', 'a.yaml', 'a.sh', 'a.ini']) {
      assert.ok(kindOf(new Map([[path, long('1')]]), new Map([[path, long('2')]])));
    }
  });
});
