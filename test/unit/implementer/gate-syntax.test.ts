import { strict as assert } from 'node:assert';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { checkConfigs, checkPython, createSyntaxChecker } from '../../../src/core/implementer/index.ts';
import { realClock } from '../../../src/core/system/index.ts';

/** What CPython refuses before it runs a line. */
const SLIPS: Readonly<Record<string, string>> = {
  'a dedent to no level': 'def f():\n        x = 1\n    return x\n',
  'an unexpected indent': 'x = 1\n    y = 2\n',
  'tabs mixed with spaces': 'if True:\n        x = 1\n\ty = 2\n',
  'a function without a body': 'def f():\nx = 1\n',
  'print as a statement': 'print "x"\n',
  'a positional argument after a named one': 'print(1, end="", 2)\n',
  'a parameter twice': 'def f(a, a):\n    pass\n',
  'a named argument twice': 'print(end="", end="")\n',
  'return outside a function': 'return 1\n',
  'return in a class': 'class A:\n    return 1\n',
  'break outside a loop': 'break\n',
  'continue outside a loop': 'def f():\n    continue\n',
  'yield outside a function': 'yield 1\n',
  'await outside an async function': 'def f(g):\n    await g()\n',
  'nonlocal without a binding': 'def f():\n    nonlocal x\n',
  'a name used before global': 'def f():\n    print(x)\n    global x\n    x = 1\n',
  'a bare except that is not the last': 'try:\n    pass\nexcept:\n    pass\nexcept ValueError:\n    pass\n',
  'yield from in an async function': 'async def f(g):\n    yield from g\n',
  'assignment to a call': 'int() = 1\n',
  'a text without its end': 's = "abc\n',
  'a bracket without its end': 'x = (1, 2\n',
  'an if without its colon': 'if True\n    pass\n',
  'assignment where a comparison is meant': 'x = 1\nif x = 1:\n    pass\n',
  'a merge marker': 'x = 1\n<<<<<<< HEAD\n',
};

/** What is right, or none of our business. */
const INNOCENT: Readonly<Record<string, string>> = {
  'f-strings': 'x = {"a": 1}\nprint(f"{x[\'a\']:>8} {x!r}")\n',
  walrus: 'if (n := 3) > 2:\n    print(n)\n',
  match:
    'def f(x):\n    match x:\n        case [a, *rest]:\n            return a, rest\n        case _:\n            return None\n',
  'shapes in annotations':
    'from jaxtyping import Float\n\n\ndef f(x: Float[int, "batch dim"], y: Float[int, "batch"]):\n    return x, y\n',
  'a byte order mark': '\ufeffx = 1\n',
  'Windows line ends': 'x = 1\r\nif x:\r\n    print(x)\r\n',
  'a decorator and a lambda': 'import functools\n\n\n@functools.cache\ndef f(x):\n    return (lambda y: y + x)(1)\n',
  'an attribute nobody knows': 'import torch\n\nprint(torch.no_such_thing)\n',
};

describe('the syntax gate', () => {
  const checker = createSyntaxChecker({ clock: realClock });
  after(() => checker.dispose());

  const check = (before: string | undefined, text: string, more: Readonly<Record<string, string>> = {}) =>
    checkPython(
      new Map([...(before === undefined ? [] : [['a.py', before] as const]), ...Object.entries(more)]),
      new Map([['a.py', text]]),
      checker,
    );

  it('has 24 slips to refuse', () => assert.equal(Object.keys(SLIPS).length, 24));
  for (const [name, text] of Object.entries(SLIPS)) {
    it(`refuses ${name}`, async () => {
      const found = await check('x = 1\n', text);
      assert.ok(
        found.some((one) => one.code === 'syntax' && one.severity === 'error' && (one.line ?? 0) >= 1),
        JSON.stringify(found),
      );
    });
  }
  for (const [name, text] of Object.entries(INNOCENT)) {
    it(`lets ${name} pass`, async () => assert.deepEqual(await check('x = 1\n', text), []));
  }

  it('names an undefined name once, on the line that brought it', async () => {
    const [found, ...more] = await check('import math\n', 'import math\n\nprint(maths.pi)\nprint(maths.e)\n');
    assert.deepEqual(more, []);
    assert.deepEqual(
      { ...found, message: '' },
      { gate: 'syntax', code: 'undefined-name', path: 'a.py', line: 3, message: '', severity: 'error' },
    );
    assert.match(found?.message ?? '', /`maths`/);
  });

  it('a patch cannot silence it', async () => {
    assert.equal((await check('', 'print(nope)  # noqa\n'))[0]?.code, 'undefined-name');
    assert.equal((await check('', '# ruff: noqa\nprint(nope)\n'))[0]?.code, 'undefined-name');
  });

  it('says nothing of what the base has already, wherever it stands now', async () => {
    const before = 'print(builtin_of_ours)\n';
    assert.deepEqual(await check(before, `x = 1\n\n${before}print(builtin_of_ours, x)\n`), []);
    const old = 'print "python 2"\n';
    assert.deepEqual(await check(old, `x = 1\n${old}`), []);
    const [fresh] = await check(old, `${old}print "another"\n`);
    assert.equal(fresh?.line, 2);
  });

  it('knows a moved file by its old text', async () => {
    const text = 'print(builtin_of_ours)\n';
    const moved = await checkPython(
      new Map([['old.py', text]]),
      new Map([
        ['old.py', null],
        ['new.py', text],
      ]),
      checker,
      new Map([['new.py', 'old.py']]),
    );
    assert.deepEqual(moved, []);
  });

  it('takes what only a newer Python reads for a warning, or for an error where the repository names its Python', async () => {
    const text = 'def f[T](x: T) -> T:\n    return x\n';
    assert.deepEqual(
      (await check('', text)).map((one) => one.severity),
      ['warning'],
    );
    const project = (bound: string) => ({ 'pyproject.toml': `[project]\nrequires-python = "${bound}"\n` });
    assert.equal((await check('', text, project('>=3.10')))[0]?.severity, 'error');
    assert.deepEqual(await check('', text, project('>=3.12')), []);
    assert.deepEqual(await check('', text, { '.python-version': '3.13\n' }), []);
  });

  it('a function defined twice is a warning', async () => {
    const found = await check('', 'def a():\n    pass\n\n\ndef a():\n    pass\n');
    assert.deepEqual(
      found.map((one) => [one.severity, one.line]),
      [['warning', 5]],
    );
  });

  it('says so where it cannot look, and goes on with the next text', async () => {
    const broken = createSyntaxChecker({ clock: realClock, workerFile: path.resolve('package.json') });
    const found = await checkPython(new Map(), new Map([['a.py', 'x = 1\n']]), broken);
    assert.deepEqual(
      found.map((one) => [one.code, one.severity]),
      [['not-checked', 'warning']],
    );
    assert.match(found[0]?.message ?? '', /not checked/);
    broken.dispose();
    const large = await check('', `x = "${'y'.repeat(2_100_000)}"\n`);
    assert.deepEqual(
      large.map((one) => one.code),
      ['not-checked'],
    );
    assert.deepEqual(await check('', 'x = 1\n'), []);
  });

  it('reads any text to the end, says the same twice, and finds nothing new where nothing changed', async () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(
        'def f(x):',
        '  return y',
        'class A:',
        '"""',
        "f'{",
        '}',
        'if x:',
        '\t',
        '\r',
        'match x:',
        '\ud800',
      ),
    );
    const text = fc.array(piece, { maxLength: 10 }).map((lines) => lines.join('\n'));
    await fc.assert(
      fc.asyncProperty(text, text, async (before, now) => {
        const found = await check(before, now);
        assert.ok(
          found.every((one) => one.code !== 'not-checked'),
          JSON.stringify(found),
        );
        assert.deepEqual(await check(before, now), found);
        assert.deepEqual(await check(now, now), []);
      }),
      { numRuns: 150 },
    );
  });

  it('starts again after it was idle', async () => {
    assert.deepEqual(await check('', 'x = 1\n'), []);
    checker.dispose();
    assert.equal((await check('', 'x =\n'))[0]?.code, 'syntax');
  });

  describe('of settings files', () => {
    const config = async (file: string, before: string | undefined, text: string) =>
      (await checkConfigs(new Map(before === undefined ? [] : [[file, before]]), new Map([[file, text]]), checker)).map(
        (one) => [one.code, one.line],
      );
    const cases: Readonly<Record<string, { readonly bad: string; readonly line: number; readonly good: string }>> = {
      'a.yaml': {
        bad: 'a: 1\nb: [1, 2\nc: 3\n',
        line: 3,
        good: 'a: &x [1]\nb: *x\nc: !!python/tuple [1]\n---\nd: 2\n',
      },
      'a.json': { bad: '{\n  "a": 1,\n}\n', line: 3, good: '{"a": [1, 2.5e-3, null]}\n' },
      'a.toml': {
        bad: '[a]\nb = 1\nc\n',
        line: 3,
        good: '# c\n[a.b]\nc = [\n  1, # one\n  2,\n]\nd = """\nx " y\n"""\ne = \'[\'\n[[f]]\ng = { h = "]" }\n',
      },
    };
    for (const [file, { bad, line, good }] of Object.entries(cases)) {
      it(file, async () => {
        assert.deepEqual(await config(file, good, bad), [['syntax', line]]);
        assert.deepEqual(await config(file, undefined, good), []);
        assert.deepEqual(await config(file, bad, `${bad}`), []);
      });
    }
  });
});
