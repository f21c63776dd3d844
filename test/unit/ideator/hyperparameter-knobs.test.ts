import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { stepFrom } from '../../../src/core/ideator/hyperparameter-knobs.ts';
import { python, targets, yaml } from './knobs.ts';

describe('what the hyperparameter ideator leaves alone', () => {
  for (const line of [
    'trainer: { max_epochs: 10 }',
    'trainer: { max_steps: 1000 }',
    'trainer: { max_time: 3600 }',
    'trainer: { n_steps: 100 }',
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
    'ignore_warnings: true',
    'overwrite_cache: false',
    'use_fast_tokenizer: true',
    'torch_deterministic: true',
    'do_train: true',
    'do_predict: false',
    'train: true',
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
    ['ppo: { n_steps: 128 }', ['256', '64']],
    ['gradient_accumulation_steps: 8', ['16', '4']],
    ['trainer: { warmup_steps: 90 }', ['30', '270']],
    ['lr_decay_steps: 600', ['1200', '300']],
    ['updates_per_step: 2', ['4', '1']],
  ] as const) {
    it(`${line} is no length of training`, () => assert.deepEqual(targets(yaml(line)), moved));
  }
});

describe('the values that the hyperparameter ideator tries stay where they mean something', () => {
  for (const [line, moved] of [
    ['lr_scheduler: { max_lr: 0.001 }', ['0.003', '0.00033', '0.01', '0.0001']],
    ['lr_scheduler: { eta_min: 0.000001 }', ['0.00000033', '0.000003', '0.0000001', '0.00001', '0.0']],
    ['lr_scheduler: { gamma: 0.1 }', ['0.3', '0.033']],
    ['lr_scheduler: { step_size: 30 }', ['60', '15']],
    ['lr_schedule: { peak: 0.0003 }', ['0.0009', '0.0001', '0.003', '0.00003']],
    ['lr_scheduler: { factor: 0.5 }', ['0.83', '0.17']],
    ['batch_norm: { momentum: 0.1 }', ['0.3', '0.033']],
    ['batch_norm: { eps: 0.00001 }', ['0.00003', '0.0000033']],
    ['stochastic_depth_prob: 0.2', ['0.1', '0.4', '0.0']],
    ['drop_epochs: 40', ['80', '20']],
    ['dropout_keep_prob: 0.8', ['0.933', '0.4']],
    ['warmup_ratio: 0.0', ['0.05', '0.1']],
    ['warmup_ratio: 0.5', ['0.83', '0.17']],
    ['warmup_steps: 0', ['100']],
    ['warmup_epochs: 0', ['1']],
    ['momentum: 0', []],
    ['beta: 4', []],
    ['optimizer: { betas: [0.9, 0.999] }', ['0.967', '0.7', '0.9997', '0.997']],
    ['dropout: { attention: 0.2 }', ['0.1', '0.4', '0.0']],
    ['last_epoch: -1', []],
    ['shift: -0.5', []],
    ['label_smoothing: 0.1', ['0.05', '0.2', '0.0']],
  ] as const) {
    it(`${line} becomes ${moved.join(', ') || 'nothing else'}`, () => assert.deepEqual(targets(yaml(line)), moved));
  }

  for (const [line, moved] of [
    ['lr_decay = 0.97', ['0.99', '0.91']],
    ['lr_decay_rate = 0.5', ['0.83', '0.17']],
    ['GAMMA = 0.99', ['0.9967', '0.97']],
    ['focal_gamma = 2.0', ['6.0', '0.67']],
    ['gae_lambda = 0.95', ['0.983', '0.85']],
    ['gamma = 1.0', ['0.99', '0.9']],
    ['keep_prob = 0.8', ['0.933', '0.4']],
    ['p = 0.5', ['0.83', '0.17']],
    ['p = 1.0', ['0.9', '0.5']],
    ['mask_prob = 0.15', ['0.45', '0.05']],
    ['clip_range = 0.4', ['0.8', '0.13']],
    ['momentum = 0', []],
    ['hidden_size = 64', ['128', '32']],
    ['mlp_ratio = 4.0', ['12.0', '1.3']],
    ['lr = 0.5', ['1.5', '0.17', '5.0', '0.05']],
  ] as const) {
    it(`${line} becomes ${moved.join(', ') || 'nothing else'}`, () => assert.deepEqual(targets(python(line)), moved));
  }

  for (const line of ['train_split = 0.9', 'train_size = 0.8', 'split = 0.5', 'n_folds = 5', 'data_fraction = 0.5']) {
    it(`${line} says what the data are, and stays`, () => assert.deepEqual(targets(python(line)), []));
  }

  it('any share is moved and taken further within zero and one, and never back to where it was', () => {
    const name = fc.constantFrom('momentum', 'gamma', 'p', 'keep_prob', 'warmup_ratio', 'anything');
    const value = fc.integer({ min: 1, max: 999 }).map((thousandths) => thousandths / 1000);
    fc.assert(
      fc.property(name, value, fc.boolean(), (key, base, further) => {
        const [knob] = python(`${key} = ${base.toFixed(3)}`);
        assert.ok(knob);
        for (const to of knob.targets) {
          const next: string = stepFrom(knob, to, further) ?? to;
          for (const literal of [to, next]) assert.ok(Number(literal) >= 0 && Number(literal) < 1, literal);
          assert.notEqual(Number(to), base);
          const same = Math.sign(Number(next) - base) === Math.sign(Number(to) - base);
          if (next !== to) assert.equal(same, further, `${base} -> ${to} -> ${next}`);
        }
      }),
    );
  });
});
