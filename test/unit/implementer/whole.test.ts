import { strict as assert } from 'node:assert';
import { applyAnswer } from '../../../src/core/implementer/index.ts';
import { block } from './requests.ts';

function apply(files: Record<string, string>, answer: string): Record<string, string | null> | string {
  const applied = applyAnswer(new Map(Object.entries(files)), answer);
  return applied.ok ? Object.fromEntries(applied.changes) : (applied.refusals[0]?.code ?? 'refused');
}

const F = '```';
const rows = (count: number, name = 'line') =>
  Array.from({ length: count }, (_, at) => `${name}${String.fromCharCode(97 + at)}: ${at}`);
const text = (lines: readonly string[]) => `${lines.join('\n')}\n`;
const TEN = rows(10);
const whole = (path: string, lines: readonly string[], info = '') => `${path}\n${F}${info}\n${text(lines)}${F}\n`;
const changed = (lines: readonly string[], at: number) =>
  lines.map((line, index) => (index === at ? `${line}00` : line));

describe('the text of a file given whole', () => {
  for (const [what, old, now] of [
    ['an excerpt that goes on to the end', TEN, changed(TEN, 5).slice(3)],
    ['an excerpt from the first line on', TEN, changed(TEN, 2).slice(0, 7)],
    ['an excerpt whose first line is the one that changes', TEN, changed(TEN, 4).slice(4)],
    ['an excerpt whose last line is the one that changes', TEN, changed(TEN, 5).slice(0, 6)],
    ['one line of a short file', rows(5), ['linec: 30']],
    ['nothing for a short file', rows(3), []],
    ['the file without its tail', TEN, TEN.slice(0, 8)],
    ['the file without its head', TEN, TEN.slice(3)],
    ['one of the two lines of the file', rows(2), rows(1)],
  ] as const) {
    it(`is refused where it is ${what}`, () =>
      assert.equal(apply({ 'c.yaml': text(old) }, whole('c.yaml', now)), 'elided-code'));
  }

  for (const [what, old, now] of [
    ['loses one line at its end', TEN, changed(TEN, 2).slice(0, 9)],
    ['loses lines inside', TEN, [...TEN.slice(0, 3), ...TEN.slice(6)]],
    ['is another text as long', TEN, rows(10, 'other')],
    ['is another text, of a file too large to compare', rows(5000), rows(5000, 'other')],
    ['gets other values at both ends', TEN, changed(changed(TEN, 0), 9)],
    ['is a short file and loses a line', rows(5), rows(5).toSpliced(2, 1)],
  ] as const) {
    it(`is taken where the file ${what}`, () =>
      assert.deepEqual(apply({ 'c.yaml': text(old) }, whole('c.yaml', now)), { 'c.yaml': text(now) }));
  }

  it('is a quotation where it is an inner stretch, or lacks only blank lines, and never without a word a cut', () => {
    const files = { 'c.yaml': text([...TEN, '', '']), 'x.py': 'a\n' };
    const beside = (lines: readonly string[]) => apply(files, `${block('x.py', 'a', 'b')}\n${whole('c.yaml', lines)}`);
    assert.deepEqual(beside(TEN.slice(1, 9)), { 'x.py': 'b\n' });
    assert.deepEqual(beside(TEN.slice(0, 3)), { 'x.py': 'b\n' });
    assert.deepEqual(beside(TEN), { 'x.py': 'b\n' });
    assert.equal(beside(TEN.slice(0, 9)), 'elided-code');
  });

  it('is only a part where the line of the fence has line numbers', () => {
    const files = { 'c.yaml': text(TEN), 'x.py': 'a\n' };
    assert.equal(apply(files, `${F}2:3:c.yaml\nlineb: 1\nlinec: 20\n${F}\n`), 'elided-code');
    const quoted = `${F}2:3:c.yaml\nlineb: 1\nlinec: 2\n${F}\n\n${block('x.py', 'a', 'b')}`;
    assert.deepEqual(apply(files, quoted), { 'x.py': 'b\n' });
  });

  it('is not how the file is run', () => {
    const files = { 'run.sh': '#!/bin/bash\nset -e\npython train.py\n', 'train.py': text(TEN), 'x.py': 'a\n' };
    for (const shown of [whole('run.sh', ['bash run.sh'], 'bash'), whole('train.py', ['python train.py'], 'bash')]) {
      assert.deepEqual(apply(files, `${block('x.py', 'a', 'b')}\n${shown}`), { 'x.py': 'b\n' });
    }
    const script = ['#!/bin/bash', 'set -eu', 'python train.py --lr 2'];
    assert.deepEqual(apply(files, whole('run.sh', script, 'bash')), { 'run.sh': text(script) });
  });

  it('has no marks of a merge, unless the file has them', () => {
    const merge = ['<<<<<<< HEAD', 'linea: 0', '=======', 'linea: 7', '>>>>>>> updated'];
    assert.equal(apply({ 'c.yaml': text(rows(3)) }, whole('c.yaml', merge)), 'malformed');
    assert.equal(apply({}, whole('c.yaml', merge)), 'malformed');
    const [old, now] = [
      [...merge, ...TEN],
      [...merge, ...changed(TEN, 5)],
    ];
    assert.deepEqual(apply({ 'c.yaml': text(old) }, whole('c.yaml', now)), { 'c.yaml': text(now) });
  });

  for (const [what, old, answer, now] of [
    ['is not added above a shebang', '#!/bin/sh\na\n', whole('r.sh', ['# r.sh', '#!/bin/sh', 'b']), '#!/bin/sh\nb\n'],
    ['is not added to code', 'a\nc\n', whole('r.sh', ['// r.sh', 'b', 'c']), 'b\nc\n'],
    ['is not the text of a new file', undefined, whole('r.sh', ['# File: r.sh', 'b']), 'b\n'],
    ['stays where the file has it', '# r.sh\na\nc\n', whole('r.sh', ['# r.sh', 'b', 'c']), '# r.sh\nb\nc\n'],
    ['names the file and stays', '# r.sh\na\nc\n', `${F}\n# r.sh\nb\nc\n${F}\n`, '# r.sh\nb\nc\n'],
    ['stays where it says more', 'a\nc\n', whole('r.sh', ['# r.sh runs all', 'a', 'c']), '# r.sh runs all\na\nc\n'],
  ] as const) {
    it(`has a first comment that only says its path, which ${what}`, () =>
      assert.deepEqual(apply(old === undefined ? {} : { 'r.sh': old }, answer), { 'r.sh': now }));
  }
});
