import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { withBox } from '../../../src/vscode/boxes-file.ts';
import { targetOf, targetsOf } from '../../../src/vscode/commands/target.ts';
import {
  escapeMarkdown,
  formatBytes,
  formatDelta,
  formatDuration,
  formatValue,
  messageText,
  oneLine,
  plural,
  withoutIcons,
} from '../../../src/vscode/format.ts';

describe('numbers as a person reads them', () => {
  it('have the digits one compares', () => {
    assert.deepEqual([2.56789, 12.3456, 1234.56, 7, 0.0000123, 1e9, Number.NaN].map(formatValue), [
      '2.5679',
      '12.346',
      '1234.6',
      '7',
      '1.230e-5',
      '1.000e+9',
      'NaN',
    ]);
    assert.deepEqual([-0.0123, 0.5, 0, -0.000001].map(formatDelta), ['−0.0123', '+0.5000', '±0', '−1.000e-6']);
  });

  it('tell times, sizes and counts', () => {
    assert.deepEqual([0, 45_000, 200_000, 3_600_000, 7_500_000].map(formatDuration), [
      '0s',
      '45s',
      '3m 20s',
      '1h',
      '2h 5m',
    ]);
    assert.deepEqual([12, 1234, 999_999, 45_000_000].map(formatBytes), ['12 B', '1.2 kB', '1.0 MB', '45 MB']);
    assert.deepEqual(
      [plural(1, 'idea'), plural(2, 'idea'), plural(2, 'box', 'boxes')],
      ['1 idea', '2 ideas', '2 boxes'],
    );
  });
});

describe('text from elsewhere', () => {
  it('does nothing in a tooltip: no link, image, HTML, icon or command', () => {
    const hostile = '[x](command:research.cleanUp) ![i](https://e.x/p.png) <img src=x> $(trash) **b** `c` http://e.x';
    assert.doesNotMatch(escapeMarkdown(hostile), /[[\]()<>*`$:/]/);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        assert.doesNotMatch(escapeMarkdown(text).replace(/&#\d+;/g, ''), /[[\]()<>*`$&!|~_{}\\@]/);
      }),
    );
  });

  it('does nothing in a message: no link, so no command, and nothing that cannot be seen', () => {
    // What VS Code takes for a link there: base/common/linkedText.ts.
    const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
    const piece = fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      'command:a',
      'https://b',
      '\u200b',
      '\0',
      ' "t"',
      '\n',
      ']',
      '(',
      'x',
    );
    const text = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''));
    fc.assert(fc.property(text, (words) => assert.doesNotMatch(messageText(words), link)));
    assert.match('[x](command:a)', link);
    assert.equal(messageText('No [x](command:a) in train.py[3](y)\u202e\n'), 'No [x] (command:a) in train.py[3] (y)\n');
  });

  it('has no icons in labels', () => {
    const piece = fc.constantFrom('$', '(', 'trash', ')', '\u200b', '\n', ' ');
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, (words) => {
        assert.ok(!withoutIcons(words).includes('$('));
        assert.doesNotMatch(oneLine(words, 100), /\$\(|\u200b/);
      }),
    );
  });

  it('fits on one line', () => {
    assert.equal(oneLine('a\n  b\tc'), 'a b c');
    assert.equal(oneLine('abcdef', 4), 'abc…');
  });
});

describe('what a command acts on', () => {
  it('is read from a tree node, a page message, a button or nothing', () => {
    assert.deepEqual(targetOf({ id: 'idea/1', target: { idea: 1, candidate: '1.2' } }), { idea: 1, candidate: '1.2' });
    assert.deepEqual(targetOf({ idea: 3 }), { idea: 3 });
    assert.deepEqual(targetOf(undefined), {});
    assert.deepEqual(targetOf({ scheme: 'file', path: '/a/b.py' }), {});
    assert.deepEqual(targetOf({ idea: '3', run: 5 }), {});
    assert.deepEqual(targetOf(12), { idea: 12 });
  });

  it('is all that is selected, where the one that was clicked is among it', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((run) => ({ target: { run } }));
    assert.deepEqual(targetsOf(a, [b, a]), [{ run: 'b' }, { run: 'a' }]);
    assert.deepEqual(targetsOf(c, [a, b]), [{ run: 'c' }], 'another selection is left alone');
    assert.deepEqual(targetsOf(a, [undefined]), [{ run: 'a' }]);
    assert.deepEqual(targetsOf(undefined, undefined), [{}]);
  });
});

describe('Add Box', () => {
  const box = { name: 'lambda-1', kind: 'ssh', host: 'lambda-1' } as const;
  const names = (text: string) => (parse(text) as { boxes: { name: string }[] }).boxes.map((one) => one.name);

  it('begins the list, or adds to it in the way it is written', () => {
    assert.deepEqual(names(withBox('', box, 'f')), ['lambda-1']);
    assert.deepEqual(names(withBox('boxes: []\n', box, 'f')), ['lambda-1']);
    const indented = '# mine\nboxes:\n  - { name: here, kind: local } # keep\n';
    assert.deepEqual(names(withBox(indented, box, 'f')), ['here', 'lambda-1']);
    assert.ok(withBox(indented, box, 'f').startsWith(indented));
    assert.deepEqual(names(withBox('boxes:\n- name: here\n  kind: local', box, 'f')), ['here', 'lambda-1']);
    assert.deepEqual(names(withBox('boxes:\n    - name: here\n      kind: local\n\n', box, 'f')), ['here', 'lambda-1']);
  });

  it('refuses a name that is taken, and a file it would break', () => {
    assert.throws(() => withBox('boxes:\n  - { name: lambda-1, kind: local }\n', box, 'f'), /already/);
    assert.throws(() => withBox('boxes: [{ name: here, kind: local }]\n', box, 'f'), /yourself/);
    assert.throws(() => withBox('boxes:\n  - { name: here, kind: local }\nother: 1\n', box, 'f'), /yourself/);
  });
});
