import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { detectEnvironment } from '../../../src/core/environment/detect/index.ts';
import { type Detected, parseEnvironment } from '../../../src/core/environment/index.ts';
import { KnownFormats } from '../../../src/core/metrics/index.ts';

const FOLDER = 'test/fixtures/repos';

/** What a person who knows the repository would write; a field that is not there is not looked at. */
interface Expected {
  readonly run?: string;
  readonly metric?: string;
  readonly goal?: string;
  /** Patterns, and files as `file: …`. */
  readonly metrics?: readonly string[];
  readonly editable?: readonly string[];
  readonly protected?: readonly string[];
  readonly regions?: readonly string[];
  readonly inputs?: readonly string[];
  readonly gpus?: number;
  readonly timeout?: string;
  readonly seed?: string;
  /** Some of the hyperparameters, as `name=literal`. */
  readonly hyperparameters?: readonly string[];
  readonly open: readonly string[];
}

const TABLE: Readonly<Record<string, Expected>> = {
  'flags-with-configs': {
    run: 'python train.py config/small.py',
    metric: 'val_loss',
    goal: 'minimize',
    metrics: [],
    protected: ['data/**'],
    regions: ['train.py def estimate_loss('],
    inputs: ['data/train.bin', 'data/val.bin'],
    gpus: 1,
    seed: 'flag --seed=',
    hyperparameters: ['learning_rate=1e-3', 'batch_size=64', 'n_layer=4'],
    open: ['resources.timeout'],
  },
  'torchrun-script': {
    run: './run.sh',
    metric: 'val_loss',
    goal: 'minimize',
    metrics: [],
    protected: ['data/**'],
    inputs: ['data/web/web_train_*.bin', 'data/web/web_val_*.bin'],
    gpus: 8,
    timeout: '24m',
    seed: 'flag --random-seed',
    hyperparameters: ['learning_rate=0.0036', 'num_iterations=1500'],
    open: [],
  },
  'hugging-face-trainer': {
    run: 'python finetune.py --model distilroberta-base --epochs 3',
    metric: 'eval_macro_f1',
    goal: 'maximize',
    metrics: [],
    regions: ['finetune.py def compute_metrics('],
    inputs: ['data/reviews_train.csv', 'data/reviews_dev.csv'],
    gpus: 1,
    seed: 'flag --seed',
    hyperparameters: ['lr=2e-5', 'epochs=3'],
    open: ['resources.timeout'],
  },
  'lightning-module': {
    run: 'python -m digits.fit --epochs 10',
    metric: 'val/accuracy',
    goal: 'maximize',
    metrics: ['file: tb_logs/**/*tfevents*'],
    regions: ['digits/network.py def validation_step('],
    gpus: 1,
    seed: 'flag --seed',
    hyperparameters: ['hidden=128'],
    open: ['resources.timeout'],
  },
  'hydra-configs': {
    run: 'python src/train.py',
    metric: 'val_mae',
    goal: 'minimize',
    metrics: [],
    editable: ['*.py', '**/*.py', 'configs/**'],
    regions: ['src/train.py def validate('],
    inputs: ['data/sales_2015_2023.parquet'],
    gpus: 1,
    timeout: '90m',
    seed: 'flag seed=',
    hyperparameters: ['lr=0.001', 'trainer.batch_size=512', 'hidden=256'],
    open: [],
  },
  'jax-script': {
    run: 'python main.py --workdir=out-images --config=configs/default.py',
    metric: 'test_accuracy',
    goal: 'maximize',
    metrics: [],
    gpus: 1,
    seed: 'flag --config.seed=',
    hyperparameters: ['learning_rate=0.1', 'batch_size=128'],
    open: ['resources.timeout'],
  },
  'program-and-results': {
    run: 'uv run train.py',
    metric: 'val_bpb',
    goal: 'minimize',
    metrics: [],
    editable: ['train.py'],
    protected: ['README.md', 'prepare.py', 'program.md', 'pyproject.toml', 'results.tsv', 'uv.lock'],
    gpus: 1,
    timeout: '10m',
    seed: 'env SEED',
    hyperparameters: ['MATRIX_LR=0.04', 'DEPTH=8'],
    open: [],
  },
  'grpo-with-wandb': {
    run: 'bash scripts/train_grpo.sh',
    metric: 'eval/pass@1',
    goal: 'maximize',
    metrics: ['file: wandb/**/*.wandb'],
    editable: ['*.py', '**/*.py', 'scripts/train_grpo.sh'],
    protected: ['rl/evaluate.py', 'rl/grader.py'],
    inputs: ['data/problems_train.jsonl'],
    gpus: 2,
    timeout: '6h',
    seed: 'env SEED',
    // What the script hands over, not the defaults that it overrides.
    hyperparameters: ['LR=2e-6', 'rollouts=8', 'kl_coef=0.02', 'clip_eps=0.2'],
    open: [],
  },
  'lightning-cli': {
    run: 'python main.py fit --config configs/convnext.yaml',
    metric: 'val/f1',
    goal: 'maximize',
    metrics: ['file: lightning_logs/**/metrics.csv', 'file: lightning_logs/**/*tfevents*'],
    regions: ['birdcalls/classifier.py def validation_step(', 'birdcalls/classifier.py def test_step('],
    inputs: ['data/xenocanto'],
    gpus: 1,
    timeout: '90m',
    seed: 'flag --seed_everything',
    hyperparameters: ['model.lr=0.0004', 'model.weight_decay=0.05', 'data.batch_size=64'],
    open: [],
  },
  'hydra-targets': {
    run: 'python src/run.py experiment=qm9',
    metric: 'val/mae',
    goal: 'minimize',
    editable: ['*.py', '**/*.py', 'configs/**'],
    regions: ['src/models/property_module.py def validation_step('],
    gpus: 1,
    seed: 'flag seed=',
    hyperparameters: ['lr=0.0005', 'cutoff=5.0', 'net.hidden=128'],
    open: ['resources.timeout'],
  },
  'grpo-with-trl': {
    run: 'bash train_grpo.sh',
    metric: 'reward',
    goal: 'maximize',
    metrics: [],
    protected: ['sudoku_rewards.py'],
    inputs: ['data/sudoku_train.jsonl'],
    gpus: 4,
    timeout: '8h',
    seed: 'flag --seed',
    hyperparameters: ['learning_rate=1.0e-6', 'beta=0.04', 'num_generations=16'],
    open: [],
  },
  // The README leaves a folder to fill in: the script's name alone would say less.
  'command-to-complete': { open: ['run', 'objective', 'seed'] },
  // Two numbers of one measure: nothing says which of them counts.
  'metric-under-two-names': {
    run: 'python train.py --epochs 5',
    gpus: 0,
    open: ['objective', 'seed', 'resources.timeout'],
  },
  // One number that is printed and logged: as printed, it needs no file.
  'one-number-two-trackers': {
    run: 'python3 train.py',
    metric: 'val_loss',
    goal: 'minimize',
    metrics: [],
    open: ['seed', 'resources.timeout'],
  },
  'two-entry-scripts': { open: ['run', 'objective', 'seed'] },
  'notebooks-beside': {
    run: 'python3 src/main.py',
    metric: 'val_error',
    goal: 'minimize',
    metrics: [],
    seed: 'flag --seed',
    hyperparameters: ['lr=0.05'],
    open: ['resources.timeout'],
  },
  'no-readme': {
    run: 'make train',
    metric: 'test_exact_match',
    goal: 'maximize',
    metrics: ['file: results/history.jsonl'],
    seed: 'env SORT_SEED',
    hyperparameters: ['hidden=32'],
    open: ['resources.timeout'],
  },
  'only-training-loss': {
    run: 'python3 main.py',
    gpus: 0,
    seed: 'flag --seed',
    open: ['objective', 'resources.timeout'],
  },
  'nothing-recognisable': { open: ['run', 'objective', 'seed'] },
};

describe('detection of unknown repositories', () => {
  const rows: string[] = [];
  after(() => console.log(`\n${rows.join('\n')}\n`));

  for (const [shape, expected] of Object.entries(TABLE)) {
    it(`reads ${shape.replaceAll('-', ' ')}`, async () => {
      const files = await filesOf(path.join(FOLDER, shape));
      const detected = detectEnvironment(files, { reads });
      const proposed = fieldsOf(detected);
      for (const [field, value] of Object.entries(expected)) {
        const given = field === 'hyperparameters' ? held(proposed.hyperparameters, value) : proposed[field];
        const right = JSON.stringify(given) === JSON.stringify(value);
        rows.push(
          `${shape.padEnd(24)} ${field.padEnd(16)} ${right ? 'as expected' : 'WRONG'}  ${JSON.stringify(given)}`,
        );
        assert.deepEqual(given, value, field);
      }
      for (const field of ['run', 'metric', 'seed', 'timeout', 'inputs'] as const) {
        if (!(field in expected)) assert.equal(proposed[field], undefined, `${field} is not guessed`);
      }
      assertSays(detected, files);
    });
  }

  it('has a row for every repository', async () => {
    assert.deepEqual((await fs.readdir(FOLDER)).sort(), Object.keys(TABLE).sort());
  });
});

/** Every line has a reason that can be looked up, what is open says why, and the whole is a research.yaml. */
function assertSays(
  { yaml, environment, reasons, open, questions }: Detected,
  files: ReadonlyMap<string, string>,
): void {
  assert.deepEqual(Object.keys(reasons).sort(), Object.keys(environment).sort());
  for (const [, file, line] of Object.values(reasons)
    .join(' ')
    .matchAll(/([\w./-]+\.(?:py|ya?ml|sh|md)):(\d+)/g)) {
    assert.ok((files.get(file ?? '') ?? '').split('\n').length >= Number(line), `${file}:${line} is there`);
  }
  assert.deepEqual(open, Object.keys(questions));
  for (const why of Object.values(questions)) assert.ok(why.length > 10, why);
  const parsed = parseEnvironment(yaml, 'research.yaml');
  const needed = open.filter((key) => key === 'run' || key === 'objective');
  assert.equal(parsed.ok, needed.length === 0, JSON.stringify(parsed));
}

function fieldsOf({
  environment,
  hyperparameters,
  open,
}: Detected): Record<string, unknown> & { hyperparameters: string[] } {
  const { seed } = environment;
  return {
    run: environment.run,
    metric: environment.objective?.metric,
    goal: environment.objective?.goal,
    metrics: (environment.metrics ?? []).map((source) =>
      typeof source === 'string' ? source : `file: ${source.file}`,
    ),
    editable: environment.editable,
    protected: environment.protected,
    regions: environment.protected_regions?.map(({ file, from }) => `${file} ${from}`),
    inputs: environment.inputs,
    gpus: environment.resources?.gpus,
    timeout: environment.resources?.timeout,
    seed: typeof seed === 'object' ? Object.entries(seed)[0]?.join(' ') : seed,
    hyperparameters: hyperparameters.map(({ name, literal }) => `${name}=${literal}`),
    open,
  };
}

function held(all: readonly string[], wanted: readonly string[]): string[] {
  return wanted.filter((one) => all.includes(one));
}

function reads(line: string): string[] {
  return new KnownFormats().parse(line).map(({ name }) => name);
}

async function filesOf(folder: string): Promise<Map<string, string>> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const texts = names.map(async (name) => [path.relative(folder, name), await fs.readFile(name, 'utf8')] as const);
  return new Map((await Promise.all(texts)).sort(([a], [b]) => (a < b ? -1 : 1)));
}
