import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { crc32, gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import type { MetricPoint } from '../../../src/core/domain/index.ts';
import { maskedCrc32c } from '../../../src/core/metrics/files/events.ts';
import { createFileReader } from '../../../src/core/metrics/files/index.ts';
import { readMessage } from '../../../src/core/metrics/files/wire.ts';

const fixture = (name: string) => readFileSync(path.resolve('test/fixtures/metric-files', name));

type Read = { readonly points: MetricPoint[]; readonly diagnostics: readonly string[] };

/** Reads the bytes in pieces that end at the given places. */
function readIn(file: string, bytes: Buffer, cuts: readonly number[]): Read {
  const reader = createFileReader(file, 0, '');
  const points: MetricPoint[] = [];
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let index = 1; index < places.length; index += 1) {
    points.push(...reader.push(bytes.subarray(places[index - 1], places[index])));
  }
  points.push(...reader.end());
  return { points, diagnostics: reader.diagnostics };
}

const whole = (file: string, bytes: Buffer | string): Read => readIn(file, Buffer.from(bytes), []);
const short = (points: readonly MetricPoint[]) => points.map(({ name, step, value }) => [name, step, value]);

/** The same bytes in any pieces, and taken over anywhere by another reader, give the same points. */
function holdsHoweverItComes(file: string, bytes: Buffer): void {
  const expected = short(whole(file, bytes).points);
  assert.ok(expected.length > 0);
  const place = fc.integer({ min: 0, max: bytes.length });
  fc.assert(
    fc.property(fc.array(place, { maxLength: 12 }), place, (cuts, takeOver) => {
      assert.deepEqual(short(readIn(file, bytes, cuts).points), expected);
      const first = createFileReader(file, 0, '');
      const before = first.push(bytes.subarray(0, takeOver));
      const second = createFileReader(file, first.consumed, first.state);
      const after = [...second.push(bytes.subarray(first.consumed)), ...second.end()];
      assert.deepEqual(short([...before, ...after]), expected);
    }),
    { numRuns: 60 },
  );
}

describe('metric files', () => {
  describe('TensorBoard events', () => {
    const tensorboardX = fixture('tensorboardx.tfevents');
    const second = fixture('tensorboard-v2.tfevents');

    it('of tensorboardX give its scalars, NaN as such, and nothing of texts and histograms', () => {
      const { points, diagnostics } = whole('runs/events.out.tfevents.1', tensorboardX);
      assert.deepEqual(diagnostics, []);
      assert.equal(points.length, 41);
      assert.deepEqual(short(points).slice(0, 3), [
        ['loss/train', 0, 1],
        ['acc', 0, 0],
        ['loss/train', 10, 0.5],
      ]);
      assert.deepEqual(points.at(-1), { name: 'loss/train', step: 200, value: Number.NaN, state: 'nan' });
    });

    it('of TensorBoard’s own writer give scalars that are tensors of one number, whatever its type', () => {
      const { points } = whole('logs/validation/events.out.tfevents.1.v2', second);
      assert.equal(points.length, 60);
      assert.deepEqual(short(points).slice(-3), [
        ['validation/epoch_loss', 19, 0.1],
        ['validation/double', 19, 19 / 3],
        ['validation/int', 19, -19],
      ]);
    });

    it('are the same however the bytes come, and after a take-over at any byte', () => {
      holdsHoweverItComes('a/tfevents', tensorboardX);
      holdsHoweverItComes('a/tfevents', second);
    });

    it('lose one record to a damaged byte, wherever it is, and go on behind it', () => {
      const all = short(whole('tfevents', second).points).map(String);
      fc.assert(
        fc.property(fc.integer({ min: 0, max: second.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
          const damaged = Buffer.from(second);
          damaged[at] = (damaged[at] ?? 0) ^ flip;
          const { points, diagnostics } = whole('tfevents', damaged);
          assert.equal(diagnostics.length, 1);
          // One event holds up to two numbers.
          assert.ok(points.length >= all.length - 2, `${points.length} of ${all.length}`);
          assert.ok(short(points).every((point) => all.includes(String(point))));
        }),
        { numRuns: 100 },
      );
    });

    it('holds no record that is too large to be numbers', () => {
      const head = Buffer.alloc(12);
      head.writeBigUInt64LE(BigInt(1024 * 1024 * 1024));
      head.writeUInt32LE(maskedCrc32c(head.subarray(0, 8)), 8);
      const reader = createFileReader('tfevents', 0, '');
      reader.push(head);
      for (let megabyte = 0; megabyte < 1024; megabyte += 1) {
        reader.push(Buffer.alloc(1024 * 1024));
        assert.ok(reader.consumed >= megabyte * 1024 * 1024, 'bytes are passed over as they come');
      }
      const points = reader.push(Buffer.concat([Buffer.alloc(4), second]));
      assert.equal(points.length, 60);
      assert.match(reader.diagnostics.join(), /over 8 MB/);
    });

    it('has the checksum of the published format', () => {
      // RFC 3720, B.4: CRC-32C of 32 zero bytes is 0x8a9136aa; TFRecord rotates it right by 15 and adds 0xa282ead8.
      const crc = 0x8a9136aa;
      assert.equal(maskedCrc32c(Buffer.alloc(32)), (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
    });
  });

  describe('offline wandb', () => {
    const bytes = gunzipSync(fixture('wandb-offline.wandb.gz'));

    it('gives the history by wandb’s step, over the ends of blocks', () => {
      const { points, diagnostics } = whole('wandb/offline-run-1/run-1.wandb', bytes);
      assert.deepEqual(diagnostics, []);
      const loss = points.filter((point) => point.name === 'loss');
      assert.deepEqual(
        loss.map((point) => point.step),
        Array.from({ length: 60 }, (_, step) => step),
      );
      assert.equal(loss[1]?.value, 0.5);
      assert.equal(loss[20]?.state, 'nan');
      assert.deepEqual(short(points.filter((point) => point.name === 'eval/acc')).at(32), ['eval/acc', 32, 0.5]);
      assert.deepEqual(short(points.filter((point) => point.name === 'nested.a')).at(-1), ['nested.a', 59, 59]);
      assert.deepEqual(short(points).at(-1), ['late', 100, 5]);
      assert.deepEqual([...new Set(points.map((point) => point.name))].sort(), [
        'eval/acc',
        'late',
        'loss',
        'nested.a',
      ]);
    });

    it('is the same however the bytes come, and after a take-over at any byte', () =>
      holdsHoweverItComes('run-1.wandb', bytes));

    it('loses what a damaged byte touches, and goes on at the next block at the latest', () => {
      const all = new Set(short(whole('x.wandb', bytes).points).map(String));
      fc.assert(
        fc.property(fc.integer({ min: 7, max: 20_000 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
          const damaged = Buffer.from(bytes);
          damaged[at] = (damaged[at] ?? 0) ^ flip;
          const { points, diagnostics } = whole('x.wandb', damaged);
          assert.ok(diagnostics.length > 0);
          assert.ok(short(points).every((point) => all.has(String(point))));
          assert.ok(
            points.some((point) => point.name === 'late'),
            'the end is read',
          );
        }),
        { numRuns: 100 },
      );
    });

    it('reads no other file that bears its name', () => {
      const { points, diagnostics } = whole('x.wandb', Buffer.concat([Buffer.from('not it'), bytes]));
      assert.deepEqual(points, []);
      assert.match(diagnostics.join(), /no file of wandb/);
    });

    it('has the checksum of the published writer: CRC-32 of the type and the data', () => {
      const length = bytes.readUInt16LE(7 + 4);
      assert.equal(bytes.readUInt32LE(7), crc32(bytes.subarray(7 + 6, 7 + 7 + length)));
    });
  });

  describe('JSON lines', () => {
    const text = [
      '{"step": 1, "loss": 2.5, "eval": {"acc": 0.5}, "note": "x"}',
      '{"_step": 2, "_runtime": 9, "loss": NaN}',
      '{"global_step": 3, "epoch": 0.5, "loss": 2.25}',
      '{"epoch": 1, "loss": 2}',
      '{"loss": 1.5, "timestamp": 1700000000}',
      '{"loss": 1.25',
      'step 6: train loss 1.0',
      '{"Iteration": 7, "loss": -Infinity}',
    ].join('\n');

    it('takes the first axis a record has, and leaves clocks and names with _ out', () => {
      const { points, diagnostics } = whole('out/metrics.jsonl', text);
      assert.deepEqual(short(points), [
        ['loss', 1, 2.5],
        ['eval.acc', 1, 0.5],
        ['loss', 2, Number.NaN],
        ['epoch', 3, 0.5],
        ['loss', 3, 2.25],
        ['loss', 1, 2],
        ['loss', null, 1.5],
        ['train_loss', 6, 1],
        ['loss', 7, -Infinity],
      ]);
      assert.match(diagnostics.join(), /1 line\(s\) that begin as JSON/);
    });

    it('is the same however the bytes come, and after a take-over at any byte', () =>
      holdsHoweverItComes('metrics.jsonl', Buffer.from(`${text.replaceAll('x', 'ü€')}\n`)));

    it('passes a line over that is too long, without holding it', () => {
      const reader = createFileReader('a.jsonl', 0, '');
      for (let megabyte = 0; megabyte < 20; megabyte += 1) reader.push(Buffer.alloc(1024 * 1024, 'x'));
      assert.ok(reader.consumed > 18 * 1024 * 1024);
      assert.deepEqual(short(reader.push(Buffer.from('\n{"loss": 1}\n'))), [['loss', null, 1]]);
      assert.match(reader.diagnostics.join(), /1 line\(s\) over/);
    });
  });

  describe('tables', () => {
    const text =
      '\uFEFFstep,loss,"val, loss",note\r\n1,2.5,3.5,"a ""quoted"", note\nof two lines"\r\n2,,nan,b\r\n' +
      'step,loss,lr\n3,1.5,0.1\n\n4,1.25,0.05';

    it('take a row without a number for a header, also later ones; quotes may hold commas and line ends', () => {
      const { points, diagnostics } = whole('log.csv', text);
      assert.deepEqual(diagnostics, []);
      assert.deepEqual(short(points), [
        ['loss', 1, 2.5],
        ['val, loss', 1, 3.5],
        ['val, loss', 2, Number.NaN],
        ['loss', 3, 1.5],
        ['lr', 3, 0.1],
        ['loss', 4, 1.25],
        ['lr', 4, 0.05],
      ]);
    });

    it('are the same however the bytes come, and after a take-over at any byte', () =>
      holdsHoweverItComes('log.csv', Buffer.from(text)));

    it('of TensorBoard’s own export, with tabs or semicolons, are read; rows before any header are counted', () => {
      assert.deepEqual(short(whole('a.csv', 'Wall time,Step,Value\n1700000000.5,10,0.25\n').points), [
        ['Value', 10, 0.25],
      ]);
      assert.deepEqual(short(whole('a.tsv', 'epoch\tloss\n1\t0,5\n2\t0.5\n').points), [['loss', 2, 0.5]]);
      assert.deepEqual(short(whole('a.csv', 'epoch;loss\n2;0.5\n').points), [['loss', 2, 0.5]]);
      assert.match(whole('a.csv', '1,2\n3,4\n').diagnostics.join(), /2 row\(s\) before any header/);
    });

    it('with a quote that is never closed cost no memory, and go on at the next line after the cap', () => {
      const reader = createFileReader('a.csv', 0, '');
      reader.push(Buffer.from('step,loss\n1,"'));
      for (let megabyte = 0; megabyte < 5; megabyte += 1) reader.push(Buffer.alloc(1024 * 1024, 'x'));
      assert.ok(reader.consumed > 3 * 1024 * 1024);
      assert.deepEqual(short(reader.push(Buffer.from('\n2,0.5\n'))), [['loss', 2, 0.5]]);
    });
  });

  it('that are one JSON text are read at their end: an object, a list, or lines', () => {
    assert.deepEqual(short(whole('wandb-summary.json', '{\n "loss": 0.5,\n "_step": 9,\n "_runtime": 3\n}\n').points), [
      ['loss', 9, 0.5],
    ]);
    assert.deepEqual(short(whole('a.json', '[{"step": 1, "loss": 2}, {"step": 2, "loss": 1}]').points), [
      ['loss', 1, 2],
      ['loss', 2, 1],
    ]);
    assert.deepEqual(short(whole('a.json', '{"step": 1, "loss": 2}\n{"step": 2, "loss": 1}\n').points), [
      ['loss', 1, 2],
      ['loss', 2, 1],
    ]);
  });

  it('of any bytes at all end: nothing is read for ever', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 4000 }),
        fc.constantFrom('tfevents', 'a.wandb', 'a.csv', 'a.jsonl', 'a.json'),
        (bytes, file) => {
          const head = file === 'a.wandb' ? Buffer.from(':W&B\xe1\xbe\0', 'latin1') : Buffer.alloc(0);
          whole(file, Buffer.concat([head, bytes]));
          readMessage(Buffer.from(bytes));
        },
      ),
      { numRuns: 500 },
    );
  });
});
