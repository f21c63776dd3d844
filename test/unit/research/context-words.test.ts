import { strict as assert } from 'node:assert';
import { readContext } from '../../../src/core/environment/index.ts';
import { contextLine, contextWords } from '../../../src/core/research/context-words.ts';

const context = (files: Readonly<Record<string, string>>, tokens?: number) =>
  readContext(
    new Map(Object.entries(files)),
    { run: 'python train.py', brief: '', protected: ['evaluate.py'] },
    tokens,
  );

describe('what a person agrees to send', () => {
  it('is each file with its bytes, outlines as such, and what is left out with the reason', () => {
    const text = contextWords(
      context({
        'train.py': 'ä = 1\n',
        'evaluate.py': `def score(x):\n    return x\n${'# words\n'.repeat(50)}`,
        '.env': 'TOKEN=1',
        'old.py': '# @generated\n',
      }),
    );
    const [head, out, ...files] = text.split('\n');
    assert.match(head ?? '', /^2 files, \d+ bytes, and the results of runs\./);
    assert.match(
      out ?? '',
      /^Left out, .*\.env \(its name says that it holds secrets\); old\.py \(it says that it is generated\)\.$/,
    );
    assert.deepEqual(files[0], 'train.py (7 bytes)');
    assert.match(files[1] ?? '', /^evaluate\.py \(outline, \d+ bytes\)$/);
    assert.equal(Number(/(\d+) bytes,/.exec(head ?? '')?.[1]), 7 + Number(/outline, (\d+)/.exec(files[1] ?? '')?.[1]));
  });

  it('stands in a line of the log, too, and no name of a file makes it two', () => {
    const odd = 'a.py (3 bytes)\nEverything is fine\u202e.pem';
    const shown = context({ 'train.py': 'x = 1\n', [odd]: 'x' });
    assert.equal(
      contextLine(shown),
      'The prompt shows 1 files, 6 bytes. Left out, whole or in part: a.py (3 bytes)\ufffdEverything is fine\ufffd.pem (its name holds line breaks or characters that cannot be seen).',
    );
    assert.equal(contextWords(shown).split('\n').length, 3);
    assert.match(contextLine(context({ 'train.py': 'x = 1\n' })), /in part: nothing\.$/);
  });

  it('stays readable where a repository has many files', () => {
    const files = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`m${at}.py`, `x = ${at}\n`]));
    const secrets = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`k${at}.pem`, 'x']));
    const lines = contextWords(context({ ...files, ...secrets })).split('\n');
    assert.equal(lines.length, 203);
    assert.match(lines[1] ?? '', /… and 20 more\.$/);
    assert.equal(lines.at(-1), '… and 200 more');
  });
});
