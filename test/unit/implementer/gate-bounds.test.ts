import { strict as assert } from 'node:assert';
import type { Finding } from '../../../src/core/domain/index.ts';
import { type GateInput, runGates, type SyntaxChecker } from '../../../src/core/implementer/index.ts';
import { environment } from './requests.ts';

const SYNTAX_OK: Pick<SyntaxChecker, 'check'> = { check: async () => ({ ok: true, problems: [] }) };

type Files = Readonly<Record<string, string>>;
type Changes = Readonly<Record<string, string | null>>;

async function gates(files: Files, changes: Changes, more: Partial<GateInput> & { readonly yaml?: object } = {}) {
  const { yaml = {}, ...rest } = more;
  const texts = { files: new Map(Object.entries(files)), changes: new Map(Object.entries(changes)) };
  return runGates({ environment: environment({ ...yaml }), ...texts, checker: SYNTAX_OK, ...rest });
}

/** `gate code severity line` of each finding. */
function brief(findings: readonly Finding[]): string[] {
  return findings.map((one) => `${one.gate} ${one.code} ${one.severity} ${one.line ?? '-'}`);
}

/** What of a patch to train.py is told. */
async function train(before: string, after: string, more: Files = {}, yaml: object = {}): Promise<string[]> {
  return brief((await gates({ ...more, 'train.py': before }, { 'train.py': after }, { yaml })).findings);
}

describe('what a patch may not slip past the gates', () => {
  describe('code that only Python reads', () => {
    const refused: Readonly<Record<string, string>> = {
      'behind a carriage return in a comment': 'x = 1\nlr = 3e-4  # halved\rimport requests\n',
      'behind one at the start of a line': 'x = 1\nlr = 2\rlr = 3\n',
      'in escapes that its encoding turns into code': '# coding: unicode_escape\n# \\u000aimport requests\nx = 1\n',
      'in UTF-7': '# -*- coding: utf-7 -*-\n# +AAo-import requests\nx = 1\n',
      'in UTF-7 on the second line': '#!/usr/bin/env python\n# vim: set fileencoding=utf_7 :\nx = 1\n',
      'as a call in mathematical letters': 'x = 1\n𝐩𝐫𝐢𝐧𝐭("val_loss: 0.1")\n',
      'as an import in mathematical letters': 'x = 1\nimport 𝗿equests\n',
      'as a split in full-width letters': 'x = 1\nｖal_split = 0.1\n',
      'with a soft hyphen': 'x = 1\ny = "a\u00adb"\n',
      'with an invisible operator': 'x = 1\n# a\u2062b\n',
      'with a byte order mark inside': 'x = 1\ny = "a\ufeffb"\n',
      'with a Hangul filler as a name': 'x = 1\n\u3164 = 2\n',
    };
    for (const [what, text] of Object.entries(refused)) {
      it(`is refused ${what}`, async () => {
        assert.match((await train('x = 1\n', text)).join(), /size hidden-text error/);
      });
    }
    const innocent: Readonly<Record<string, string>> = {
      'Windows line ends': 'x = 1\r\ny = 2\r\n',
      'a file that says it is UTF-8': '# -*- coding: utf-8 -*-\nx = 2\n',
      'a file that says it is Latin-1': '#!/usr/bin/python\n# coding=latin-1\nx = 2\n',
      'a comment about an encoding further down': 'x = 2\ny = 3\n# coding: utf-7 is not used\n',
      'Greek and Cyrillic names': 'x = 1\nθ = 2\nλ_min, шаг = 1, 2\n',
      'the two letters that are written for mu': 'x = 1\n\u00b5 = 2\n\u03bc2 = 3\n',
      'letters in texts and comments': 'x = 1\ny = "𝐩rint ﬁne"  # ２\n',
      'a byte order mark at the start': '\ufeffx = 2\n',
    };
    for (const [what, text] of Object.entries(innocent)) {
      it(`is not suspected in ${what}`, async () => assert.deepEqual(await train('x = 1\n', text), []));
    }
    it('is not suspected where the file had it before', async () => {
      assert.deepEqual(await train('𝐱 = 1\ny = 2\n', '𝐱 = 2\ny = 2\n'), []);
      assert.deepEqual(await train('# coding: cp1252\nx = 1\n', '# coding: cp1252, old\nx = 2\n'), []);
      const text = (lines: string) => ({ 'notes.txt': lines });
      assert.deepEqual((await gates(text('a\rb\n'), text('a\rc\n'))).findings, []);
    });
    it('is refused in an encoding that the file only spoke of', async () => {
      const before = 'x = 1\n\n# not utf-7\n';
      assert.deepEqual(await train(before, `# coding: utf-7\n${before}`), [
        'no-op no-op error 1',
        'size hidden-text error 1',
      ]);
    });
    it('is not called a comment behind a carriage return', async () => {
      assert.deepEqual(await train('lr = 1\n', 'lr = 1 # x\rlr = 2\n'), ['size hidden-text error 1']);
    });
  });

  describe('code behind an f-string', () => {
    const hidden = 'import requests\n';
    const read: Readonly<Record<string, string>> = {
      'with its own quote in braces': `x = f'{'"""'}'\n`,
      'with a long quote in a long one': `x = f"""{"""a"""}"""\n`,
      'with one in another': `x = f"{f'{f"{1}"}'}"\n`,
      'with a key in its own quotes': `x = f"{d["it's"] if 0 else 1}"\n`,
      'with a hash in a format': `x = f'{n:#x} {m!r:#>{w}}'\n`,
      'with a hash in a text': `x = f'{'#'}'\n`,
      'with doubled braces': `x = f'{{"'; y = f"}} {{'"\n`,
      'with a colon in brackets': `x = f'{a[1:2]} {(lambda q: "'")(1)} { {1: "'"}[1]}'\n`,
      'over lines, with a comment': `x = f'{a # it's\n}'\n`,
      'with a named character': `x = f'\\N{LEFT CURLY BRACKET} {a}'\n`,
      'with a backslash before a brace': `x = rf'\\{'"""'}' + f"{a:{'>'}10}"\n`,
      'with a broken format': `x = f'{a:'\n`,
      'that is none': `x = "{'" + rb'{"' + buf"{'"\n`,
      'in a text over lines that Windows ends': `x = 'a\\\r\nb\\\r\n"""'\r\n`,
    };
    for (const [what, text] of Object.entries(read)) {
      it(`is read: one ${what}`, async () => {
        const found = await train('x = 1\n', `${text}${hidden}`);
        assert.deepEqual(found, [`network network-added error ${text.split('\n').length}`]);
      });
    }
    it('comes to an end however deep they stand in each other', async () => {
      const text = `x = ${`f"{`.repeat(3000)}1\n${'f"{x:{'.repeat(3000)}`;
      assert.ok(Array.isArray(await train('x = 1\n', text)));
    });
  });

  describe('a module that stands in for another', () => {
    const repo = {
      'train.py': 'import numpy as np\nimport evaluate\nfrom pkg import net\n',
      'evaluate.py': 'def score(m): return 1\n',
      'loop.py': '# --- eval\nx = 1\n# --- end\n',
      'pkg/net.py': 'import torch.nn\n',
      'pkg/__init__.py': '',
      'tools/score.py': 'import json\n',
    };
    const yaml = {
      evaluate: 'python tools/score.py',
      protected_regions: [{ file: 'loop.py', from: '# --- eval', to: '# --- end' }],
    };
    const told = async (changes: Changes, files: Files = repo) => {
      const { findings } = await gates(files, changes, { yaml });
      return brief(findings.filter((one) => one.gate === 'paths' || one.gate === 'protected'));
    };
    const text = 'x = 2\n';
    const refused: Readonly<Record<string, readonly [Changes, string]>> = {
      'a package beside a protected file': [{ 'evaluate/__init__.py': text }, 'protected protected-path'],
      'a package beside a file with a protected region': [{ 'loop/__init__.py': text }, 'protected protected-path'],
      'a package beside any file': [{ 'pkg/net/__init__.py': text }, 'paths shadowed-module'],
      'a file beside a package': [{ 'pkg.py': text }, 'paths shadowed-module'],
      'a library that the program imports': [{ 'numpy.py': text }, 'paths shadowed-module'],
      'a library, as a package': [{ 'torch/__init__.py': text }, 'paths shadowed-module'],
      'a module of Python': [{ 'random.py': text }, 'paths shadowed-module'],
      'a module of Python, under src': [{ 'src/random.py': text }, 'paths shadowed-module'],
      'a module of Python, beside the evaluation': [{ 'tools/json.py': text }, 'paths shadowed-module'],
      'what Python runs by itself': [{ 'sitecustomize.py': text }, 'paths shadowed-module'],
    };
    for (const [what, [changes, found]] of Object.entries(refused)) {
      it(`is refused: ${what}`, async () => assert.deepEqual(await told(changes), [`${found} error 1`]));
    }
    const innocent: Readonly<Record<string, readonly [Changes, Files?]>> = {
      'a file that becomes a package': [{ 'pkg/net.py': null, 'pkg/net/__init__.py': text }],
      'a module of Python’s name inside of a package': [{ 'pkg/random.py': text }],
      'one in a src that is a package itself': [{ 'src/types.py': text }, { ...repo, 'src/__init__.py': '' }],
      'one in a folder that starts nothing': [{ 'utils/logging.py': text }],
      'one that was there': [{ 'random.py': text }, { ...repo, 'random.py': 'x = 1\n' }],
      'a new module': [{ 'lion.py': text, 'optim/__init__.py': '', 'optim/lion.py': text }],
      'a package around modules that the program imports': [
        { 'nets/__init__.py': '' },
        { ...repo, 'nets/a.py': 'x = 1\n', 'train.py': 'import nets.a\n' },
      ],
    };
    for (const [what, [changes, files]] of Object.entries(innocent)) {
      it(`is not seen in ${what}`, async () => assert.deepEqual(await told(changes, files), []));
    }

    const bent = [
      'evaluate.score = lambda m: 0.1',
      'x = 1; evaluate.score = print',
      'setattr(evaluate, "score", print)',
      'evaluate.score.weight[0] = 2',
      'import evaluate as e; e.score = print',
    ];
    for (const added of bent) {
      it(`is told of where a protected name is given another value: ${added}`, async () => {
        const change = { 'train.py': `${repo['train.py']}${added}\n` };
        assert.deepEqual(await told(change), ['protected protected-name warning 4']);
      });
    }
    it('is told of where what came from a protected file is bound again', async () => {
      const from = 'from evaluate import score\n';
      const files = { ...repo, 'train.py': from };
      for (const added of ['score = lambda m: 1', 'def score(m):\n    return 1', 'score.__call__ = print']) {
        const found = await told({ 'train.py': `${from}${added}\n` }, files);
        assert.deepEqual(found, ['protected protected-name warning 2'], added);
      }
      for (const added of ['x = score(1)', 'if score == 2: pass', 'f(score=score)', 'scores = 1', 'x = score.y == 1']) {
        assert.deepEqual(await told({ 'train.py': `${from}${added}\n` }, files), [], added);
      }
    });
  });

  describe('a protected region that is switched off, byte for byte the same', () => {
    const start = '# --- eval\n';
    const end = '# --- end\n';
    const yaml = { protected_regions: [{ file: 'train.py', from: start.trim(), to: end.trim() }] };
    const region = `${start}def score(m):\n    best = 1\n    return m\nLIMIT = 3\n${end}`;
    const script = `import torch\n${region}y = 1\n`;
    const inner = `def run(x):\n    for i in x:\n        y = i\n        ${start}        loss = y\n        print(loss)\n        ${end}    return x\n`;
    const told = async (before: string, after: string) => (await train(before, after, {}, yaml)).filter(ofRegion);
    const ofRegion = (one: string) => one.startsWith('protected');
    const refused: Readonly<Record<string, readonly [string, string, number]>> = {
      'inside of a text': [script, script.replace(start, `_ = """\n${start}`).replace(end, `${end}"""\n`), 3],
      'by its function defined again': [script, `${script}def score(m):\n    return 1\n`, 9],
      'by a lambda of its name': [script, `${script}score = lambda m: 1\n`, 9],
      'by an import of its name': [script, `${script}from other import score\n`, 9],
      'by an import of another under its name': [script, `${script}from other import (a, easy as score)\n`, 9],
      'under a condition': [script, `${script}if y:\n    score = lambda m: 1\n`, 10],
      'from a function': [script, `${script}def f():\n    global score\n    score = f\n`, 11],
      'by its constant set again': [script, `${script}LIMIT = 1\n`, 9],
      'by its constant among others': [script, `${script}y, LIMIT = 1, 2\n`, 9],
      'behind a return': [inner, inner.replace('        y = i\n', '        y = i\n        return x\n'), 4],
      'behind a continue, and a line': [
        inner,
        inner.replace('        y = i\n', '        continue\n        y = i\n'),
        3,
      ],
      'behind an exit': [script, script.replace('torch\n', 'torch\nsys.exit()\n'), 2],
    };
    for (const [what, [before, after, line]] of Object.entries(refused)) {
      it(`is refused: ${what}`, async () => {
        assert.deepEqual(await told(before, after), [`protected protected-region error ${line}`]);
      });
    }
    const innocent: Readonly<Record<string, readonly [string, string]>> = {
      'its local names are used elsewhere': [script, `${script}best = 2\ndef f():\n    LIMIT = 2\n`],
      'a method has its name': [script, `${script}class A:\n    def score(self):\n        return 1\n`],
      'what is given its name as an argument': [script, `${script}f(LIMIT=2, score=3)\nx = score(LIMIT)\n`],
      'a name is set that the file set elsewhere': [
        `${start}loss = 1\nprint(loss)\n${end}loss = 2\n`,
        `${start}loss = 1\nprint(loss)\n${end}loss = 2\nloss = loss / 4\n`,
      ],
      'a return stands in a block before it': [
        inner,
        inner.replace('        y = i\n', '        y = i\n        if y is None:\n            return x\n'),
      ],
      'a function before it returns': [script, script.replace('torch\n', 'torch\ndef f():\n    return 1\n')],
      'a text stands before it': [script, script.replace('torch\n', 'torch\nz = """a"""\n')],
      'another function has a local of that name': [inner, `${inner}def g():\n    loss = 3\n    return loss\n`],
    };
    for (const [what, [before, after]] of Object.entries(innocent)) {
      it(`is not seen where ${what}`, async () => assert.deepEqual(await told(before, after), []));
    }
  });

  describe('an import between files that cannot work', () => {
    const repo = {
      'train.py': 'from model import GPT\nimport utils\nfrom optim.adam import Adam\nfrom pkg import net\n',
      'model.py': 'class GPT:\n    pass\n',
      'utils.py': 'from model import GPT\ndef get_lr(i): return 1\n',
      'optim/adam.py': 'class Adam: pass\n',
      'pkg/__init__.py': 'from .net import Net\n',
      'pkg/net.py': 'from . import parts\nclass Net: pass\n',
      'pkg/parts.py': 'x = 1\n',
    };
    const told = async (changes: Changes, files: Files = repo, more: Partial<GateInput> & { yaml?: object } = {}) => {
      const { findings } = await gates(files, changes, more);
      return findings
        .filter((one) => one.gate === 'syntax')
        .map((one) => `${one.path} ${one.code} ${one.severity} ${one.line}`);
    };
    const also = (line: string) => ({ 'train.py': `${repo['train.py']}${line}\n` });
    const refused: Readonly<Record<string, readonly [Changes, readonly string[]]>> = {
      'of a deleted file': [{ 'utils.py': null }, ['utils.py undefined-name error 1']],
      'of a deleted file of a package': [{ 'pkg/parts.py': null }, ['pkg/parts.py undefined-name error 1']],
      'of a class that got another name': [
        { 'pkg/net.py': 'from . import parts\n\nclass Net2: pass\n' },
        ['pkg/net.py undefined-name error 2'],
      ],
      'of a new file in other letters': [
        { ...also('from lion import Lion'), 'lion.py': 'class LION: pass\n' },
        ['train.py undefined-name error 5'],
      ],
      'of a new file that was forgotten': [also('from optim.lion import Lion'), ['train.py undefined-name error 5']],
      'of a module that a folder lacks': [also('from optim import lion'), ['train.py undefined-name error 5']],
      'in brackets over lines': [
        also('from model import (\n    GPT,\n    GPT2 as G,\n)'),
        ['train.py undefined-name error 5'],
      ],
      'of a name in a function': [also('def f():\n    from utils import lr_at'), ['train.py undefined-name error 6']],
      'of a name that stands in a comment only': [
        { ...also('from utils import lr_at'), 'utils.py': '# lr_at\ndef get_lr(i): return 1\n' },
        ['train.py undefined-name error 5'],
      ],
      'behind a semicolon': [also('x = 1; from utils import lr_at'), ['train.py undefined-name error 5']],
    };
    for (const [what, [changes, found]] of Object.entries(refused)) {
      it(`is refused: ${what}`, async () => assert.deepEqual(await told(changes), found));
    }
    it('is refused in each file that a renamed class leaves behind', async () => {
      const found = await told({ 'model.py': 'class GPT2:\n    pass\n' });
      assert.deepEqual(found, Array(2).fill('model.py undefined-name error 1'));
    });
    const innocent: Readonly<Record<string, readonly [Changes, Files?, (Partial<GateInput> & { yaml?: object })?]>> = {
      'a new file with all its names': [{ ...also('from lion import Lion, make'), 'lion.py': 'Lion = make = 1\n' }],
      'a file that may be missing': [
        also('try:\n    from optim.lion import Lion\nexcept ImportError:\n    Lion = None'),
      ],
      'what only type checkers read': [also('if TYPE_CHECKING:\n    from model import Config')],
      'a library': [also('import torch\nfrom torch.optim import Adam\nfrom timm.models import vit')],
      'a library named like a folder': [
        also('from datasets import load_dataset'),
        { ...repo, 'datasets/cifar.py': 'x = 1\n' },
      ],
      'a library named like a file beside the module that imports it': [
        { 'pkg/net.py': 'from . import parts\nfrom clip import load\nclass Net: pass\n' },
        { ...repo, 'pkg/clip.py': 'x = 1\n' },
      ],
      'a library named like a file where no script starts': [
        { 'scripts/train.py': 'from evaluate import load\n' },
        { 'scripts/train.py': 'x = 1\n', 'evaluate.py': 'y = 1\n' },
        { yaml: { run: 'python scripts/train.py', protected: [] } },
      ],
      'names that come with a star': [
        also('from utils import lr_at'),
        { ...repo, 'utils.py': 'from schedules import *\n' },
      ],
      'names that are made when asked for': [
        also('from utils import lr_at'),
        { ...repo, 'utils.py': 'def __getattr__(name): return 1\n' },
      ],
      'what was wrong before': [
        { 'train.py': 'from model import Old\nlr = 2\n' },
        { ...repo, 'train.py': 'from model import Old\nlr = 1\n' },
      ],
      'a module that is built': [also('from pkg import _C\nfrom pkg.data_pb2 import Row')],
      'a module that the program finds by a path of its own': [
        also('import sys\nsys.path.append("third_party/fast")\nfrom pkg.lion import Lion'),
        { ...repo, 'third_party/fast/pkg/lion.py': 'Lion = 1\n' },
      ],
      'a submodule': [
        also('from pkg.vendor.lion import Lion'),
        repo,
        { tree: [{ path: 'pkg/vendor', mode: '160000' }] },
      ],
      'a compiled module': [
        also('from pkg.fast import attention'),
        repo,
        { tree: [{ path: 'pkg/fast.cpython-311-x86_64-linux-gnu.so', mode: '100644' }] },
      ],
      'a file that nothing starts': [{ 'old.py': 'from model import Old\n' }],
      'a file that moved with its imports': [
        {
          'pkg/net.py': null,
          'pkg/nets.py': repo['pkg/net.py'],
          'pkg/__init__.py': 'from .nets import Net\n',
          'train.py': 'import pkg\n',
        },
        repo,
        { renames: new Map([['pkg/nets.py', 'pkg/net.py']]) },
      ],
    };
    for (const [what, [changes, files, more]] of Object.entries(innocent)) {
      it(`is not seen in ${what}`, async () => assert.deepEqual(await told(changes, files, more), []));
    }
    it('is refused where the file moved and those who import it did not', async () => {
      const changes = { 'utils.py': null, 'helpers.py': repo['utils.py'] };
      const found = await told(changes, repo, { renames: new Map([['helpers.py', 'utils.py']]) });
      assert.deepEqual(found, ['helpers.py undefined-name error 1']);
    });
  });

  describe('the default of an option that the command gives itself', () => {
    const text = (epochs: number, lr = 0.1) =>
      `p.add_argument('--epochs', default=${epochs}, type=int,\n               help='how long (default: ${epochs})')\np.add_argument("--lr", default=${lr})\nargs = p.parse_args()\n`;
    const run = 'python train.py --epochs 3 && echo done';
    const told = async (after: string, yaml: object) => (await train(text(3), after, {}, yaml)).join();
    it('is refused as a change, for it is never taken', async () =>
      assert.match(await told(text(9), { run }), /^no-op no-op error 1/));
    const innocent: Readonly<Record<string, readonly [after: string, yaml: object]>> = {
      'that it does not give': [text(3, 0.2), { run }],
      'beside one that it does not give': [text(9, 0.2), { run }],
      'that only begins like it': [text(9), { run: 'python train.py --epochs-of-warmup 3' }],
      'beside other code': [text(9).replace('args =', 'args = 0 or'), { run }],
      'that is no longer the same option': [text(9).replace('type=int', 'type=float'), { run }],
      'where another command is started without it': [text(9), { run: 'python a.py && python train.py --epochs 3' }],
      'where it is measured without it': [text(9), { run, evaluate: 'python train.py' }],
      'where other arguments are read': [text(9).replace('parse_args()', 'parse_args(words)'), { run }],
    };
    for (const [what, [after, yaml]] of Object.entries(innocent)) {
      it(`is none of that: one ${what}`, async () => assert.doesNotMatch(await told(after, yaml), /no-op/));
    }
  });

  describe('a patch that comes to another run of its base', () => {
    const repo = {
      'train.py': "import model\n\n\ndef f(x):\n    return x, (1, 2)\n\n\nname = 'adam'\nprint(name, \"it's\")\n",
      'model.py': 'x = 1\n',
      'requirements.txt': 'torch\n',
      'pyproject.toml': '[project]\nreadme = "README.md"\n',
      'nb.ipynb': '{}\n',
      'prompts/system.md': 'a\n',
      'tests/conftest.py': 'y = 1\n',
      'tests/test_model.py': 'import model\n',
    };
    const told = async (changes: Changes, files: Files = repo, yaml: object = {}) =>
      brief((await gates(files, changes, { yaml })).findings.filter((one) => one.gate === 'no-op'));
    const edit = (from: string, to: string) => ({ 'train.py': repo['train.py'].replace(from, to) });
    const with_ = (file: string, text: string) => ({ ...repo, [file]: text });
    const refused: Readonly<Record<string, readonly [Changes, Files?]>> = {
      'blanks in brackets': [edit('(1, 2)', '( 1,2 )')],
      'blanks beside a text': [edit('name = ', 'name=')],
      'other quotes': [edit("'adam'", '"adam"')],
      'a docstring': [edit('def f(x):\n', 'def f(x):\n    """Adds."""\n')],
      'a docstring under a head over lines': [
        { 'train.py': 'def f(\n    x: int = 1,  # one\n) -> dict[str, int]:\n    """B."""\n    return x\n' },
        with_('train.py', 'def f(\n    x: int = 1,\n) -> dict[str, int]:\n    """A."""  # a\n    return x\n'),
      ],
      'the docstring of the file': [edit('import model', '# a\n"""Trains.\n\nWell."""\n\nimport model')],
      'what git ignores': [{ '.gitignore': 'out\n' }],
      'what a server builds': [{ '.github/workflows/ci.yml': 'on: push\n' }],
      notes: [{ 'NOTES.md': 'a\n' }],
      'a notebook': [{ 'nb.ipynb': '{"cells": []}\n' }],
      'a prompt that nothing reads': [{ 'prompts/system.md': 'b\n' }],
      'packages that nothing installs': [{ 'requirements.txt': 'torch\neinops\n' }],
      'the set-up of tests': [{ 'tests/conftest.py': 'y = 2\n' }],
      'all of it': [{ ...edit('(1, 2)', '(1,2)'), '.gitignore': 'a\n', 'NOTES.md': 'b\n', 'tests/conftest.py': '' }],
    };
    for (const [what, [changes, files]] of Object.entries(refused)) {
      it(`is refused: ${what}`, async () =>
        assert.match((await told(changes, files)).join(), /^no-op no-op error \d+$/));
    }
    const reads = (line: string) => with_('model.py', `${line}\n`);
    const innocent: Readonly<Record<string, readonly [Changes, Files?, object?]>> = {
      'another indentation': [edit('    return', '  return')],
      'a blank that parts words': [edit('return x', 'returnx')],
      'a blank in a text': [edit('"it\'s"', '"it\'s "')],
      'an empty line in a text': [{ 'train.py': 'p = """a\n\nb"""\n' }, with_('train.py', 'p = """a\nb"""\n')],
      'a text that is a value': [{ 'train.py': 'p = (\n    "b"\n)\n' }, with_('train.py', 'p = (\n    "a"\n)\n')],
      'a text in a dictionary': [{ 'train.py': 'd = {1:\n    "b"\n}\n' }, with_('train.py', 'd = {1:\n    "a"\n}\n')],
      'quotes of a prefix': [edit("'adam'", "f'adam'")],
      'a docstring that the program reads': [
        edit('def f(x):\n', 'def f(x):\n    """Adds."""\n'),
        reads('import argparse\np = argparse.ArgumentParser(description=__doc__)'),
      ],
      'packages that setup installs': [
        { 'requirements.txt': 'a\n' },
        repo,
        { setup: 'pip install -r requirements.txt' },
      ],
      'packages that run installs': [{ 'requirements.txt': 'a\n' }, repo, { run: 'uv run train.py' }],
      'a prompt in a folder that is read': [{ 'prompts/system.md': 'b\n' }, reads('open(f"prompts/{name}.txt")')],
      'a prompt of a kind that is read': [{ 'prompts/system.md': 'b\n' }, reads('glob("*/*.md")')],
      'a notebook that runs': [
        { 'nb.ipynb': '{"cells": []}\n' },
        repo,
        { run: 'papermill nb.ipynb && python train.py' },
      ],
      'the brief beside the program': [{ 'IDEAS.md': 'b\n' }, with_('IDEAS.md', 'a\n'), { brief: 'IDEAS.md' }],
      'a plugin that a list of files finds': [
        { 'plugins/lion.py': 'z = 2\n' },
        {
          ...reads('import os\nfor f in os.listdir("plugins"):\n    exec(f"from plugins import {f[:-3]}")'),
          'plugins/lion.py': 'z = 1\n',
        },
      ],
    };
    for (const [what, [changes, files, yaml]] of Object.entries(innocent)) {
      it(`is not suspected in ${what}`, async () => assert.deepEqual(await told(changes, files, yaml), []));
    }
  });
});
