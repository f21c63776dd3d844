import { strict as assert } from 'node:assert';
import { parseEnvironment, readHyperparameters } from '../../../src/core/environment/index.ts';
import { type Knob, knobsOf } from '../../../src/core/ideator/hyperparameter-knobs.ts';

type Files = Readonly<Record<string, string>>;

/** What may be moved of a repository whose every file a patch may change. */
function knobs(files: Files, run = 'python train.py'): Knob[] {
  const yaml = `name: x\nrun: ${JSON.stringify(run)}\nobjective: { metric: loss, goal: minimize }\neditable: ['**']\n`;
  const parsed = parseEnvironment(`${yaml}resources: { gpus: 1, timeout: 1h }\n`, 'research.yaml');
  assert.ok(parsed.ok);
  const texts = new Map(Object.entries(files));
  return knobsOf(texts, parsed.value, readHyperparameters(texts));
}

const yaml = (text: string) => knobs({ 'train.py': 'open("config.yaml")\n', 'config.yaml': text });
const python = (text: string) => knobs({ 'train.py': text });

/** The values that the only hyperparameter of a text is moved to; none where it is left alone. */
const targets = (found: readonly Knob[]) => found.flatMap((knob) => knob.targets);

describe('what the hyperparameter ideator leaves alone', () => {
  for (const line of [
    'trainer: { max_epochs: 10 }',
    'trainer: { max_steps: 1000 }',
    'trainer: { max_time: 3600 }',
    'training: { num_epochs: 3 }',
    'train: { iterations: 4 }',
    'training: { trainingSteps: 100 }',
    'env: { max_episode_steps: 500 }',
  ]) {
    it(`how long training runs: ${line}`, () => assert.deepEqual(targets(yaml(line)), []));
  }

  for (const line of [
    'total_timesteps = 500000',
    'max_time_steps = 500',
    'TIME_BUDGET = 300',
    'time_limit = 300',
    'max_seconds = 300.0',
    'max_hours = 2.0',
    'num_episodes = 100',
    'num_updates = 100',
    'duration = 60',
  ]) {
    it(`how long training runs: ${line}`, () => assert.deepEqual(targets(python(line)), []));
  }

  for (const line of [
    'random_state: 42',
    'rng: 7',
    'push_to_hub: false',
    'upload: false',
    'data: { download: true }',
    'do_train: true',
    'do_predict: false',
    'dry_run: false',
    'eos_token_id: 50256',
    'loss: { ignore_index: -100 }',
  ]) {
    it(`seeds, stages, what goes elsewhere, and identities: ${line}`, () => assert.deepEqual(targets(yaml(line)), []));
  }
});

describe('what the hyperparameter ideator goes on to move', () => {
  for (const [line, moved] of [
    ['n_step: 3', ['6', '2']],
    ['gradient_accumulation_steps: 8', ['16', '4']],
    ['trainer: { warmup_steps: 90 }', ['30', '270']],
    ['lr_decay_steps: 600', ['1200', '300']],
    ['updates_per_step: 2', ['4', '1']],
  ] as const) {
    it(`${line} is no length of training`, () => assert.deepEqual(targets(yaml(line)), moved));
  }
});
