import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { barLine } from '../../../src/cli/bar.ts';
import { type Column, cut, printable, screenText, tableLines } from '../../../src/cli/columns.ts';

const COLUMNS: readonly Column[] = [
  { head: 'idea' },
  { head: 'value', align: 'right' },
  { head: 'round', spare: 2 },
  { head: 'on', spare: 1 },
  { head: 'title', shrinks: true },
];
const ROWS = [
  ['#1.1', '2.5', '0', '', 'Raise the learning rate from 0.5 to 1.5'],
  ['#12.1', '10.25', '1', '#1.1', 'Lower it'],
];

describe("somebody else's text on a terminal", () => {
  it('keeps its colours and lines, and can do nothing else', () => {
    const painted = '\u001b[32mbetter\u001b[0m\n\ttab';
    assert.equal(screenText(painted), painted);
    const hostile = [
      '\u001b]0;title\u0007',
      '\u001b]8;;https://x\u001b\\',
      '\u001b]52;c;aGk=\u0007',
      '\u001b[2J\u001b[1A',
      '\u009b2J',
      '\r',
      '\u202e',
      '\u0007\b\0',
    ];
    assert.equal(screenText(`a${hostile.join('b')}c`), 'abbbbbbbc');
  });
});

describe('tables in the terminal', () => {
  it('are whole where nobody reads them on a terminal, with the columns under each other', () => {
    assert.deepEqual(tableLines(COLUMNS, ROWS, undefined), [
      'idea   value  round  on    title',
      '#1.1     2.5  0            Raise the learning rate from 0.5 to 1.5',
      '#12.1  10.25  1      #1.1  Lower it',
    ]);
  });

  it('cut the title with … on a narrow terminal', () => {
    const [, first] = tableLines(COLUMNS, ROWS, 50);
    assert.equal(first, '#1.1     2.5  0            Raise the learning rat…');
  });

  it('leave out spare columns before the title says nothing', () => {
    const lines = tableLines(COLUMNS, ROWS, 36);
    assert.deepEqual(lines, [
      'idea   value  on    title',
      '#1.1     2.5        Raise the learn…',
      '#12.1  10.25  #1.1  Lower it',
    ]);
  });

  it('leave out a column that is empty everywhere', () => {
    assert.deepEqual(tableLines([{ head: 'a' }, { head: 'b' }], [['1', '']], undefined), ['a', '1']);
  });

  it('fit every width that holds the columns that stay, and keep every row', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { minLength: 5, maxLength: 5 }), {
          maxLength: 8,
        }),
        fc.integer({ min: 1, max: 200 }),
        (rows, width) => {
          const lines = tableLines(COLUMNS, rows, width);
          assert.equal(lines.length, rows.length + 1);
          for (const line of lines) assert.ok([...line].length <= width);
        },
      ),
    );
  });

  it('let no control character of a title reach the terminal', () => {
    const [, line] = tableLines([{ head: 'title' }], [['a\u001b[2Jb\nc\u202ed']], undefined);
    assert.equal(line, 'a [2Jb c d');
    assert.equal(printable('\u001b]0;x\u0007'), ' ]0;x ');
  });

  it('say by … that something was cut', () => {
    assert.equal(cut('learning', 8), 'learning');
    assert.equal(cut('learning', 7), 'learni…');
    assert.equal(cut('learning', 1), '…');
    assert.equal(cut('learning', 0), '');
  });
});

describe('the progress bar', () => {
  it('shows share and words', () => {
    assert.equal(
      barLine({ text: '1 of 2 runs', share: 0.5 }, 100),
      ` ${'█'.repeat(12)}${'░'.repeat(12)}  50% 1 of 2 runs`,
    );
  });

  it('stays within one line of any terminal', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.double({ min: -1, max: 2, noNaN: true }),
        fc.integer({ min: 2, max: 200 }),
        (text, share, columns) => {
          const line = barLine({ text, share }, columns);
          assert.ok([...line].length < columns);
          assert.ok(!/[\u0000-\u001f]/.test(line));
        },
      ),
    );
  });

  it('is never full before the end', () => {
    assert.match(barLine({ text: '', share: 0.999 }, 100), / 99% $/);
  });
});
