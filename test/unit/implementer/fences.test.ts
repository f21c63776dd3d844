import { strict as assert } from 'node:assert';
import { applyAnswer } from '../../../src/core/implementer/index.ts';
import { block } from './requests.ts';

function apply(files: Record<string, string>, answer: string): Record<string, string | null> | string {
  const applied = applyAnswer(new Map(Object.entries(files)), answer);
  return applied.ok ? Object.fromEntries(applied.changes) : (applied.refusals[0]?.code ?? 'refused');
}

const F = '```';
const README = `# Title\n\nInstall:\n\n${F}bash\npip install x\n${F}\n\n## More\n\nText after.\n`;
const MODULE = `"""Doc.\n\n${F}python\nuse()\n${F}\n"""\nA = 1\n`;
const whole = (path: string, text: string, info: string, mark = F) => `${path}\n${mark}${info}\n${text}${mark}\n`;
const NEW = whole('new.py', 'X = 1\n', 'python');
const MADE = { 'new.py': 'X = 1\n' };

describe('a text with fences of its own', () => {
  for (const [what, path, text, info] of [
    ['Markdown', 'README.md', README, 'markdown'],
    ['Markdown by its path', 'docs/use.md', README, ''],
    ['code with a fence in its documentation', 'lib/doc.py', MODULE, 'python'],
  ] as const) {
    it(`is taken whole, and so is the file behind it: ${what}`, () =>
      assert.deepEqual(apply({}, `${whole(path, text, info)}\n${NEW}`), { [path]: text, ...MADE }));
  }

  it('is taken for a file that is there, and a block behind it is read', () => {
    const now = README.replace('install x', 'install y');
    const answer = `${whole('README.md', now, 'markdown')}\n${block('a.py', 'a', 'b')}`;
    assert.deepEqual(apply({ 'README.md': README, 'a.py': 'a\n' }, answer), { 'README.md': now, 'a.py': 'b\n' });
  });

  it('is taken between longer fences, whatever stands inside', () => {
    const text = README.replace('bash', '');
    assert.deepEqual(apply({}, `${whole('README.md', text, 'markdown', `${F}\``)}\n${NEW}`), {
      'README.md': text,
      ...MADE,
    });
  });

  for (const [what, answer] of [
    ['a bare fence inside', whole('README.md', README.replace('bash', ''), 'markdown')],
    ['a bare fence inside, and a file behind', `${whole('README.md', README.replace('bash', ''), 'md')}\n${NEW}`],
    ['an open fence inside', `${whole('README.md', README.replace(`x\n${F}`, 'x'), 'markdown')}\n${NEW}`],
    ['no end before the next file', `README.md\n${F}markdown\n${README}\n${NEW}`],
    ['no end before the next file in a bare fence', `a.py\n${F}python\nA = 1\n\n${NEW.replace('python', '')}`],
  ] as const) {
    it(`is refused where its end cannot be told: ${what}`, () => assert.equal(apply({}, answer), 'malformed'));
  }

  it('hides no file behind a sample that was left open', () => {
    const answer = `${block('a.py', 'a', 'b')}\nFor instance:\n${F}python\nx()\n\n${NEW}`;
    assert.equal(apply({ 'a.py': 'a\n' }, answer), 'malformed');
  });
});

describe('a fence line behind an edit', () => {
  const open = '<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n';
  const done = { 'a.py': 'b\n', ...MADE };
  for (const [what, answer] of [
    ['whose block has no fence', `a.py\n${open}${F}\n\n${NEW}`],
    ['whose block has no fence, and the next is bare', `a.py\n${open}${F}\n\n${NEW.replace('python', '')}`],
    ['with a sentence before it', `a.py\n${F}python\n${open}Now it is b.\n${F}\n\n${NEW}`],
    ['with a sentence about the file before it', `a.py\n${F}\n${open}Now \`a.py\` has b.\n${F}\n\n${NEW}`],
    ['with a sentence before it, and the next is bare', `a.py\n${F}\n${open}So.\n${F}\n\n${NEW.replace('python', '')}`],
  ] as const) {
    it(`closes and swallows no file: ${what}`, () => assert.deepEqual(apply({ 'a.py': 'a\n' }, answer), done));
  }

  for (const [what, between] of [
    ['a path line', 'new.py'],
    ['a sentence', 'Here is the full `new.py`:'],
    ['a sentence, and a sample before', `It prints:\n${F}\n1\n${F}\n\nHere is the full \`new.py\`:`],
  ] as const) {
    it(`opens where a file is named: ${what}`, () => {
      const answer = `a.py\n${open}\n${between}\n${F}\nX = 1\n`;
      assert.deepEqual(apply({ 'a.py': 'a\n' }, `${answer}${F}\n`), done);
      assert.equal(apply({ 'a.py': 'a\n' }, answer), 'truncated');
    });
  }
});
