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

  const held = ['error 1'];
  table('refuses another value of what is held back:', [
    { what: 'a statement', from: 'val_split = 0.1\n', to: 'val_split = 0.2\n', found: held },
    { what: 'an argument', from: 'f(lr=1, val_split=0.1)\n', to: 'f(lr=1, val_split=0.2)\n', found: held },
    { what: 'a computed value', from: 'f(val_data=g(a, b), lr=1)\n', to: 'f(val_data=g(a, c), lr=1)\n', found: held },
    { what: 'a key', from: 'c = {"lr": 1, "val_split": 0.1}\n', to: 'c = {"lr": 1, "val_split": 0.2}\n', found: held },
    {
      what: 'a parameter’s default',
      from: 'def f(val_frac: float = 0.1): pass\n',
      to: 'def f(val_frac: float = 0.2): pass\n',
      found: held,
    },
    {
      what: 'a flag’s default',
      from: "p.add_argument('--val_split', type=float, default=0.1)\n",
      to: "p.add_argument('--val_split', type=float, default=0.2)\n",
      found: held,
    },
    {
      what: 'a flag',
      from: 'python train.py --val_split 0.1\n',
      to: 'python train.py --val_split 0.2\n',
      path: 'run.sh',
      found: held,
    },
    { what: 'a settings file', from: 'val_split: 0.1\n', to: 'val_split: 0.2\n', path: 'c.yaml', found: held },
    { what: 'code in a text', from: "exec('x = 1')\n", to: "exec('now the val_split = 0.2')\n", found: held },
    { what: 'a command in a text', from: "go('t.py')\n", to: "go('python t.py --val_split=0.2')\n", found: held },
    {
      what: 'one among several that stay',
      from: 'f(val_split=0.1, test_size=2)\n',
      to: 'f(val_split=0.1, test_size=3)\n',
      found: held,
    },
    {
      what: 'a text that a variable holds',
      from: 's = """\nval_split: 0.1\n"""\n',
      to: 's = """\nval_split: 0.2\n"""\n',
      found: ['error 2'],
    },
    { what: 'one that goes', from: 'lr = 1\nval_split = 0.1\n', to: 'lr = 1\n', found: ['error 2'] },
  ]);
  table('does not mind lines that leave what is held back as it is:', [
    {
      what: 'another class that takes it',
      from: 't = Trainer(train_dataset=tr, eval_dataset=ev)\n',
      to: 't = FocalTrainer(train_dataset=tr, eval_dataset=ev)\n',
    },
    {
      what: 'one more parameter',
      from: 'def fit(val_data: list, lr):\n    return lr\n',
      to: 'def fit(val_data: list, lr, wd=0.1):\n    return lr + wd\n',
    },
    { what: 'parameters over lines', from: 'x = 1\n', to: 'def fit(\n    val_data: list,\n):\n    return 1\n' },
    {
      what: 'another argument',
      from: 'fit(train_data=a, val_data=b, lr=1)\n',
      to: 'fit(train_data=a, val_data=b, lr=2)\n',
    },
    {
      what: 'another setting of a line',
      from: 'c = dict(lr=1, eval_iters=20, val_split=0.1)\n',
      to: 'c = dict(lr=2, eval_iters=20, val_split=0.1)\n',
    },
    {
      what: 'another flag',
      from: 'python train.py --lr 1e-3 --val_split 0.1\n',
      to: 'python train.py --lr 3e-3 --val_split 0.1\n',
      path: 'run.sh',
    },
    {
      what: 'a docstring',
      from: 'def f():\n    return 1\n',
      to: 'def f():\n    """Fits.\n\n    val_data: not touched\n    """\n    return 2\n',
    },
    { what: 'a comment', from: 'lr = 1\n', to: 'lr = 2  # tuned with val_split: 0.1\n' },
    { what: 'a comment of YAML', from: 'lr: 1\n', to: 'lr: 2 # tuned with val_split: 0.1\n', path: 'c.yaml' },
    {
      what: 'what a flag is for',
      from: 'lr = 1\n',
      to: "p.add_argument('--ema', help='EMA decay; val_path: measured with EMA')\n",
    },
    {
      what: 'what is told',
      from: 'lr = 1\n',
      to: "lr = 2\nprint('no val_data: training only')\nprint(f'val_split={val_split}')\n",
    },
    { what: 'what has to hold', from: 'lr = 1\n', to: "lr = 2\nassert val_data, f'empty val_data: {val_data}'\n" },
    { what: 'a slice', from: 'x = f(ids[test_size:])\n', to: 'x = sorted(ids[test_size:])\n' },
    { what: 'a block on one line', from: 'lr = 1\n', to: 'lr = 2\nif not val_data: lr = 3\n' },
    { what: 'other lines for the same', from: "f(lr=1, val_path='a')\n", to: 'f(\n    lr=2,\n    val_path="a",\n)\n' },
  ]);

  it('does not mind that a script goes which nothing uses, and refuses it of one that something does', async () => {
    const files = {
      'train.py': 'import loop\n',
      'loop.py': 'x = 1\n',
      'old.py': 'val_split = 0.1\nprint("val_loss", 3)\n',
    };
    assert.deepEqual(await seen(files, { 'loop.py': 'x = 2\n', 'old.py': null }), []);
    const named = { ...files, 'loop.py': 'x = open("old.py")\n' };
    assert.deepEqual(await seen(named, { 'train.py': 'import loop, os\n', 'old.py': null }), ['error 1', 'error 1']);
  });

  table('refuses another report of the metric:', [
    {
      what: 'its value on the next line',
      from: "print('val_loss',\n      loss)\n",
      to: "print('val_loss',\n      loss * 0.5)\n",
      found: ['error 2'],
    },
    {
      what: 'pieces of one text',
      from: "print(\n    f'val_loss '\n    f'{loss:.4f}'\n)\n",
      to: "print(\n    f'val_loss '\n    f'{loss * 0.5:.4f}'\n)\n",
      found: ['error 3'],
    },
    {
      what: 'a text that is printed later',
      from: "m = f'val_loss {loss:.4f}'\nprint(m)\n",
      to: "m = f'val_loss {loss * 0.5:.4f}'\nprint(m)\n",
      found: ['error 1'],
    },
    {
      what: 'a format that is printed later',
      from: "m = 'val_loss: %.3f' % loss\n",
      to: "m = 'val_loss: %.3f' % 1\n",
      found: ['error 1'],
    },
    { what: 'a report that is no more', from: 'x = 1\nprint(f"val_loss {x}")\n', to: 'x = 1\n', found: ['error 2'] },
    {
      what: 'words between its name and value',
      from: 'print(f"val_loss at the end {x}")\n',
      to: 'print(f"val_loss at the end {x / 2}")\n',
      found: ['error 1'],
    },
    { what: 'one more', from: 'x = 1\n', to: 'print("val_loss", 0.1)\n', found: ['error 1'] },
    {
      what: 'one more that adds a text',
      from: 'x = 1\n',
      to: 'print("step 1 | val loss: " + str(0.1))\n',
      found: ['error 1'],
    },
    {
      what: 'one more in a shell',
      from: 'python train.py\n',
      to: 'python train.py\necho "val_loss 0.1"\n',
      path: 'run.sh',
      found: ['error 2'],
    },
    {
      what: 'with a word that is no name',
      metric: 'loss',
      from: 'x = 1\n',
      to: 'print(f"final loss {x}")\n',
      found: ['error 1'],
    },
    {
      what: 'behind any word that the pattern takes',
      metric: 'loss',
      yaml: { metrics: ['loss (?P<loss>[0-9.]+)'] },
      from: 'x = 1\n',
      to: 'print(f"aux loss {x}")\n',
      found: ['error 1'],
    },
  ]);
  const one = ['warning 1'];
  table('warns where the metric may come to another number:', [
    {
      what: 'another line of the call',
      from: "print(\n    f'val_loss {x}'\n    f'lr {y}'\n)\n",
      to: "print(\n    f'val_loss {x}'\n    f'lr {y}'.replace('2', '1')\n)\n",
      found: ['warning 3'],
    },
    { what: 'a text written anew', from: 'x = 1\n', to: 'm = f"val_loss {x}"\n', found: one },
    {
      what: 'an argument of a mapping',
      from: 'show(dict(lr=1, val_loss=3.0))\n',
      to: 'show(dict(lr=1, val_loss=1.0))\n',
      found: one,
    },
    { what: 'an update', from: 'm.update(val_loss=3)\n', to: 'm.update(val_loss=1)\n', found: one },
    {
      what: 'the function of its name',
      metric: 'accuracy',
      from: 'def accuracy(o):\n    return o\n',
      to: 'def accuracy(o):\n    return 1\n',
      found: ['warning 2'],
    },
    {
      what: 'a function of its last word',
      metric: 'eval/reward',
      from: 'def format_reward(o):\n    return o\n',
      to: 'def format_reward(o):\n    return 1\n',
      found: ['warning 2'],
    },
    {
      what: 'a test',
      metric: 'test_acc',
      from: 'def test(m):\n    return m\n',
      to: 'def test(m):\n    return 1\n',
      found: ['warning 2'],
    },
    {
      what: 'the end of a validation',
      from: 'class M:\n    def on_validation_epoch_end(self):\n        x = 1\n',
      to: 'class M:\n    def on_validation_epoch_end(self):\n        x = 2\n',
      found: ['warning 3'],
    },
    { what: 'a number of the evaluation', from: 'a = f()\n', to: "a = f()\na['val'] *= 0.9\n", found: ['warning 2'] },
    { what: 'where the run prints', from: 'x = 1\n', to: 'sys.stdout = W(sys.stdout)\n', found: one },
    {
      what: 'what prints',
      from: 'x = 1\n',
      to: 'builtins.print = f\nprint = f\ndef print(*a): pass\n',
      found: ['warning 1', 'warning 2', 'warning 3'],
    },
  ]);
  table('does not mind a text that reports no metric:', [
    { what: 'another loss', metric: 'loss', from: 'x = 1\n', to: "print(f'aux loss {aux:.3f}')\n" },
    { what: 'another reward', metric: 'reward', from: 'x = 1\n', to: "print(f'format reward {x}')\n" },
    {
      what: 'a name with a hyphen',
      metric: 'loss',
      from: 'x = 1\n',
      to: "print('z-loss is on')\nprint('z-loss', x)\n",
    },
    {
      what: 'what is done',
      metric: 'accuracy',
      from: 'x = 1\n',
      to: "logging.info('computing accuracy of rollouts')\n",
    },
    { what: 'a hint', from: 'x = 1\n', to: 'print("training; lower val loss is better")\n' },
    {
      what: 'a hint in a shell',
      from: 'python train.py\n',
      to: 'echo "val_loss follows"\npython train.py\n',
      path: 'run.sh',
    },
    {
      what: 'a print in a test',
      from: 'x = 1\n',
      to: 'def test():\n    print("val_loss", 1)\n',
      path: 'tests/test_a.py',
    },
    {
      what: 'a print in a script that nothing uses',
      from: 'x = 1\n',
      to: 'print("val_loss", 1)\n',
      path: 'plot_all.py',
    },
    {
      what: 'one more field of a log',
      from: 'wandb.log({\n    "val_loss": x,\n    "lr": y,\n})\n',
      to: 'wandb.log({\n    "val_loss": x,\n    "lr": y,\n    "norm": z,\n})\n',
    },
    {
      what: 'another field of a print over lines',
      from: "print(\n    f'val_loss {x} '\n    f'lr {y}'\n)\n",
      to: "print(\n    f'val_loss {x} '\n    f'lr {y:.2e}'\n)\n",
    },
    { what: 'the name of a file', from: 'x = 1\n', to: 'c = Checkpoint(filename=f"{e}-val_loss={v}")\n' },
    { what: 'a watch', from: 'x = 1\n', to: "c = [EarlyStopping('val_loss', patience=3)]\n" },
    { what: 'a comment beside a print', from: 'print(x)\n', to: 'print(x)  # val_loss {x}\n' },
    {
      what: 'a function that trains',
      from: 'def compute_loss(m):\n    return m\n',
      to: 'def compute_loss(m):\n    return 2 * m\n',
    },
    { what: 'a print to standard error', from: 'x = 1\n', to: 'print(x, file=sys.stderr)\n' },
  ]);
});

describe('the gate of the seed', () => {
  const tagsOf = async (from: string, to: string, path = 'train.py') => {
    const files = { 'train.py': 'lr = 1\n', [path]: `${from}\nlr = 1\n` };
    return (await gates(files, { [path]: `${to}\nlr = 1\n` })).tags.filter((tag) => tag === 'seed-only');
  };
  const alone: readonly (readonly [what: string, from: string, to: string])[] = [
    ['a generator of Python', 'rng = random.Random(7)', 'rng = random.Random(8)'],
    ['the state of a split', 'a, b = split(x, random_state=0)', 'a, b = split(x, random_state=1)'],
    ['a generator of torch', 'g = torch.Generator().manual_seed(1)', 'g = torch.Generator().manual_seed(0x2a)'],
    ['the streams of nnx', 'rngs = nnx.Rngs(0)', 'rngs = nnx.Rngs(1)'],
    ['the bits of NumPy', 'g = np.random.Generator(np.random.PCG64(3))', 'g = np.random.Generator(np.random.PCG64(4))'],
    ['a key of JAX', 'key = jr.key(0)', 'key = jr.key(1)'],
    ['a key of JAX by its long name', 'key = jax.random.key(0)', 'key = jax.random.key(1)'],
    ['a sequence of keys', 'seq = hk.PRNGSequence(42)', 'seq = hk.PRNGSequence(43)'],
    ['a variable of the environment', 'os.environ["SEED"] = "1"', 'os.environ["SEED"] = "2"'],
    ['the hashes of Python', "os.environ['PYTHONHASHSEED'] = '1'", "os.environ['PYTHONHASHSEED'] = '2'"],
    ['a key of a mapping', 'cfg["seed"] = 1', 'cfg["seed"] = 2'],
    ['a seed, and an import', 'torch.manual_seed(1)', 'import sys\ntorch.manual_seed(2)'],
    ['a seed, and blanks', 'torch.manual_seed(1)\nf( a, b )', 'torch.manual_seed(2)\nf(a,b)'],
    ['a seed, and a print', 'torch.manual_seed(1)', 'torch.manual_seed(2)\nprint("seeded")'],
    [
      'a seed, and a docstring',
      'def f():\n    torch.manual_seed(1)',
      'def f():\n    """Seeds."""\n    torch.manual_seed(2)',
    ],
    ['a seed, and a comment behind', 'torch.manual_seed(1)\nx = 1  # one', 'torch.manual_seed(2)\nx = 1'],
  ];
  for (const [what, from, to] of alone) {
    it(`tells a patch of ${what} alone`, async () => assert.deepEqual(await tagsOf(from, to), ['seed-only']));
  }
  const more: readonly (readonly [what: string, from: string, to: string])[] = [
    ['a text', 'torch.manual_seed(1)\nf("( a )")', 'torch.manual_seed(2)\nf("(a)")'],
    [
      'how many numbers are drawn',
      'torch.manual_seed(1)\nx = np.random.random(3)',
      'torch.manual_seed(2)\nx = np.random.random(4)',
    ],
    ['an import that may do something', 'torch.manual_seed(1)', 'import fast\ntorch.manual_seed(2)'],
    ['a print of a value', 'torch.manual_seed(1)', 'torch.manual_seed(2)\nprint(f"{x()}")'],
    ['a statement behind', 'torch.manual_seed(1)', 'torch.manual_seed(2); x = 1'],
    ['a text that is used', 'torch.manual_seed(1)', 'x = """\na\n"""\ntorch.manual_seed(2)'],
    ['an indentation', 'torch.manual_seed(1)\nif a:\n    f()', 'torch.manual_seed(2)\nif a: pass\nf()'],
  ];
  for (const [what, from, to] of more) {
    it(`does not take a seed and ${what} for a seed alone`, async () => assert.deepEqual(await tagsOf(from, to), []));
  }
});

describe('the gate of the evaluation, by the names that training code has,', () => {
  const loaders = (inner: string) => `val_loader = DataLoader(\n    ${inner}\n    num_workers=4)\n`;
  const trains = 'train_set = load(0)\nval_set = load(1)\nx = DataLoader(train_set)\n';
  const meter = 'class AverageMeter:\n    def update(self, x):\n        self.avg = x\n';
  const guarded = (head: string) =>
    `best = 9\nfor step in range(9):\n    if ${head}:\n        print(f'val_loss {x:.3f}')\n`;
  const loss = (after: string) => `def forward(self, x):\n    loss = f(x)\n${after}    return loss\n`;
  table('warns where what is held back is another by its name:', [
    {
      what: 'made of fewer samples in a statement over several lines',
      from: loaders('val_set, batch_size=8,'),
      to: loaders('Subset(val_set, range(99)), batch_size=8,'),
      found: ['warning 2'],
    },
    {
      what: 'put to what is trained on',
      from: trains,
      to: trains.replace('(train_set)', '(ConcatDataset([train_set, val_set]))'),
      found: ['warning 3'],
    },
    {
      what: 'put to it in a new line',
      from: trains,
      to: trains.replace('x =', 'train_set = join(train_set, val_set)\nx ='),
      found: ['warning 3'],
    },
    {
      what: 'what is trained on in its place',
      from: 's = model.evaluate(x_test, y_test)\n',
      to: 's = model.evaluate(x_train, y_train)\n',
      found: ['warning 1'],
    },
    {
      what: 'a part of it',
      from: 's = model.evaluate(x_test, y_test)\n',
      to: 's = model.evaluate(x_test[:99], y_test[:99])\n',
      found: ['warning 1'],
    },
    {
      what: 'made otherwise under a name that ends in its part',
      from: 'dataset_val = build(train=False)\n',
      to: 'dataset_val = build(train=True)\n',
      found: ['warning 1'],
    },
    { what: 'no longer from its start', from: 'val_loader.reset()\nf()\n', to: 'f()\n', found: ['warning 1'] },
    {
      what: 'split otherwise',
      from: 'train_val_test_split: [50, 5, 5]\n',
      to: 'train_val_test_split: [59, 1, 0]\n',
      path: 'c.yaml',
      found: ['error 1'],
    },
    {
      what: 'cut short by a setting',
      from: 'max_epochs: 3\n',
      to: 'max_epochs: 3\nlimit_val_batches: 2\n',
      path: 'c.yaml',
      found: ['warning 2'],
    },
  ]);
  table('warns of what changes', [
    { what: 'a meter that sums up', from: meter, to: meter.replace('= x', '= max(x, 1)'), found: ['warning 3'] },
    {
      what: 'how samples are counted as right',
      from: 'def accuracy(a, b):\n    return f(a, b, 1)\n',
      to: 'def accuracy(a, b):\n    return f(a, b, 5)\n',
      metric: 'acc1',
      found: ['warning 2'],
    },
    { what: 'which numbers are told', from: guarded('step % 3 == 0'), to: guarded('x < best'), found: ['warning 3'] },
    {
      what: 'the loss where the model does not train',
      from: loss(''),
      to: loss('    if not self.training:\n        loss = loss * 0.9\n'),
      found: ['warning 4'],
    },
    {
      what: 'the task',
      from: 'env_id: str = "CartPole-v1"\n',
      to: 'env_id: str = "CartPole-v0"\n',
      found: ['warning 1'],
    },
    {
      what: 'the task of a command',
      from: 'python a.py --env-id A-v1\n',
      to: 'python a.py --env-id A-v0\n',
      path: 't.sh',
      found: ['warning 1'],
    },
    { what: 'the data set', from: 'dataset: big\n', to: 'dataset: small\n', path: 'c.yaml', found: ['warning 1'] },
    {
      what: 'what the run begins with',
      from: "init_from = 'scratch'\n",
      to: "init_from = 'resume'\n",
      found: ['warning 1'],
    },
    {
      what: 'the checkpoint',
      from: 'ckpt_path: null\n',
      to: 'ckpt_path: /b.ckpt\n',
      path: 'c.yaml',
      found: ['warning 1'],
    },
  ]);
  table('only mentions', [
    { what: 'that a run trains longer', from: 'max_iters = 100\n', to: 'max_iters = 400\n', found: ['info 1'] },
    {
      what: 'more epochs by a flag',
      from: 'p.add_argument("--epochs", default=3)\n',
      to: 'p.add_argument("--epochs", default=9)\n',
      found: ['info 1'],
    },
  ]);
  table('says nothing of', [
    {
      what: 'how held-back data is loaded',
      from: loaders('val_set,').replace('num_workers=4', 'num_workers=4, pin_memory=True'),
      to: loaders('val_set,').replace('num_workers=4', 'num_workers=16, pin_memory=True, persistent_workers=True'),
    },
    {
      what: 'another model that is measured on it',
      from: 'x = validate(val_set, model)\n',
      to: 'x = validate(val_set, ema)\n',
    },
    {
      what: 'what is trained on in other order',
      from: trains,
      to: trains.replace('(train_set)', '(train_set, shuffle=True)'),
    },
    { what: 'how often numbers are told', from: guarded('step % 3 == 0'), to: guarded('step % 9 == 0 and step > 0') },
    {
      what: 'a loss of training alone',
      from: loss(''),
      to: loss('    if self.training:\n        loss = loss + 0.1 * g(x)\n'),
    },
    { what: 'data sets that are gone through', from: 'f(x)\n', to: 'for dataset in x:\n    f(dataset)\n' },
    { what: 'a data set that is made otherwise', from: 'dataset = load(x)\n', to: 'dataset = shuffled(load(x))\n' },
  ]);
});
