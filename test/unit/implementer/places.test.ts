import { strict as assert } from 'node:assert';
import { applyAnswer } from '../../../src/core/implementer/index.ts';
import { block } from './requests.ts';

type Files = Readonly<Record<string, string>>;

/** The new texts of an answer, or the code it is refused with. */
function apply(files: Files, answer: string): Record<string, string | null> | string {
  const applied = applyAnswer(new Map(Object.entries(files)), answer);
  return applied.ok ? Object.fromEntries(applied.changes) : (applied.refusals[0]?.code ?? 'refused');
}

const diff = (...lines: readonly string[]) => `--- a/x.py\n+++ b/x.py\n${lines.join('\n')}\n`;

describe('which of two equal places an answer means', () => {
  const rows = (change: Readonly<Record<number, string>> = {}) =>
    `${Array.from({ length: 60 }, (_, at) => change[at + 1] ?? (at === 10 || at === 50 ? 'x = 1' : `y${at} = 0`)).join('\n')}\n`;
  const hunk = (header: string) => diff(header, '-x = 1', '+x = 2');
  const other = (line: number) => [`@@ -${line},1 +${line},1 @@`, '-y29 = 0', '+y29 = 1'];
  for (const [what, answer, wanted] of [
    ['takes an exact line number', hunk('@@ -51,1 +51,1 @@'), rows({ 51: 'x = 2' })],
    ['takes a line number that is a few lines off', hunk('@@ -47,1 +47,1 @@'), rows({ 51: 'x = 2' })],
    ['takes no number for a place that is far from it', hunk('@@ -72,1 +72,1 @@'), 'ambiguous'],
    ['takes the placeholder -1,1 for no number', hunk('@@ -1,1 +1,1 @@'), 'ambiguous'],
    ['takes the placeholder -0,0 for no number', hunk('@@ -0,0 +1,1 @@'), 'ambiguous'],
    [
      'takes numbers that are as far off as those of another hunk',
      diff(...other(130), '@@ -151,1 +151,1 @@', '-x = 1', '+x = 2'),
      rows({ 30: 'y29 = 1', 51: 'x = 2' }),
    ],
    [
      'takes neither place where one has the number and the other what another hunk shows',
      diff('@@ -11,1 +11,1 @@', '-x = 1', '+x = 2', '@@ -19,1 +19,1 @@', '-y58 = 0', '+y58 = 1'),
      'ambiguous',
    ],
  ] as const) {
    it(what, () => {
      const result = apply({ 'x.py': rows() }, answer);
      assert.deepEqual(result, wanted.includes('\n') ? { 'x.py': wanted } : wanted);
    });
  }

  const v4a = (...chunks: readonly string[]) =>
    `*** Begin Patch\n*** Update File: x.py\n${chunks.map((chunk) => `@@\n${chunk}\n`).join('')}*** End Patch\n`;
  for (const [what, answer, wanted] of [
    [
      'takes the one place behind the chunk before',
      v4a('-y29 = 0\n+y29 = 1', '-x = 1\n+x = 2'),
      rows({ 30: 'y29 = 1', 51: 'x = 2' }),
    ],
    ['takes none where two are behind it', v4a('-y1 = 0\n+y1 = 1', '-x = 1\n+x = 2'), 'ambiguous'],
    [
      'takes none where the chunks are in no order',
      v4a('-y58 = 0\n+y58 = 1', '-y29 = 0\n+y29 = 1', '-x = 1\n+x = 2'),
      'ambiguous',
    ],
  ] as const) {
    it(`${what}, in an apply_patch patch`, () => {
      assert.deepEqual(apply({ 'x.py': rows() }, answer), wanted.includes('\n') ? { 'x.py': wanted } : wanted);
    });
  }
  it('takes nothing from the order of two patches', () => {
    const two = v4a('-y29 = 0\n+y29 = 1') + v4a('-x = 1\n+x = 2');
    assert.equal(apply({ 'x.py': rows() }, two), 'ambiguous');
  });
  it('takes the first place behind an anchor that heads no block', () => {
    const text = 'import os\n\nx = 1\n\nimport sys\n\nx = 1\n\nx = 1\n';
    const answer = v4a('-x = 1\n+x = 2').replace('@@', '@@ import sys');
    assert.deepEqual(apply({ 'x.py': text }, answer), { 'x.py': text.replace('sys\n\nx = 1', 'sys\n\nx = 2') });
  });

  it('takes a first line for line 1 where it is that', () => {
    const text = `x = 1\n${'y = 0\n'.repeat(30)}x = 1\n`;
    assert.deepEqual(apply({ 'x.py': text }, hunk('@@ -1,1 +1,1 @@')), { 'x.py': text.replace('x = 1', 'x = 2') });
  });
});

describe('a new file as a diff', () => {
  const fenced = (...lines: readonly string[]) =>
    `\`\`\`diff\n--- /dev/null\n+++ b/n.py\n${lines.join('\n')}\n\`\`\`\n`;
  const text = 'import os\n\nprint(os)\n';
  for (const [what, answer, wanted] of [
    ['takes its lines without a + for its text', fenced('@@ -0,0 +1,3 @@', 'import os', '', 'print(os)'), text],
    ['takes blank lines without a +', fenced('@@ -0,0 +1,3 @@', '+import os', '', '+print(os)'), text],
    ['takes an empty one', fenced(), ''],
    [
      'refuses lines of which only some have a +',
      fenced('@@ -0,0 +1,3 @@', '+import os', '', 'print(os)'),
      'malformed',
    ],
    [
      'refuses lines that may have a mark before them',
      fenced('@@ -0,0 +1,2 @@', ' import os', ' print(os)'),
      'malformed',
    ],
    ['refuses lines without a + behind other numbers', fenced('@@ -3,1 +3,1 @@', 'import os'), 'malformed'],
    ['refuses lines without a + and a header', fenced('', 'import os', 'print(os)'), 'malformed'],
    [
      'refuses lines without a + outside a fence',
      fenced('@@ -0,0 +1 @@', 'import os').replaceAll(/```.*\n/g, ''),
      'malformed',
    ],
  ] as const) {
    it(what, () => {
      const refused = wanted === 'malformed';
      assert.deepEqual(apply({ 'x.py': 'a = 1\n' }, answer), refused ? wanted : { 'n.py': wanted });
      const beside = apply({ 'x.py': 'a = 1\n' }, `${answer}\n${diff('@@ -1 +1 @@', '-a = 1', '+a = 2')}`);
      assert.deepEqual(beside, refused ? wanted : { 'n.py': wanted, 'x.py': 'a = 2\n' }, 'beside another edit');
    });
  }
});

describe('HTML escapes in new lines', () => {
  const files = {
    'run.sh': 'python train.py\n',
    'a.js': 'for (i = 0; i < n; i++) {}\nlet x = 1;\n',
    'x.py': 'a = 1\n',
    'r.md': 'a\n',
    'page.py': 'T = "&lt;"\na = 1\n',
  };
  const escaped = block('a.js', 'for (i = 0; i &lt; n; i++) {}', 'for (i = 0; i &lt; m; i++) {}');
  const js = files['a.js'].replace('n;', 'm;');
  const sh = block('run.sh', 'python train.py', 'python train.py &gt; log.txt 2&gt;&amp;1');
  const v4a =
    '*** Begin Patch\n*** Update File: run.sh\n@@\n-python train.py\n+cd x &amp;&amp; python train.py\n*** End Patch\n';
  const whole = 'new.sh\n```bash\npython a.py &gt; log\n```\n';
  const py = (text: string, path: 'x.py' | 'page.py' = 'x.py') => block(path, 'a = 1', text);
  for (const [what, answer, wanted] of [
    ['are refused in code', sh, 'malformed'],
    ['are refused in an apply_patch patch', v4a, 'malformed'],
    ['are refused in a new file', whole, 'malformed'],
    ['are refused in a text that has them for no reason', py('a = "x &gt; y"'), 'malformed'],
    [
      'are undone where another edit shows them',
      escaped + block('a.js', 'let x = 1;', 'let x = a &lt; b;'),
      { 'a.js': js.replace('x = 1', 'x = a < b') },
    ],
    [
      'are undone in every file where one edit shows them',
      escaped + sh,
      { 'a.js': js, 'run.sh': 'python train.py > log.txt 2>&1\n' },
    ],
    [
      'are undone in a patch and in a new file',
      `${escaped}\n${v4a}\n${whole}`,
      { 'a.js': js, 'run.sh': 'cd x && python train.py\n', 'new.sh': 'python a.py > log\n' },
    ],
    ['stay in a language that has them', block('r.md', 'a', 'use &lt;tag&gt;'), { 'r.md': 'use &lt;tag&gt;\n' }],
    ['stay where the file has some', py('b = "a &amp; b"', 'page.py'), { 'page.py': 'T = "&lt;"\nb = "a &amp; b"\n' }],
    ['stay in code that writes them', py('a = s.replace("<", "&lt;")'), { 'x.py': 'a = s.replace("<", "&lt;")\n' }],
    ['stay as a text of their own', py("a = ['&amp;', '&lt;']"), { 'x.py': "a = ['&amp;', '&lt;']\n" }],
    ['stay beside tags', py('a = """\n<p>a &lt; b</p>\n"""'), { 'x.py': 'a = """\n<p>a &lt; b</p>\n"""\n' }],
  ] as const) {
    it(what, () => assert.deepEqual(apply(files, answer), wanted));
  }

  it('are told with what to send instead', () => {
    const applied = applyAnswer(new Map(Object.entries(files)), sh);
    assert.match(applied.ok ? '' : (applied.refusals[0]?.message ?? ''), /run\.sh has HTML entities.*signs themselves/);
  });
});

describe('an edit whose first line lost its indentation', () => {
  const files = {
    'c.yaml': 'x:\n  - a\n  - c\ny:\n  lr: 1\n  wd: 2\n',
    'x.py': 'def f(a):\n    if a: b()\n    c(a)\n    return a\n',
    'run.sh': 'if true; then\n    python a.py\nfi\n',
  };
  for (const [what, path, search, replace, old, wanted] of [
    ['gives a list its further item', 'c.yaml', '- a', '- a\n  - b', '  - a', '  - a\n  - b'],
    ['gives a map its further key', 'c.yaml', 'lr: 1', 'lr: 3\n  mu: 4', '  lr: 1', '  lr: 3\n  mu: 4'],
    ['keeps the keys of an item under its first', 'c.yaml', '- a', '- n: a\n  m: b', '  - a', '  - n: a\n    m: b'],
    [
      'gives an opened block its body',
      'x.py',
      'if a: b()',
      'if a:\n        b()\n        d()',
      '    if a: b()',
      '    if a:\n        b()\n        d()',
    ],
    [
      'shifts a body that was shifted with its head',
      'x.py',
      'if a: b()',
      'if a:\n    b()\n    d()',
      '    if a: b()',
      '    if a:\n        b()\n        d()',
    ],
    [
      'shifts a block put around the line',
      'x.py',
      'c(a)',
      'with d:\n    c(a)',
      '    c(a)',
      '    with d:\n        c(a)',
    ],
    ['gives a statement its sibling', 'x.py', 'c(a)', 'c(a)\n    d(a)', '    c(a)', '    c(a)\n    d(a)'],
    [
      'gives a command its sibling',
      'run.sh',
      'python a.py',
      'python a.py\n    python b.py',
      '    python a.py',
      '    python a.py\n    python b.py',
    ],
    [
      'keeps the lines of a bracket as written',
      'x.py',
      'c(a)',
      'c(\n        a,\n    )',
      '    c(a)',
      '    c(\n        a,\n    )',
    ],
    ['shifts lines that were all moved to the left', 'x.py', 'c(a)', 'c(a)\nd(a)', '    c(a)', '    c(a)\n    d(a)'],
    ['refuses lines that fit nowhere', 'x.py', 'c(a)', 'c(a)\n      d(a)', '', 'ambiguous'],
  ] as const) {
    it(what, () => {
      const text = files[path].replace(old, wanted);
      assert.deepEqual(apply(files, block(path, search, replace)), old === '' ? wanted : { [path]: text });
    });
  }
});

describe('an edit whose halves are not indented alike', () => {
  const file = 'def f(a):\n    if a:\n        b(a)\n        c(a)\n    return a\n';
  for (const [what, search, replace, old, wanted] of [
    [
      'keeps new lines that have the indentation of the file',
      'b(a)\nc(a)',
      '        b(a)\n        d(a)',
      'c(a)',
      'd(a)',
    ],
    ['keeps a new line that takes the place of the only one', 'c(a)', '        d(a)', 'c(a)', 'd(a)'],
    [
      'moves a block put around the lines, whose body is as far in as the file has it',
      'b(a)\nc(a)',
      'with e:\n    b(a)\n    c(a)',
      '        b(a)\n        c(a)',
      '        with e:\n            b(a)\n            c(a)',
    ],
    ['refuses lines that are further in than quoted and as no line of the file', 'b(a)\nc(a)', '    d(a)', '', ''],
    ['refuses quoted lines that only come further in', 'b(a)\nc(a)', '        b(a)\n        c(a)', '', ''],
    [
      'keeps new lines among those of the file where SEARCH is too deep',
      '            b(a)\n            c(a)',
      '        b(a)\n        d(a)',
      'c(a)',
      'd(a)',
    ],
    [
      'refuses a line that may leave its block where SEARCH is too deep',
      '            b(a)\n            c(a)',
      '        d(a)',
      '',
      '',
    ],
    ['refuses lines of which only the new half lost it', '        b(a)\n        c(a)', 'b(a)\nd(a)', '', ''],
    [
      'lets lines leave a block that goes',
      '    if a:\n        b(a)\n        c(a)',
      '    b(a)\n    d(a)',
      '    if a:\n        b(a)\n        c(a)',
      '    b(a)\n    d(a)',
    ],
    ['takes a first line without its indentation', 'b(a)\n        c(a)', 'b(a)\n        d(a)', 'c(a)', 'd(a)'],
    ['gives such a first line back what it lost', 'b(a)\n        c(a)', 'd(a)\n        c(a)', 'b(a)', 'd(a)'],
    ['gives it its body', 'b(a)\n        c(a)', 'if d:\n            c(a)', 'b(a)\n        c', 'if d:\n            c'],
    ['refuses a head whose body is no further in', 'b(a)\n        c(a)', 'if d:\n        c(a)', '', ''],
  ] as const) {
    it(what, () => {
      const made = apply({ 'x.py': file }, block('x.py', search, replace));
      assert.deepEqual(made, old === '' ? 'ambiguous' : { 'x.py': file.replace(old, wanted) });
    });
  }
});

describe('dots in both halves', () => {
  const text = 'def a():\n    x = 1\n# why\n\n    return x\n\n\ndef b():\n    y = 1\n    return y\n';
  const dots = (head: string, end: string, now: string, indent = '    ') =>
    block('x.py', `${head}\n${indent}...\n    ${end}`, `${head}\n${indent}...\n    ${now}`);
  for (const [what, answer, wanted] of [
    [
      'pass over lines of their block',
      dots('def a():', 'return x', 'return x + 1'),
      text.replace('return x', 'return x + 1'),
    ],
    ['do not pass over the end of their block', dots('def a():', 'return y', 'return y + 1'), 'elided-code'],
    [
      'pass over anything where they stand at the left',
      dots('def a():', 'return y', 'return y + 1', ''),
      text.replace('return y', 'return y + 1'),
    ],
  ] as const) {
    it(what, () => {
      assert.deepEqual(apply({ 'x.py': text }, answer), wanted.includes('\n') ? { 'x.py': wanted } : wanted);
    });
  }
});

describe('an empty line without a + between new lines', () => {
  const text = 'def a():\n    pass\n\n\ndef z():\n    pass\n';
  const hunk = (between: string, ...rest: readonly string[]) =>
    diff(
      '@@ -1,2 +1,8 @@',
      ' def a():',
      '     pass',
      '+',
      '+',
      '+def b():',
      '+    pass',
      between,
      between,
      '+def c():',
      '+    pass',
      ...rest,
    );
  const wanted = text.replace('    pass\n', '    pass\n\n\ndef b():\n    pass\n\n\ndef c():\n    pass\n');
  it('is new, and leaves the empty lines of the file to it', () => {
    assert.deepEqual(apply({ 'x.py': text }, `\`\`\`diff\n${hunk('')}\`\`\`\n`), { 'x.py': wanted });
  });
  it('is one of the file where it has the mark of context or lines of the file follow', () => {
    const kept = 'def a():\n    pass\n\n\ndef b():\n    pass\n\n\ndef c():\n    pass\ndef z():\n    pass\n';
    assert.deepEqual(apply({ 'x.py': text }, `\`\`\`diff\n${hunk(' ')}\`\`\`\n`), { 'x.py': kept });
    assert.deepEqual(apply({ 'x.py': text }, `\`\`\`diff\n${hunk('', ' def z():')}\`\`\`\n`), { 'x.py': kept });
  });
});

describe('the path of a file to delete', () => {
  const remove = (path: string) => `*** Begin Patch\n*** Delete File: ${path}\n*** End Patch\n`;
  const files = { 'train.py': 'a\n', 'src/model.py': 'b\n' };
  for (const [path, wanted] of [
    ['train.py', { 'train.py': null }],
    ['./train.py', { 'train.py': null }],
    ['repo/train.py', { 'train.py': null }],
    ['old/train.py', 'file-not-found'],
    ['model.py', 'file-not-found'],
  ] as const) {
    it(`${path}: ${wanted === 'file-not-found' ? 'is no other file that ends so' : 'is that of the file'}`, () => {
      assert.deepEqual(apply(files, remove(path)), wanted);
    });
  }
});

describe('an edit that is kept while the others are mended', () => {
  const files = new Map([['x.py', 'import os\nlr = 1\nk = 5\n']]);
  const after = (kept: readonly [string, string], fresh: readonly [string, string]) => {
    const first = applyAnswer(files, block('x.py', ...kept) + block('x.py', 'k = 50', 'k = 6'));
    const second = applyAnswer(files, block('x.py', ...fresh), { standing: first.ok ? [] : first.standing });
    return second.ok ? second.changes.get('x.py') : second.refusals[0]?.code;
  };
  for (const [what, kept, fresh, wanted] of [
    [
      'is never lost with the lines it adds',
      ['import os', 'import os\nimport math'],
      ['import os', 'import os, sys'],
      'overlap',
    ],
    [
      'is never lost with lines beside a changed one',
      ['lr = 1', 'lr = 2\nwd = 3'],
      ['lr = 1\nk = 5', 'lr = 4\nk = 5'],
      'overlap',
    ],
    [
      'gives way to one that has its lines',
      ['import os', 'import os\nimport math'],
      ['import os\nlr = 1', 'import os\nimport math\nlr = 2'],
      'import os\nimport math\nlr = 2\nk = 5\n',
    ],
    [
      'gives way to one that changes its line otherwise',
      ['lr = 1', 'lr = 2'],
      ['lr = 1\nk = 5', 'lr = 3\nk = 6'],
      'import os\nlr = 3\nk = 6\n',
    ],
  ] as const) {
    it(what, () => assert.equal(after(kept, fresh), wanted));
  }
});

describe('dots and words that stand for code', () => {
  const typing = 'from typing import Protocol, overload\n\n\n';
  const code = (line: string, path = 'x.py') => apply({ [path]: 'lr = 1\n' }, block(path, 'lr = 1', `${line}\nlr = 2`));
  for (const line of [
    '# ... rest of the code',
    '# ... training loop ...',
    '# ... model definition',
    '# ... and the rest of the code',
    '# rest unchanged',
    '# rest of the code unchanged',
    '# The rest stays the same.',
    '# rest of the function',
    '# other parameters unchanged',
    '# remaining methods stay the same',
    '# rest of the model as before',
    '# other layers same as above',
    '# remaining training loop stays the same',
    '# ... and so on',
    '# ... for each batch',
    '// existing code',
    '// existing code here',
    '# (same as before)',
    '# (other functions as before)',
    '...',
    '# ...',
  ]) {
    it(`are refused: ${line}`, () => assert.equal(code(line), 'elided-code'));
  }
  for (const line of [
    '# other parameters stay frozen',
    '# The remaining steps use the same lr.',
    '# ... and decay it',
    '# Remaining work is the same',
    '# previous model with the same optimizer state',
    '# the rest of the budget goes to validation',
    '# previous values are kept for the plot',
  ]) {
    it(`are not seen in the comment ${line}`, () => assert.deepEqual(code(line), { 'x.py': `${line}\nlr = 2\n` }));
  }
  it('are not seen in a heading of Markdown, but in its dots', () => {
    const heading = '# The rest is the same';
    assert.deepEqual(code(heading, 'r.md'), { 'r.md': `${heading}\nlr = 2\n` });
    assert.equal(code('# ... rest of the text', 'r.md'), 'elided-code');
  });

  const fresh = (text: string, path = 'n.py') => apply({}, block(path, '', text));
  const method =
    'class A(Protocol):\n    def f(self) -> int:\n        ...\n\n    def g(\n        self,\n    ) -> int:\n        """Doc."""\n        ...';
  for (const [what, text, path] of [
    ['a protocol', typing + method, 'n.py'],
    ['an overload', `${typing}@overload\ndef f(a: int) -> int:\n    ...\n\n\ndef f(a):\n    return a`, 'n.py'],
    ['an abstract class', 'import abc\n\n\nclass A:\n    @abc.abstractmethod\n    def f(self):\n        ...', 'n.py'],
    ['a stub', 'def f() -> int:\n    ...', 'n.pyi'],
  ] as const) {
    it(`are the body of ${what}`, () => assert.deepEqual(fresh(text, path), { [path]: `${text}\n` }));
  }
  it('are no body of what has one, or has more than them', () => {
    const body = `${typing}def f():\n    return 1\n`;
    assert.equal(apply({ 'x.py': body }, block('x.py', 'def f():\n    return 1', 'def f():\n    ...')), 'elided-code');
    assert.equal(fresh(`${typing}def f():\n    ...\n    return 1`), 'elided-code');
    assert.equal(fresh('def f():\n    ...'), 'elided-code');
  });
});

describe('an answer whose form is unusual and whose meaning is plain', () => {
  const text = 'import os\n\nlr = 1\nwd = 2\n';
  const files = { 'train.py': text, 'x.py': 'a = 1\n' };
  const wanted = { 'train.py': text.replace('lr = 1', 'lr = 3') };
  const edit = block('train.py', 'lr = 1', 'lr = 3');
  const hunk = '@@ -3,1 +3,1 @@\n-lr = 1\n+lr = 3\n';
  const fence = (body: string, info = 'diff') => `\`\`\`${info}\n${body}\`\`\`\n`;
  const sample = fence('- lr = 1\n+ lr = 3\n');
  const json = `${JSON.stringify({ edits: [{ path: 'train.py', old_string: 'lr = 1', new_string: 'lr = 3' }] })}\n`;
  for (const [what, answer] of [
    ['words behind the end of its reasoning', `<think>\nhm\n</think>Here is the patch:\n\n${edit}`],
    ['reasoning and words in one line', `<think>hm</think> Here:\n\n${edit}`],
    ['words behind the end of reasoning whose beginning was swallowed', `hm\n</think>Here:\n\n${edit}`],
    [
      'reasoning that speaks of its own end',
      `<think>\nthe \`</think>\` tag and </think> there\n${sample}\n</think>\n${edit}`,
    ],
    ['names with (original) and (modified)', fence(`--- train.py (original)\n+++ train.py (modified)\n${hunk}`)],
    ['names in old/ and new/', fence(`--- old/train.py\n+++ new/train.py\n${hunk}`)],
    ['names in i/ and w/', fence(`--- i/train.py\n+++ w/train.py\n${hunk}`)],
    ['the words original and modified below a path', `train.py\n${fence(`--- original\n+++ modified\n${hunk}`)}`],
    ['the new name only', fence(`+++ b/train.py\n${hunk}`)],
    ['a sample of its edit before it', `The core change is:\n\n${sample}\n${edit}`],
    ['a sample of its edit below the name of the file', `The core change in \`train.py\` is:\n\n${sample}\n${edit}`],
    ['edits as JSON with words around them', `Here:\n${fence(json, 'json')}\nDone.\n`],
  ] as const) {
    it(`is taken with ${what}`, () => assert.deepEqual(apply(files, answer), wanted));
  }
  for (const [what, answer, code] of [
    ['a diff of no file that no other edit has', `First:\n\n${fence('- wd = 2\n+ wd = 4\n')}\n${edit}`, 'malformed'],
    ['a diff of no file alone', sample, 'malformed'],
    ['the words original and modified and no path', fence(`--- original\n+++ modified\n${hunk}`), 'malformed'],
    ['names of two files', fence(`--- old/train.py\n+++ new/x.py\n${hunk}`), 'malformed'],
    [
      'two fences of JSON',
      `One of:\n${fence(json, 'json')}\nor\n${fence(json.replace('lr = 3', 'lr = 4'), 'json')}`,
      'no-edits',
    ],
    [
      'a file that is not there and has lines',
      fence('--- a/n.py\n+++ b/n.py\n@@ -1,1 +1,1 @@\n-a\n+b\n'),
      'file-not-found',
    ],
  ] as const) {
    it(`is refused with ${what}`, () => assert.equal(apply(files, answer), code));
  }
  it('takes a diff whose one hunk had no line before for a new file', () => {
    const made = fence(
      `--- a/n.py\n+++ b/n.py\n@@ -0,0 +1,2 @@\n+a = 1\n+b = 2\n--- a/train.py\n+++ b/train.py\n${hunk}`,
    );
    assert.deepEqual(apply(files, made), { 'n.py': 'a = 1\nb = 2\n', ...wanted });
  });
  it('takes each new name for the next file', () => {
    const both = fence(`+++ b/train.py\n${hunk}+++ b/x.py\n@@ -1,1 +1,1 @@\n-a = 1\n+a = 2\n`);
    assert.deepEqual(apply(files, both), { ...wanted, 'x.py': 'a = 2\n' });
  });
});
