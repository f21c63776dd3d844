import { strict as assert } from 'node:assert';
import { applyAnswer } from '../../../src/core/implementer/index.ts';
import { block } from './requests.ts';

function apply(files: Record<string, string>, answer: string): Record<string, string | null> | string {
  const applied = applyAnswer(new Map(Object.entries(files)), answer);
  return applied.ok ? Object.fromEntries(applied.changes) : (applied.refusals[0]?.code ?? 'refused');
}

const TEN = `${Array.from({ length: 10 }, (_, index) => `line${index + 1} = ${index + 1}`).join('\n')}\n`;
const diff = (...lines: readonly string[]) => `--- a/x.py\n+++ b/x.py\n${lines.join('\n')}\n`;

describe('answers in other formats', () => {
  const after = TEN.replace('= 3', '= 33');
  const json = JSON.stringify({ edits: [{ path: 'x.py', search: 'line3 = 3', replace: 'line3 = 33' }] });
  for (const [what, answer] of [
    [
      'a diff with git headers',
      `diff --git a/x.py b/x.py\nindex 1..2 100644\n${diff('@@ -3 +3 @@', '-line3 = 3', '+line3 = 33')}`,
    ],
    [
      'a diff without numbers in a fence',
      `\`\`\`diff\n${diff('@@ ... @@', ' line2 = 2', '-line3 = 3', '+line3 = 33')}\`\`\``,
    ],
    ['an apply_patch patch', '*** Begin Patch\n*** Update File: x.py\n@@\n-line3 = 3\n+line3 = 33\n*** End Patch\n'],
    ['a whole file', `x.py\n\`\`\`python\n${after}\`\`\`\n`],
    ['edits as JSON', json],
    ['edits as JSON in a fence', `\`\`\`json\n${json}\n\`\`\``],
    ['a block as the inside of a JSON string', JSON.stringify(block('x.py', 'line3 = 3', 'line3 = 33')).slice(1, -1)],
    [
      'a block through an HTML escape',
      block('x.py', 'line3 = 3', 'line3 = 33').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    ],
    [
      'a path as a word of a sentence',
      `In x.py the third changes:\n<<<<<<< SEARCH\nline3 = 3\n=======\nline3 = 33\n>>>>>>> REPLACE\n`,
    ],
    ['a byte order mark before the answer', `\ufeff${block('x.py', 'line3 = 3', 'line3 = 33')}`],
  ] as const) {
    it(`takes ${what}`, () => assert.deepEqual(apply({ 'x.py': TEN }, answer), { 'x.py': after }));
  }

  it('moves and edits a file, makes one and deletes one, and says what was moved', () => {
    const answer =
      '*** Begin Patch\n*** Update File: x.py\n*** Move to: src/y.py\n@@\n-line3 = 3\n+line3 = 33\n*** Delete File: z.py\n*** Add File: n.py\n+n = 1\n*** End Patch\n';
    const applied = applyAnswer(
      new Map([
        ['x.py', TEN],
        ['z.py', 'z\n'],
      ]),
      answer,
    );
    assert.ok(applied.ok);
    assert.deepEqual(Object.fromEntries(applied.changes), {
      'x.py': null,
      'src/y.py': after,
      'z.py': null,
      'n.py': 'n = 1\n',
    });
    assert.deepEqual([...applied.renames], [['src/y.py', 'x.py']]);
  });

  for (const target of ['../y.py', '/etc/y.py', 'C:\\y.py', '.git/hooks/y', '..\\y.py', 'src/../../y.py']) {
    it(`refuses to move a file to ${target}, and the whole answer with it`, () => {
      const answer = `*** Begin Patch\n*** Update File: z.py\n@@\n-no such line\n+z\n*** Update File: x.py\n*** Move to: ${target}\n@@\n-line3 = 3\n+line3 = 33\n*** End Patch\n`;
      assert.equal(apply({ 'x.py': TEN, 'z.py': 'z\n' }, answer), 'path-escape');
    });
  }

  it('takes backslashes in a path for slashes', () => {
    assert.deepEqual(apply({ 'src/x.py': TEN }, block('src\\x.py', 'line3 = 3', 'line3 = 33')), { 'src/x.py': after });
  });

  it('takes the line that both of two edits only quote, and refuses one that changes what the other quotes', () => {
    const shared =
      block('x.py', 'line1 = 1\nline2 = 2', 'line1 = 11\nline2 = 2') +
      block('x.py', 'line2 = 2\nline3 = 3', 'line2 = 2\nline3 = 33');
    assert.deepEqual(apply({ 'x.py': TEN }, shared), { 'x.py': after.replace('= 1\n', '= 11\n') });
    const torn =
      block('x.py', 'line1 = 1\nline2 = 2', 'line1 = 1\nline2 = 22') +
      block('x.py', 'line2 = 2\nline3 = 3', 'line2 = 2\nline3 = 33');
    assert.equal(apply({ 'x.py': TEN }, torn), 'overlap');
    const twice = block('x.py', 'line1 = 1', 'line1 = 1\na = 1') + block('x.py', 'line1 = 1', 'line1 = 1\nb = 1');
    assert.equal(apply({ 'x.py': TEN }, twice), 'overlap');
  });

  it('takes a whole text for the file that ends so and has its lines, else for a new file', () => {
    const whole = (text: string) => `x.py\n\`\`\`python\n${text}\`\`\`\n`;
    assert.deepEqual(apply({ 'src/x.py': TEN }, whole(after)), { 'src/x.py': after });
    assert.deepEqual(apply({ 'src/x.py': TEN }, whole('n = 1\n')), { 'x.py': 'n = 1\n' });
    const applied = applyAnswer(new Map([['src/x.py', TEN]]), whole('n = 1\n'));
    assert.equal(applied.report[0]?.outcome, 'new-file');
  });

  for (const [what, files, answer, code] of [
    ['a wrong literal in a diff', { 'x.py': TEN }, diff('@@ -3 +3 @@', '-line3 = 4', '+line3 = 33'), 'no-match'],
    [
      'a deletion that is done',
      { 'x.py': 'a = 1\nc = 3\n' },
      diff('@@ -1,3 +1,2 @@', ' a = 1', '-b = 2', ' c = 3'),
      'already-applied',
    ],
    [
      'a new file where one is',
      { 'x.py': TEN },
      '*** Begin Patch\n*** Add File: x.py\n+a\n*** End Patch\n',
      'file-exists',
    ],
    ['lines without a place', { 'x.py': TEN }, diff('@@ -3,0 +4 @@', '+new = 1'), 'empty-search'],
    ['a binary patch', { 'x.py': TEN }, 'diff --git a/x.py b/x.py\nGIT binary patch\nliteral 3\n', 'malformed'],
    [
      'a patch without its end',
      { 'x.py': TEN },
      '*** Begin Patch\n*** Update File: x.py\n@@\n-line3 = 3\n+lin',
      'truncated',
    ],
    ['a whole file without its end', { 'x.py': TEN }, `x.py\n\`\`\`python\n${after}`, 'truncated'],
    [
      'a part of a file as a whole one',
      { 'x.py': TEN },
      'x.py\n```python\nline3 = 33\nline4 = 4\n```\n',
      'elided-code',
    ],
    [
      'lines that differ after a # in a string',
      { 'x.py': 'a = """\nx # 1\n"""\nb = 2\n' },
      block('x.py', 'a = """\nx # 2\n"""\nb = 2', 'a = """\nx # 2\n"""\nb = 3'),
      'no-match',
    ],
    [
      'two moves onto one name',
      { 'x.py': TEN, 'z.py': 'z\n' },
      '*** Begin Patch\n*** Update File: x.py\n*** Move to: y.py\n*** Update File: z.py\n*** Move to: y.py\n*** End Patch\n',
      'overlap',
    ],
    [
      'a file deleted and changed',
      { 'x.py': TEN },
      '*** Begin Patch\n*** Delete File: x.py\n*** Update File: x.py\n@@\n-line3 = 3\n+line3 = 33\n*** End Patch\n',
      'overlap',
    ],
  ] as const) {
    it(`refuses ${what}`, () => assert.equal(apply(files, answer), code));
  }

  it('writes deliberate typographic signs as the file does, and mends those of a keyboard', () => {
    const before = 'print("loss — val")\nx = "a"\n';
    const answer = block('x.py', 'x = “a”', 'x = “b”\nprint(“acc — val”)');
    assert.deepEqual(apply({ 'x.py': before }, answer), {
      'x.py': 'print("loss — val")\nx = "b"\nprint("acc — val")\n',
    });
  });

  it('does not double a blank line that it was passed over for', () => {
    assert.deepEqual(apply({ 'x.py': 'a = 1\n\nb = 2\n' }, block('x.py', 'a = 1\nb = 2', 'a = 1\n\nb = 3')), {
      'x.py': 'a = 1\n\nb = 3\n',
    });
  });

  it('reads edits in tags, whatever the two are called, and never a part of them', () => {
    const files = { 'x.py': 'a = "<new>"\nb = 2\n', 'y.py': 'c = 3\n' };
    const edit = (old: string, now: string) => (path: string, from: string, to: string) =>
      `<change>\n<file_path>${path}</file_path>\n<${old}>\n${from}\n</${old}>\n\n<${now}>${to}</${now}>\n</change>\n`;
    for (const [old, now] of [
      ['search', 'replace'],
      ['find', 'replace'],
      ['old_str', 'new_str'],
      ['old_code', 'new_code'],
      ['original', 'updated'],
    ] as const) {
      const one = edit(old, now);
      const both = one('x.py', 'b = 2', 'b = 7') + one('y.py', 'c = 3', '');
      assert.deepEqual(apply(files, both), { 'x.py': 'a = "<new>"\nb = 7\n', 'y.py': '' }, old);
      assert.equal(apply(files, both.slice(0, -30)), 'no-edits', old);
      assert.equal(apply(files, both.replaceAll(/<file_path>.*\n/g, '')), 'no-edits', old);
    }
    const odd = edit('old', 'new')('x.py', 'a = "<new>"', 'a = 1');
    assert.equal(apply(files, odd), 'no-edits', 'code that holds a tag of ours: not to be told apart');
  });

  it('comes to an end on hostile answers', () => {
    const big = Array.from({ length: 5000 }, (_, index) => `value_${index} = ${index}`).join('\n');
    for (const answer of [
      '<'.repeat(1_000_000),
      '<<<<<<< SEARCH\n'.repeat(60_000),
      '```\n'.repeat(200_000),
      `x.py\n${'*'.repeat(500_000)}x\n`,
      `*** Update File: x${' '.repeat(500_000)}y\n`,
      `--- a/x.py${' '.repeat(500_000)}y\n+++ b/x.py\n`,
      `# rest ${'rest '.repeat(100_000)}\n`,
      '<search>'.repeat(100_000),
      `${'<search>'.repeat(400)}${'</search><replace>'.repeat(400)}${'</replace>'.repeat(400)}`,
      `<edit ${'path '.repeat(190_000)}\n<search></search><replace></replace>`,
      `<a ${'path="x" '.repeat(100_000)}`,
      '<file path="x">\n'.repeat(60_000),
      block('x.py', '...\nvalue_1 = 1\n'.repeat(5000), '...\nvalue_1 = 2\n'.repeat(5000)),
      diff(...Array.from({ length: 2000 }, (_, index) => `@@\n-no_${index}\n+yes`)),
    ]) {
      assert.equal(typeof apply({ 'x.py': big }, answer), 'string');
    }
  });
});
