import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { LogText } from '../../../src/core/domain/index.ts';

const shown = (text: string, ...more: readonly Uint8Array[]): string => {
  const log = new LogText();
  return [Buffer.from(text), ...more].map((bytes) => log.push(bytes)).join('');
};

describe('a log in a terminal', () => {
  it('keeps text, colours and progress bars', () => {
    assert.equal(shown('a\nb\r\nc'), 'a\r\nb\r\nc');
    assert.equal(shown('10%\r20%\r'), '10%\r20%\r');
    assert.equal(
      shown('\u001b[1;31mred\u001b[0m \u001b[38:2::1:2:3mx'),
      '\u001b[1;31mred\u001b[0m \u001b[38:2::1:2:3mx',
    );
    assert.equal(shown('größer 🙂\tπ'), 'größer 🙂\tπ');
  });

  it('drops all that does something else to the terminal', () => {
    const nasty = [
      '\u001b]0;title\u0007',
      '\u001b]52;c;aGVsbG8=\u001b\\',
      '\u001b]8;;http://x\u001b\\',
      '\u001b[2J',
      '\u001b[6n',
      '\u001b[?1049h',
      '\u001b[>4;2m',
      '\u001bP+q\u001b\\',
      '\u001bc',
      '\u001b(0',
      '\u009b2J',
      '\u009d0;t\u009c',
      '\u0007\u0008\u0000\u007f',
      '\u202e\u2066',
    ];
    for (const one of nasty) assert.equal(shown(`a${one}b`), 'ab', JSON.stringify(one));
  });

  it('shows what follows a sequence that never ends', () => {
    assert.match(shown(`\u001b]0;${'x'.repeat(5000)}\nnext`), /\r\nnext$/);
    assert.equal(shown('\u001b[12\nnext'), '\r\nnext');
    assert.equal(shown('\u001b\nnext'), '\r\nnext');
  });

  it('is the same however the bytes are cut, and never lets another control character through', () => {
    const piece = fc.constantFrom(
      '\u001b',
      '[',
      ']',
      '31',
      'm',
      ';',
      '\u0007',
      '\\',
      'a',
      'ü🙂',
      '\n',
      '\r',
      '\u009b',
      'P',
      '(',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.nat(), (pieces, cut) => {
        const bytes = Buffer.from(pieces.join(''));
        const at = bytes.length === 0 ? 0 : cut % bytes.length;
        const whole = shown('', bytes);
        assert.equal(shown('', bytes.subarray(0, at), bytes.subarray(at)), whole);
        const rest = whole.replace(/\u001b\[[\d;:]*m/g, '');
        assert.doesNotMatch(rest, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/);
      }),
    );
  });
});
