import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { KnownFormats } from '../../../src/core/metrics/index.ts';

/** What a log of lines gives, as `name@step=value`. */
function read(...lines: string[]): string[] {
  const known = new KnownFormats();
  return lines
    .flatMap((line) => known.parse(line))
    .map((point) => `${point.name}${point.step === null ? '' : `@${point.step}`}=${point.value}`);
}

describe('formats known without a pattern', () => {
  it('nanoGPT', () => {
    assert.deepEqual(read('step 250: train loss 2.1234, val loss 2.2345'), [
      'train_loss@250=2.1234',
      'val_loss@250=2.2345',
    ]);
    assert.deepEqual(read('iter 10: loss 4.1000, time 12.34ms, mfu 3.20%'), [
      'loss@10=4.1',
      'time_ms@10=12.34',
      'mfu@10=3.2',
    ]);
    assert.deepEqual(
      read('saving checkpoint to out', 'number of parameters: 0.80M', 'tokens per iteration will be: 1,024'),
      [],
    );
  });

  it('modded-nanogpt', () => {
    assert.deepEqual(read('step:125/1750 val_loss:4.2838 train_time:12345ms step_avg:98.76ms'), [
      'val_loss@125=4.2838',
      'train_time_ms@125=12345',
      'step_avg_ms@125=98.76',
    ]);
  });

  it('HF Trainer, with plain numbers, NumPy scalars and texts', () => {
    assert.deepEqual(read("{'loss': 0.1, 'learning_rate': 5e-05, 'epoch': 1.0}"), [
      'loss=0.1',
      'learning_rate=0.00005',
      'epoch=1',
    ]);
    assert.deepEqual(read("{'eval_loss': np.float64(0.5), 'note': 'a \\' b', 'none': None}"), ['eval_loss=0.5']);
    assert.deepEqual(read("{'loss': '0.25', 'grad_norm': nan}"), ['loss=0.25', 'grad_norm=NaN']);
  });

  it('JSON lines, with NaN as Python writes it and objects inside', () => {
    assert.deepEqual(read('{"step": 7, "val_loss": NaN, "eval": {"acc": 0.5}, "tags": ["a", 1], "ok": true}'), [
      'val_loss@7=NaN',
      'eval.acc@7=0.5',
    ]);
    assert.deepEqual(read('{"global_step":3,"loss":-Infinity}'), ['loss@3=-Infinity']);
  });

  it('Keras, old and new', () => {
    const bar = '313/313 [==============================] - 1s 2ms/step - loss: 0.2913 - val_accuracy: 0.91';
    assert.deepEqual(read('Epoch 2/10', bar), ['loss@2=0.2913', 'val_accuracy@2=0.91']);
    assert.deepEqual(read('Epoch 1/3', '\u001b[1m469/469\u001b[0m ━━━━━━━━ 2s 4ms/step - loss: 0.3'), ['loss@1=0.3']);
  });

  it('Lightning, bars and test tables', () => {
    assert.deepEqual(read('Epoch 4: 100%|██████████| 10/10 [00:00<00:00, 123.45it/s, v_num=3, train_loss=0.510]'), [
      'train_loss@4=0.51',
    ]);
    assert.deepEqual(read('│         test_loss         │    0.12345    │'), ['test_loss=0.12345']);
  });

  it('names and values as people print them', () => {
    assert.deepEqual(read('loss=0.5 acc = 0.75'), ['loss=0.5', 'acc=0.75']);
    assert.deepEqual(read('2026-01-02 10:11:12,345 INFO Epoch 3 | train loss: 0.5 | val loss: 0.6'), [
      'train_loss@3=0.5',
      'val_loss@3=0.6',
    ]);
    assert.deepEqual(read('[INFO] step 20: train loss 1.5, val loss inf'), [
      'train_loss@20=1.5',
      'val_loss@20=Infinity',
    ]);
    assert.deepEqual(read('epoch=2 step=40 loss=nan'), ['epoch@40=2', 'loss@40=NaN']);
    assert.deepEqual(read('eval/loss: 1.25e-3'), ['eval/loss=0.00125']);
  });

  it('absl, whose prefix names a place in a file', () => {
    assert.deepEqual(read('I0101 10:00:00.000000 140 train.py:100] [10] loss=0.123, accuracy=0.5'), [
      'loss=0.123',
      'accuracy=0.5',
    ]);
  });

  it('takes no times, dates, versions or addresses for metrics', () => {
    assert.deepEqual(read('elapsed: 00:12:30', 'date: 2026-01-02', 'torch: 2.1.0', 'see http://host:8080/x'), []);
    assert.deepEqual(read('Traceback (most recent call last):', '  File "a.py", line 3, in <module>'), []);
  });

  it('reads back any points a line was written from', () => {
    const name = fc
      .stringMatching(/^[a-z][a-z_/]{0,10}[a-z]$/)
      .filter((word) => !/^(step|iter|it|epoch|iteration|nan|inf)$/.test(word));
    const value = fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constantFrom(Number.NaN, 1e-12, 3));
    const points = fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, minLength: 1, maxLength: 5 });
    const python = (number: number) => (Number.isNaN(number) ? 'nan' : String(number));
    const writers: ((step: number, pairs: readonly (readonly [string, number])[]) => string)[] = [
      (step, pairs) => `step ${step}: ${pairs.map(([key, at]) => `${key} ${python(at)}`).join(', ')}`,
      (step, pairs) => `step:${step}/9999999 ${pairs.map(([key, at]) => `${key}:${python(at)}`).join(' ')}`,
      (step, pairs) => `{'step': ${step}, ${pairs.map(([key, at]) => `'${key}': ${python(at)}`).join(', ')}}`,
      (step, pairs) => `Epoch ${step} | ${pairs.map(([key, at]) => `${key}: ${python(at)}`).join(' | ')}`,
      (step, pairs) => `step=${step} ${pairs.map(([key, at]) => `${key}=${python(at)}`).join(' ')}`,
    ];
    fc.assert(
      fc.property(fc.constantFrom(...writers), fc.nat(1e6), points, (write, step, pairs) => {
        const line = write(step, pairs);
        assert.deepEqual(
          read(line),
          pairs.map(([key, at]) => `${key}@${step}=${at}`),
          line,
        );
      }),
    );
  });

  it('survives any text at all', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (line) => Array.isArray(read(line))));
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]():,\'"\\a1 .=-') }), (line) => Array.isArray(read(line))),
    );
  });
});
