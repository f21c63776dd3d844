import { strict as assert } from 'node:assert';
import { detectEnvironment } from '../../../src/core/environment/detect/index.ts';
import type { Detected } from '../../../src/core/environment/index.ts';
import { KnownFormats } from '../../../src/core/metrics/index.ts';

const reads = (line: string) => new KnownFormats().parse(line).map(({ name }) => name);
const LOOP = 'import torch\nfor epoch in range(3):\n    loss.backward()\n';

function propose(files: Readonly<Record<string, string>>): Detected {
  return detectEnvironment(new Map(Object.entries(files)), { reads });
}
const withReadme = (command: string, code = '') =>
  propose({
    'README.md': `# t\n\`\`\`\n${command}\n\`\`\`\n`,
    'train.py': `${LOOP}${code}`,
    'run.sh': 'python train.py\n',
  });
const objective = (code: string, more: Readonly<Record<string, string>> = {}) => {
  const { metric, goal } = propose({ 'train.py': `${LOOP}${code}`, ...more }).environment.objective ?? {};
  return metric === undefined ? undefined : `${goal} ${metric}`;
};
const both = 'print(f"val_loss: {v:.4f} val_acc: {a:.4f}")\n';

describe('what a program keeps the best of', () => {
  it('is what it keeps a checkpoint of, in the direction of that very call', () => {
    const early = 'early = EarlyStopping(monitor="val_loss", mode="min")\n';
    const kept = 'kept = ModelCheckpoint(monitor="val_acc", mode="max")\n';
    assert.equal(objective(`${early}${kept}${both}`), 'maximize val_acc');
    assert.equal(objective(`${early}${both}`), 'minimize val_loss');
    const yaml = (name: string, metric: string, mode: string) =>
      `    - class_path: callbacks.${name}\n      init_args:\n        monitor: ${metric}\n        mode: ${mode}\n`;
    const config = `callbacks:\n${yaml('EarlyStopping', 'val_loss', 'min')}${yaml('ModelCheckpoint', 'val_acc', 'max')}`;
    assert.equal(objective(both, { 'config.yaml': config }), 'maximize val_acc');
  });

  it('is not what a scheduler watches, nor a number of training', () => {
    const scheduler =
      'plan = {\n    "lr_scheduler": {\n        "scheduler": s,\n        "monitor": "val_loss",\n    },\n}\n';
    assert.equal(objective(`${scheduler}${both}`), 'maximize val_acc');
    assert.equal(
      objective(`plan = {"monitor": "train_loss"}\nprint(f"train_loss: {t} val_acc: {a}")\n`),
      'maximize val_acc',
    );
    const table = { 'results.csv': 'model,train_acc,val_acc\n' };
    assert.equal(objective('print(f"train_acc: {t:.3f} val_acc: {a:.3f}")\n', table), 'maximize val_acc');
  });

  it('is on other data, where a document or a comparison names no part of the data', () => {
    const code = 'print(f"loss: {l:.4f}")\nprint(f"val_loss: {v:.4f}")\n';
    assert.equal(objective(code, { 'README.md': '# t\nWe minimize the loss on the corpus.\n' }), 'minimize val_loss');
    const compared = 'print(f"loss: {l:.4f} val_acc: {a:.4f}")\nif loss < best_loss:\n    best_loss = loss\n';
    assert.equal(objective(compared), 'maximize val_acc');
  });

  it('stays open where it cannot be read, rather than to become the loss of training', () => {
    const code = 'print(f"loss: {l:.4f}")\nif val_acc > best_acc:\n    best_acc = val_acc\n';
    const { environment, questions } = propose({ 'train.py': `${LOOP}${code}` });
    assert.equal(environment.objective, undefined);
    assert.match(questions.objective ?? '', /keeps the best val_acc, but nothing prints or logs it/);
    const flag =
      'p.add_argument("--wandb", action="store_true")\nif a.wandb:\n    wandb.log({"val/acc": acc})\nprint(f"loss: {l:.3f}")\n';
    const hidden = propose({ 'train.py': `import wandb\n${LOOP}${flag}` });
    assert.match(hidden.questions.objective ?? '', /val\/acc .* is logged with --wandb only/);
  });
});

describe('a number that is printed', () => {
  it('is no result where it is what was caught, or a setting', () => {
    const code =
      'try:\n    print(f"loss: {l:.3f}")\nexcept RuntimeError as e:\n    print(f"Error: {e}")\nprint(f"Precision: {args.precision}")\n';
    assert.equal(objective(code), 'minimize loss');
  });

  it('is the mean and not the last batch, where both stand there', () => {
    const code = `print('Test: [{0}] Acc@1 {top1.val:.3f} ({top1.avg:>7.3f})'.format(i, top1=top1))\n`;
    const { environment } = propose({ 'train.py': `${LOOP}${code}` });
    assert.equal(environment.objective?.metric, 'test_acc_1');
    const shown = 'Test: [3] Acc@1 61.100 ( 60.120)';
    assert.equal(new RegExp(String(environment.metrics?.[0])).exec(shown)?.groups?.test_acc_1, '60.120');
  });

  it('takes its name from the value where its label is a part of the data only', () => {
    const code = "print(f'Loss: {loss:.4f}, Train: {train_acc:.4f}, Val: {val_acc:.4f}')\n";
    const { environment } = propose({ 'train.py': `${LOOP}${code}` });
    assert.equal(environment.objective?.metric, 'val_acc');
    const shown = 'Loss: 1.2000, Train: 0.9000, Val: 0.8000';
    assert.equal(new RegExp(String(environment.metrics?.[0])).exec(shown)?.groups?.val_acc, '0.8000');
  });

  it('goes down where the score is of something that shall', () => {
    assert.equal(objective('print(f"FID score: {f:.3f}")\n'), 'minimize FID_score');
    assert.equal(objective('print(f"Brier score: {f:.3f}")\n'), undefined);
  });

  it('is read from the file that is written, not from one that is read', () => {
    const files = (code: string) => propose({ 'train.py': `${LOOP}${code}` }).environment.metrics;
    const settings = 'cfg = json.load(open("config.json"))\n';
    const kept = 'with open("metrics.json", "w") as f:\n    json.dump({"val_acc": acc}, f)\n';
    assert.deepEqual(files(`${settings}${kept}`), [{ file: 'metrics.json' }]);
    const rows = 'rows = [json.loads(row) for row in open("data/train.jsonl")]\n';
    const lines = 'with open("logs/metrics.jsonl", "a") as f:\n    f.write(json.dumps({"val_loss": v}))\n';
    assert.deepEqual(files(`${rows}${lines}`), [{ file: 'logs/metrics.jsonl' }]);
  });
});

describe('the command of a run', () => {
  const run = (command: string, code?: string) => withReadme(command, code).environment.run;

  it('is one that trains: no evaluation, no help, no sweep', () => {
    assert.equal(run('python train.py --eval --resume best.pth\npython train.py --lr 1'), 'python train.py --lr 1');
    assert.equal(run('python train.py -m seed=1,2,3\npython train.py'), 'python train.py');
    assert.notEqual(run('python train.py --help'), 'python train.py --help');
    const sweep = { 'sweep.sh': 'for lr in 1 2; do\n  python train.py --lr $lr\ndone\n', 'train.py': LOOP };
    assert.equal(propose(sweep).environment.run, 'python3 train.py');
  });

  it('is not taken where only a person can complete it', () => {
    for (const command of ['python train.py --model {resnet18,vit}', 'python train.py --data PATH_TO_IMAGENET']) {
      const { environment, questions } = propose({ 'README.md': `# t\n\n    ${command}\n`, 'train.py': LOOP });
      assert.equal(environment.run, undefined, command);
      assert.ok(questions.run?.includes(command), questions.run);
    }
    const needed = propose({ 'train.py': `p.add_argument("--config", required=True)\n${LOOP}` });
    assert.match(needed.questions.run ?? '', /train\.py trains, and needs --config/);
  });

  it('starts where it is written down to start, without what only that machine had', () => {
    assert.equal(run('nohup python train.py --lr 1 > log &'), 'python train.py --lr 1');
    assert.equal(run('sbatch -N 1 --time 04:00:00 run.sh'), 'bash run.sh');
    const { environment } = withReadme('CUDA_VISIBLE_DEVICES=2,3 python train.py', 'model.cuda()\n');
    assert.equal(environment.run, 'python train.py');
    assert.equal(environment.resources?.gpus, 2);
    const inside = propose({
      'README.md': '# t\n```\ncd cifar\npython train.py\n```\n',
      'cifar/train.py': `${LOOP}${both}`,
    });
    assert.equal(inside.environment.run, 'cd cifar && python train.py');
    assert.equal(inside.reasons.objective?.startsWith('cifar/train.py:4'), true, inside.reasons.objective);
  });

  it('finds what it imports', () => {
    const started = (files: Readonly<Record<string, string>>) => propose(files).environment.run;
    const model = 'class M: pass\n';
    assert.equal(
      started({ 'src/lm/train.py': `from .model import M\n${LOOP}`, 'src/lm/model.py': model }),
      'PYTHONPATH=src python3 -m lm.train',
    );
    assert.equal(
      started({ 'scripts/train.py': `from lm.model import M\n${LOOP}`, 'lm/model.py': model }),
      'PYTHONPATH=. python3 scripts/train.py',
    );
    assert.equal(
      started({ 'main.py': 'from lightning.pytorch.cli import LightningCLI\nLightningCLI(M)\n' }),
      'python3 main.py fit',
    );
  });
});

describe('what a run needs', () => {
  it('is a GPU where a library or a launcher takes one', () => {
    const gpus = (files: Readonly<Record<string, string>>) => propose(files).environment.resources?.gpus;
    assert.equal(gpus({ 'train.py': `import tensorflow as tf\n${LOOP}` }), 1);
    assert.equal(gpus({ 'train.py': `d = torch.accelerator.current_accelerator()\n${LOOP}` }), 1);
    assert.equal(gpus({ 'run.sh': 'deepspeed --include localhost:0,1,2,3 train.py\n', 'train.py': LOOP }), 4);
    const accelerate = {
      'run.sh': 'accelerate launch --config_file zero3.yaml train.py\n',
      'zero3.yaml': 'compute_environment: LOCAL_MACHINE\nnum_processes: 8\n',
    };
    assert.equal(gpus({ ...accelerate, 'train.py': LOOP }), 8);
    assert.equal(gpus({ 'README.md': '# t\n`python train.py --gpus 0`\n', 'train.py': LOOP }), 1);
  });

  it('is no time that only a part of it takes, and none of something else', () => {
    const timeout = (words: string) =>
      propose({ 'README.md': `# t\n${words}\n`, 'train.py': LOOP }).environment.resources?.timeout;
    assert.equal(timeout('One epoch takes about 30 seconds.'), undefined);
    assert.equal(timeout('It takes 5 minutes per epoch; the whole run takes about 3 hours.'), '6h');
    assert.equal(timeout('It runs for 1M steps.'), undefined);
    assert.equal(timeout('The model has about 124M parameters.'), undefined);
    assert.equal(timeout('Building the dataset can take more than 20 minutes.'), undefined);
    const beside = { 'slurm/eval.sbatch': '#SBATCH --time=00:10:00\npython eval.py\n', 'train.py': LOOP };
    assert.equal(propose(beside).environment.resources?.timeout, undefined);
  });

  it('is its own seed, which nothing sets after it', () => {
    const seed = (code: string, more: Readonly<Record<string, string>> = {}) =>
      propose({ 'train.py': `${code}${LOOP}`, ...more }).environment.seed;
    const own = 'p.add_argument("--seed", type=int)\n';
    assert.deepEqual(seed(`p.add_argument("--split-seed", type=int)\n${own}`), { flag: '--seed' });
    assert.deepEqual(seed(`p.add_argument("--no-seed", action="store_true")\n${own}`), { flag: '--seed' });
    assert.deepEqual(seed('p.add_argument("--random-state", type=int)\n'), { flag: '--random-state' });
    assert.deepEqual(seed(`os.environ["GLOBAL_SEED"] = str(a.seed)\n${own}`), { flag: '--seed' });
    assert.equal(seed('', { 'run.sh': 'for SEED in 0 1\ndo\n  echo $SEED\ndone\npython train.py "$@"\n' }), undefined);
  });

  it('is no file that it makes itself, and the data that its settings name', () => {
    const inputs = (files: Readonly<Record<string, string>>) => propose(files).environment.inputs;
    const cache =
      "if not os.path.exists('data/train.bin'):\n    open('data/train.bin', 'wb').write(b)\nx = open('data/train.bin').read()\n";
    assert.equal(inputs({ 'train.py': `${LOOP}${cache}` }), undefined);
    const nano =
      "dataset = 'openwebtext'\nexec(open('configurator.py').read())\nx = np.memmap(os.path.join('data', dataset, 'train.bin'))\n";
    const files = {
      'README.md': '# t\n`python train.py config/small.py`\n',
      'train.py': `import os\nimport numpy as np\n${nano}${LOOP}`,
      'config/small.py': "dataset = 'shakespeare'\n",
    };
    assert.deepEqual(inputs(files), ['data/shakespeare/train.bin']);
  });
});

describe('a command of a document', () => {
  const runOf = (readme: string, files: Readonly<Record<string, string>> = {}) =>
    propose({ 'README.md': readme, 'train.py': LOOP, ...files });

  it('is found behind the folder of a clone, whose name a package may have too', () => {
    const package_ = { 'lab/__init__.py': '', 'lab/net.py': '' };
    assert.equal(
      runOf('```\ncd lab && python train.py --lr 1\n```\n', package_).environment.run,
      'python train.py --lr 1',
    );
    assert.equal(
      runOf('```\ncd lab\npython train.py --lr 1\n```\n', package_).environment.run,
      'python train.py --lr 1',
    );
    const within = runOf('```\ncd lab && python fit.py\n```\n', { 'lab/fit.py': LOOP });
    assert.equal(within.environment.run, 'cd lab && python fit.py');
  });

  it('is none that Python cannot start, and none that trains on data that is made up', () => {
    const { environment } = runOf('Or `python run train.py`.\n```\npoetry run python train.py --lr 1\n```\n');
    assert.equal(environment.run, 'poetry run python train.py --lr 1');
    const dummy = runOf('```\npython train.py --small [folder with images]\npython train.py --small --dummy\n```\n');
    assert.equal(dummy.environment.run, undefined);
    assert.match(dummy.questions.run ?? '', /README\.md:2 says "python train\.py --small \[folder with images\]"/);
  });

  it('is the plain one, where others only set keys of Hydra', () => {
    const readme = '`python train.py` starts it.\n```\npython train.py trainer.epochs=20 model.lr=1e-4\n```\n';
    assert.equal(runOf(readme).environment.run, 'python train.py');
    const config = '`python train.py` is slow.\n```\npython train.py config/small.py\n```\n';
    assert.equal(runOf(config).environment.run, 'python train.py config/small.py');
  });

  it('brings what a script takes from outside, and stays open where a person has to', () => {
    const script = 'python train.py \\\n  data=$DATA_DIR/train.bin \\\n  gpus=$N_GPUS host=$HOSTNAME\n';
    const files = { 'scripts/go.sh': script };
    const asked = runOf('```\nexport N_GPUS=2\nexport DATA_DIR={your data}\nbash scripts/go.sh\n```\n', files);
    assert.equal(asked.environment.run, undefined);
    assert.match(asked.questions.run ?? '', /says "N_GPUS=2 bash scripts\/go\.sh", which needs DATA_DIR/);
    const given = runOf('```\nexport N_GPUS=2\nexport DATA_DIR=corpus\nbash scripts/go.sh\n```\n', files);
    assert.equal(given.environment.run, 'DATA_DIR=corpus N_GPUS=2 bash scripts/go.sh');
    assert.equal(given.environment.inputs, undefined);
  });

  it('is no script that is started with arguments, where nothing says which', () => {
    const open = propose({ 'train.py': LOOP, 'dist.sh': 'N=$1\nshift\ntorchrun --nproc_per_node=$N train.py "$@"\n' });
    assert.match(open.questions.run ?? '', /^dist\.sh trains, and needs \$1/);
    const parsed = 'while [ $# -gt 0 ]; do\n  case $1 in -v) V=1;; esac\n  shift\ndone\npython train.py\n';
    assert.equal(propose({ 'train.py': LOOP, 'run.sh': parsed }).environment.run, 'bash run.sh');
  });

  it('writes within the checkout, where runs do not meet', () => {
    const { environment, reasons } = runOf(
      '```\npython train.py --workdir=/tmp/a --data_dir /tmp/d --output_dir /tmp/b/\n```\n',
    );
    assert.equal(environment.run, 'python train.py --workdir=out-a --data_dir /tmp/d --output_dir out-b/');
    assert.match(reasons.run ?? '', /README\.md:2; what it writes to \/tmp there stays in each run’s own folder/);
  });

  it('starts what trains, and nothing that only sets a model to train', () => {
    const callback = 'def hook(trainer):\n    model.eval()\n    model.train()\n';
    assert.match(propose({ 'a.py': callback }).questions.run ?? '', /no script here trains/);
    assert.equal(propose({ 'a.py': 'agent = make()\nagent.train()\n' }).environment.run, 'python3 a.py');
  });

  it('takes the time that is told where it stands, before one of another command', () => {
    const readme =
      '# t\nIt trains in about 4 days.\n## Small\n```\npython train.py config/small.py\n```\nThis run takes about 3 minutes.\n## Large\n';
    const { environment, reasons } = runOf(readme, { 'config/small.py': 'lr = 1\n' });
    assert.equal(environment.resources?.timeout, '6m');
    assert.match(reasons.resources ?? '', /README\.md:7/);
  });
});

describe('configs that Hydra chooses', () => {
  const main = (body: string) =>
    `import hydra\n@hydra.main(config_path="configs", config_name="train")\ndef main(cfg):\n${body}\n    trainer.fit(model)\nif __name__ == "__main__":\n    main()\n`;
  const net =
    'class Net(LightningModule):\n    def validation_step(self, batch, i):\n        self.log("val/acc", acc)\n';
  const settings = (logger: string, more = '') => ({
    'train.py': `from net import Net\n${main('    seed_everything(cfg.seed)\n    log = RankedLogger()\n    loggers = make(cfg.get("logger"))')}`,
    'net.py': net,
    'configs/train.yaml': `defaults:\n  - logger: ${logger}\nlr: 0.1\n${more}`,
    'configs/logger/csv.yaml': 'csv:\n  _target_: lightning.pytorch.loggers.CSVLogger\n',
    'configs/logger/wandb.yaml': 'wandb:\n  _target_: lightning.pytorch.loggers.WandbLogger\n',
    'configs/experiment/one.yaml': '# @package _global_\nseed: 1\n',
  });

  it('say where Lightning writes, or that it writes nowhere', () => {
    assert.deepEqual(propose(settings('csv')).environment.metrics, [{ file: '**/metrics.csv' }]);
    const { environment } = propose(settings('wandb'));
    assert.deepEqual(environment.metrics, [{ file: '**/wandb/**/*.wandb' }]);
    assert.deepEqual(environment.env, { WANDB_MODE: 'offline' });
    assert.match(propose(settings('null')).questions.objective ?? '', /^val\/acc \(net\.py:3\) goes to no logger/);
  });

  it('have the seed, or get it as a new key', () => {
    assert.deepEqual(propose(settings('csv', 'seed: 3\n')).environment.seed, { flag: 'seed=' });
    assert.deepEqual(propose(settings('csv')).environment.seed, { flag: '+seed=' });
  });
});

describe('a number that is printed', () => {
  it('is the count, where its share is in whole percents', () => {
    const line = (spec: string) =>
      `print('Test set: Average loss: {:.4f}, Accuracy: {}/{} ({:${spec}}%)'.format(test_loss, correct, n, 100. * correct / n))\n`;
    const pattern = (spec: string) => propose({ 'train.py': `${LOOP}${line(spec)}` }).environment.metrics?.[0];
    const read = (spec: string, text: string) => new RegExp(String(pattern(spec))).exec(text)?.groups?.test_accuracy;
    assert.equal(read('.0f', 'Test set: Average loss: 0.0261, Accuracy: 9912/10000 (99%)'), '9912');
    assert.equal(read('.2f', 'Test set: Average loss: 0.0261, Accuracy: 9912/10000 (99.12%)'), '99.12');
  });

  it('is guarded from the statement that computes it, over its lines', () => {
    const code =
      'for epoch in range(3):\n    state = fit(state)\n    _, loss, test_acc = apply(\n        state, test_ds["image"]\n    )\n    print(f"test_acc: {test_acc:.4f}")\n';
    assert.deepEqual(propose({ 'train.py': `${LOOP}${code}` }).environment.protected_regions, [
      { file: 'train.py', from: '_, loss, test_acc = apply(', to: 'print(f"test_acc: {test_acc:.4f}")' },
    ]);
  });

  it('is guarded where it is computed, beside functions that guard something else', () => {
    const code =
      'def train(epoch):\n    acc_val = accuracy(out[idx_val], y[idx_val])\n    print(f"acc_val: {acc_val:.4f}")\n' +
      'def test():\n    acc = accuracy(out[idx_test], y)\n    return acc\n';
    const measure = 'def accuracy(out, y):\n    return (out == y).mean()\n';
    const { environment } = propose({ 'train.py': `from lab import accuracy\n${LOOP}${code}`, 'lab.py': measure });
    assert.deepEqual(environment.protected_regions, [
      { file: 'train.py', from: 'def test(', to: 'return acc' },
      { file: 'lab.py', from: 'def accuracy(', to: 'return (out == y).mean()' },
      {
        file: 'train.py',
        from: 'acc_val = accuracy(out[idx_val], y[idx_val])',
        to: 'print(f"acc_val: {acc_val:.4f}")',
      },
    ]);
    const whole = 'def evaluate():\n    return 1\nval_acc = evaluate()\nprint(f"val_acc: {val_acc:.4f}")\n';
    assert.equal(propose({ 'train.py': `${LOOP}${whole}` }).environment.protected_regions?.length, 1);
  });

  it('is guarded in folders that hold what judges, many tests by one name', () => {
    const tests = [1, 2, 3, 4, 5].map((n) => [`lab/part/tests/test_${n}.py`, '']);
    assert.deepEqual(propose({ 'train.py': LOOP, ...Object.fromEntries(tests) }).environment.protected, [
      '**/tests/**',
    ]);
    const files = {
      'train.py': LOOP,
      'lab/utils/reward_score/math.py': 'def compute_score(a, b):\n    return a == b\n',
    };
    assert.deepEqual(propose(files).environment.protected, ['lab/utils/reward_score/**']);
  });
});

describe('settings of ml_collections', () => {
  it('are those of the config that is named, and of what it imports', () => {
    const { hyperparameters } = propose({
      'README.md': '```\npython train.py --config=configs/small.py\n```\n',
      'train.py': LOOP,
      'configs/small.py':
        'from configs import common\ndef get_config():\n  config = common.base()\n  config.depth = 2\n',
      'configs/common.py': 'def base():\n  config = ConfigDict()\n  config.lr = 0.1\n',
    });
    assert.deepEqual(hyperparameters.map(({ name }) => name).sort(), ['depth', 'lr']);
  });
});

describe('what a program is told from outside', () => {
  it('stays open where a script takes arguments by their place', () => {
    const needs = `import sys\nout = open(sys.argv[1])\n${LOOP}`;
    assert.match(propose({ 'train.py': needs }).questions.run ?? '', /needs sys\.argv\[1\], which nothing here names/);
    const may = `import sys\nlr = float(sys.argv[1]) if len(sys.argv) > 1 else 0.1\n${LOOP}`;
    assert.equal(propose({ 'train.py': may }).environment.run, 'python3 train.py');
  });

  it('comes from the stages of a pipeline', () => {
    const { environment, reasons } = propose({
      'dvc.yaml':
        'stages:\n  prepare:\n    cmd: python prepare.py\n  train:\n    cmd: python train.py data model.pkl\n',
      'prepare.py': 'print(1)\n',
      'train.py': `import sys\nout = open(sys.argv[1])\n${LOOP}`,
    });
    assert.equal(environment.run, 'dvc repro');
    assert.equal(reasons.run, 'a stage of dvc.yaml starts train.py');
    assert.deepEqual(environment.protected, ['prepare.py']);
  });
});

describe('what can be tuned', () => {
  it('is in a dict of settings that the program reads, and not in one that is only logged', () => {
    const dict = 'params = {\n    "max_depth": 6,\n    "eta": 0.3,\n    "seed": 1,\n    "kind": "hist",\n}\n';
    const names = (code: string) => propose({ 'train.py': `${LOOP}${code}` }).hyperparameters.map(({ name }) => name);
    assert.deepEqual(names(`${dict}model = Regressor(**params)\n`), ['max_depth', 'eta']);
    assert.deepEqual(names(`${dict}model = xgb.train(params, data)\n`), ['max_depth', 'eta']);
    assert.deepEqual(names(`${dict}wandb.init(config=params)\n`), []);
    assert.deepEqual(names('def main():\n    config = {"lr": 2e-5}\n    lr = config["lr"]\n'), ['lr']);
  });

  it('is nothing of how a run is measured, logged or spread', () => {
    const code =
      'lr = 0.1\neval_iters = 200\nlog_interval = 10\nval_tokens = 1024\nworld_size = 8\nseed = 3\nrunning_mfu = -1.0\n';
    const { hyperparameters } = propose({ 'train.py': `${code}${LOOP}` });
    assert.deepEqual(
      hyperparameters.map(({ name }) => name),
      ['lr'],
    );
  });

  it('is not what evaluates, and settings beside the data stay as they are', () => {
    const { environment, questions } = propose({
      'train.py': `import val\nRANDOM_STATE = 42\n${LOOP}`,
      'val.py': 'def run():\n    return 1\n',
      'data/hyp.yaml': 'lr: 0.1\n',
    });
    assert.deepEqual(environment.protected, ['val.py', 'data/**']);
    assert.deepEqual(environment.editable, ['*.py', '**/*.py']);
    assert.match(questions.seed ?? '', /^train\.py:2 sets 42 and takes no other/);
  });
});

describe('a trainer that is installed', () => {
  it('is started by a document with settings that lie here', () => {
    const { environment } = propose({
      'README.md': '```\nllamafactory-cli train settings/sft.yaml\nllamafactory-cli chat settings/sft.yaml\n```\n',
      'settings/sft.yaml': 'stage: sft\nbf16: true\nlearning_rate: 1.0e-4\n',
      'src/train.py': 'from factory import run\nif __name__ == "__main__":\n    run()\n',
    });
    assert.equal(environment.run, 'llamafactory-cli train settings/sft.yaml');
    assert.equal(environment.resources?.gpus, 1);
  });

  it('is tuned by the keys that a script gives it, and reads data that no input can bring', () => {
    const script =
      'python3 -m verl.trainer.main_ppo \\\n  data.train_files=$HOME/data/train.parquet \\\n' +
      '  actor.optim.lr=1e-6 \\\n  trainer.n_gpus_per_node=4 \\\n  trainer.total_epochs=15 $@\n';
    const { hyperparameters, questions } = propose({ 'README.md': '`bash run.sh`\n', 'run.sh': script });
    assert.deepEqual(
      hyperparameters.map(({ name, literal }) => `${name}=${literal}`),
      ['actor.optim.lr=1e-6', 'trainer.total_epochs=15'],
    );
    assert.match(questions.inputs ?? '', /^run\.sh:2 keeps data in ~\/data\/train\.parquet, outside of the repository/);
  });
});

describe('a seed', () => {
  it('is a field of the config that a flag of absl names', () => {
    const { environment } = propose({
      'train.py': `config_flags.DEFINE_config_file('config', 'configs/default.py')\n${LOOP}`,
      'configs/default.py': 'class Config:\n  lr: float = 0.1\n  seed: int = 0\ndef get_config():\n  return Config()\n',
    });
    assert.deepEqual(environment.seed, { flag: '--config.seed=' });
  });

  it('that a call is given is told, for a person to open it', () => {
    const code = 'from ultralytics import YOLO\nmodel = YOLO("n.pt")\nmodel.train(data="d.yaml", epochs=9, seed=3)\n';
    const { environment, questions } = propose({ 'train.py': code });
    assert.match(questions.seed ?? '', /^train\.py:3 sets 3 and takes no other/);
    assert.equal(environment.resources?.gpus, 1);
  });
});
