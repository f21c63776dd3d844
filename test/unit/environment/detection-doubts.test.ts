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
