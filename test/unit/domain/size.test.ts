import * as assert from 'node:assert/strict';
import { boxSchema, parseSize } from '../../../src/core/domain/index.ts';

describe('A size', () => {
  it('is read in powers of ten and of two, with or without a fraction', () => {
    const sizes = { '500MB': 5e8, '1GB': 1e9, '1GiB': 1024 ** 3, '1.5 kb': 1500, '2TiB': 2 * 1024 ** 4, '800B': 800 };
    for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseSize(text), bytes, text);
  });

  it('is nothing else', () => {
    for (const text of ['', '5', 'GB', '1 GB more', '-1GB', '1GBit', '1e3MB', '1PB']) {
      assert.equal(parseSize(text), undefined, text);
    }
  });

  it('is checked in boxes.yaml, where a run keeps 1 GB of log and 100 GB of disk', () => {
    const box = { name: 'b', kind: 'ssh', host: 'b' };
    const parsed = boxSchema.parse(box);
    assert.ok(parsed.kind === 'ssh' && parsed.max_log === '1GB' && parsed.max_disk === '100GB');
    assert.match(boxSchema.safeParse({ ...box, max_log: '5' }).error?.message ?? '', /500MB/);
    assert.match(boxSchema.safeParse({ ...box, sandbox_image: '-v /:/host' }).error?.message ?? '', /image/);
  });
});
