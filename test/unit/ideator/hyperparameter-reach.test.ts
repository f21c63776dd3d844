import { strict as assert } from 'node:assert';
import { knobs } from './knobs.ts';

type Files = Readonly<Record<string, string>>;

const PROGRAM = `import argparse
p = argparse.ArgumentParser()
p.add_argument('--lr', type=float, default=1e-3)
p.add_argument('-b', '--batch-size', type=int, default=64)
p.add_argument('--optimizer', default='adam', choices=['adam', 'sgd'])
p.add_argument('--use-amp', action=argparse.BooleanOptionalAction, default=False)
`;
const ALL = ['lr', 'batch-size', 'optimizer', 'use-amp'];
const train = (more: Files = {}): Files => ({ 'train.py': PROGRAM, ...more });
const without = (...names: readonly string[]) => ALL.filter((name) => !names.includes(name));

/** The names that may be moved, those of other files than `train.py` with their file. */
const named = (files: Files, run?: string) =>
  knobs(files, run).map(({ at }) => (at.path === 'train.py' ? at.name : `${at.path}:${at.name}`));

describe('a hyperparameter is moved only where a run reads it', () => {
  for (const [run, left] of [
    ['python train.py', ALL],
    ['python train.py -b 32', without('batch-size')],
    ['python train.py -b32', without('batch-size')],
    ['python train.py --batch_size=32', without('batch-size')],
    ['python -b train.py', ALL],
    ['python train.py --lr 0.1 --use-amp', without('lr', 'use-amp')],
    ['python train.py --no-use-amp', without('use-amp')],
    ['python train.py --no-use-amp --lr=0.1', without('lr', 'use-amp')],
    ['python train.py --optimizer sgd', without('optimizer')],
    ['python train.py --lr-of-other 3 --lr.x 3', ALL],
  ] as const) {
    it(`and the command leaves it: ${run}`, () => assert.deepEqual(named(train(), run), left));
  }

  for (const [script, left] of [
    ['python train.py', ALL],
    ['python train.py --lr 3e-4', [...without('lr'), 'run.sh:lr']],
    ['LR=3e-4\npython train.py --lr $LR', [...without('lr'), 'run.sh:LR']],
    ['LR=3e-4; python train.py --lr $LR', [...without('lr'), 'run.sh:LR']],
    ['python train.py \\\n  --lr $1 \\\n  --optimizer sgd --use-amp', ['batch-size']],
    ['python train.py -b $BATCH', without('batch-size')],
    ['ARGS="--lr $LR"\npython train.py $ARGS', without('lr')],
    ['python train.py # --lr 0.1 was worse', ALL],
    ['# python train.py --use-amp', ALL],
    ['echo "--lr $LR"\npython train.py', ALL],
    ['python prepare.py --lr $LR\npython train.py', ALL],
  ] as const) {
    it(`and its script leaves it: ${script.replaceAll('\n', '; ')}`, () => {
      const files = train({ 'run.sh': `${script}\n`, 'prepare.py': 'import sys\n' });
      assert.deepEqual(named(files, 'bash run.sh'), left);
    });
  }

  it('flags that a script hands to the program reach the modules that it imports', () => {
    const files = { 'train.py': 'import options\n', 'options.py': PROGRAM, 'run.sh': 'python train.py --lr $LR\n' };
    assert.deepEqual(named(files, 'bash run.sh'), [
      'options.py:batch-size',
      'options.py:optimizer',
      'options.py:use-amp',
    ]);
  });

  it('scripts that the run does not start neither hide a default nor are offered', () => {
    const more = { 'examples/big.sh': 'python train.py --lr 3e-4 --batch-size 128 --optimizer sgd\n' };
    assert.deepEqual(named(train(more)), ALL);
    assert.deepEqual(named({ 'train.py': 'import sys\n', ...more }), []);
  });

  it('and that is told whatever a script holds: nothing hangs', () => {
    for (const part of ["'", `"'`, '-m ', '.py -', '\\\n', ' #', 'a/', '$' + '{', '--lr=']) {
      const script = part.repeat(50_000);
      assert.ok(Array.isArray(named(train({ 'run.sh': script }), 'bash run.sh && python train.py')));
    }
  });

  it('of two configs of one name the one is read whose path the program says', () => {
    const files = {
      'train.py': 'open("conf/base.yaml")\n',
      'conf/base.yaml': 'lr: 0.1\n',
      'other/base.yaml': 'lr: 1.0\n',
    };
    assert.deepEqual(named(files), ['conf/base.yaml:lr']);
  });
});

const MAIN = `import hydra
GRAD_CLIP = 1.0
@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    pass
`;
const HYDRA: Files = {
  'train.py': MAIN,
  'conf/config.yaml':
    'defaults:\n  - _self_\n  - optim: adam\n  - optional model@net: small\nlr: 0.1\nhydra: { sweeper: { x: 3 } }\n',
  'conf/optim/base.yaml': 'weight_decay: 0.1\n',
  'conf/optim/adam.yaml': 'defaults: [base]\nlr: 0.001\n',
  'conf/optim/sgd.yaml': 'momentum: 0.9\n',
  'conf/model/small.yaml': 'width: 8\n',
  'conf/experiment/big.yaml': '# @package _global_\ndefaults:\n  - override /optim: sgd\ndropout: 0.1\n',
};
const CLIP = 'GRAD_CLIP';
const ROOT = 'conf/config.yaml:lr';
const ADAM = ['conf/optim/adam.yaml:lr', 'conf/optim/base.yaml:weight_decay'];
const WIDTH = 'conf/model/small.yaml:width';
const SGD = 'conf/optim/sgd.yaml:momentum';

describe('of the configs of Hydra those are moved that the run puts together', () => {
  for (const [run, left] of [
    ['python train.py', [CLIP, ROOT, ...ADAM, WIDTH]],
    ['python train.py optim.lr=0.01', [CLIP, ROOT, ADAM[1], WIDTH]],
    ['python train.py lr=0.01', [CLIP, ...ADAM, WIDTH]],
    ['python train.py net.width=4 model.width=4', [CLIP, ROOT, ...ADAM]],
    ['python train.py optim=sgd', [CLIP, ROOT, SGD, WIDTH]],
    ['python train.py +experiment=big', [CLIP, ROOT, SGD, WIDTH, 'conf/experiment/big.yaml:dropout']],
    ['python train.py +experiment=big optim=adam dropout=0', [CLIP, ROOT, ...ADAM, WIDTH]],
    ['python train.py --config-name optim/sgd', [CLIP, SGD]],
    ['bash run.sh', [CLIP, ROOT, WIDTH]],
  ] as const) {
    it(run, () => {
      const files = { ...HYDRA, 'run.sh': 'python train.py optim=sgd \\\n  optim.momentum=$M # optim=adam\n' };
      assert.deepEqual(named(files, run).sort(), [...left].sort());
    });
  }

  it('whose folder ends in a slash, and whose choices say their ending', () => {
    const main = MAIN.replace('config_path="conf"', 'config_path="conf/"');
    const config = (HYDRA['conf/config.yaml'] ?? '').replace('optim: adam', 'optim: adam.yaml');
    const files = { ...HYDRA, 'train.py': main, 'conf/config.yaml': config };
    assert.deepEqual(named(files).sort(), [CLIP, ROOT, ...ADAM, WIDTH].sort());
  });

  it('all of a group, where the choice is made as it runs', () => {
    const config = `defaults:\n  - optim: \${oc.env:OPTIM}\n`;
    assert.deepEqual(named({ ...HYDRA, 'conf/config.yaml': config }).sort(), [CLIP, ...ADAM, SGD].sort());
  });

  it('as any other YAML file, where the folder of configs cannot be told', () => {
    const main = MAIN.replace('config_path="conf"', 'config_path=FOLDER');
    assert.deepEqual(named({ ...HYDRA, 'train.py': main }), [CLIP]);
  });
});

describe('a field of a config', () => {
  const model =
    'from dataclasses import dataclass\n@dataclass\nclass GPTConfig:\n    block_size: int = 1024\n    dropout: float = 0.1\n';
  const left = (train: string) => named({ 'train.py': `from model import GPTConfig\n${train}`, 'model.py': model });

  it('is left alone where the program builds the config of values of its own', () => {
    const build = 'model_args = dict(n_layer=2, block_size=block_size)\nGPTConfig(**model_args)\n';
    assert.deepEqual(left(`block_size = 256\n${build}`), ['block_size', 'model.py:dropout']);
    assert.deepEqual(left('config = GPTConfig(block_size=64)\n'), ['model.py:dropout']);
  });

  it('is moved where what else takes an argument of its name has it from the field', () => {
    const both = ['model.py:block_size', 'model.py:dropout'];
    assert.deepEqual(left('config = GPTConfig()\nloader = Loader(block_size=config.block_size)\n'), both);
    assert.deepEqual(
      left('def layer(dropout):\n    return Dropout(dropout=dropout)\nlayer(GPTConfig().dropout)\n'),
      both,
    );
    assert.deepEqual(left('small = GPTConfig(dropout=config.dropout)\n'), both);
  });
});
