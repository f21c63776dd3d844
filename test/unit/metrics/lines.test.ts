import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { LINE_CAP, LineSplitter } from '../../../src/core/metrics/index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function split(text: string, cuts: readonly number[] = []): string[] {
  const splitter = new LineSplitter();
  const all = bytes(text);
  const places = [0, ...cuts.map((cut) => cut % (all.length + 1)).sort((a, b) => a - b), all.length];
  const lines = places.slice(1).flatMap((to, index) => splitter.push(all.slice(places[index], to)));
  return [...lines, ...splitter.end()];
}

describe('the line splitter', () => {
  it('gives the same lines however the bytes are cut, inside a character too', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '1', '\n', '\r', 'é', '░', '😀', ' ') });
    fc.assert(
      fc.property(text, fc.array(fc.nat(200)), (log, cuts) => {
        assert.deepEqual(split(log, cuts), split(log));
      }),
    );
  });

  it('folds as a terminal does: the last of what returns wrote over each other counts', () => {
    assert.deepEqual(split('10%\r20%\r30%\nnext\r\nend'), ['30%', 'next', 'end']);
    assert.deepEqual(split('a\r\r\nb\r'), ['a', 'b']);
    assert.deepEqual(split('\n\n'), ['', '']);
  });

  it('is what joining lines with newlines was', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'ü', ' ', '=') });
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        assert.deepEqual(split(lines.map((one) => `${one}\n`).join('')), lines);
      }),
    );
  });

  it('leaves out a line that is too long, counts it, and goes on', () => {
    const splitter = new LineSplitter();
    const long = 'x'.repeat(LINE_CAP + 1);
    assert.deepEqual(splitter.push(bytes(`before\n${long}\nafter\n`)), ['before', 'after']);
    assert.equal(splitter.tooLong, 1);
    assert.deepEqual(splitter.push(bytes(`${long}\rshort\n`)), ['short']);
    assert.equal(splitter.tooLong, 1);
    const pieces = [long, long, '\r', 'ok\r', '\n', long, '\r', '\n', 'z'];
    assert.deepEqual(
      pieces.flatMap((piece) => splitter.push(bytes(piece))),
      ['ok'],
    );
    assert.deepEqual(splitter.end(), ['z']);
    assert.equal(splitter.tooLong, 2);
  });
});
