import { strict as assert } from 'node:assert';
import { readChanges } from '../../../src/core/implementer/gate/changed.ts';
import { newImports } from '../../../src/core/implementer/gate/imports.ts';
import { createSyntaxChecker, runGates, type SyntaxChecker } from '../../../src/core/implementer/index.ts';
import { realClock } from '../../../src/core/system/index.ts';
import { environment } from './requests.ts';

const SYNTAX_OK: Pick<SyntaxChecker, 'check'> = { check: async () => ({ ok: true, problems: [] }) };

type Files = Readonly<Record<string, string>>;

/** What of a change to one file is told: `gate code severity line`. */
async function told(path: string, before: string, after: string, more: Files = {}, checker = SYNTAX_OK) {
  const files = new Map(Object.entries({ ...more, [path]: before }));
  const report = await runGates({ files, changes: new Map([[path, after]]), environment: environment(), checker });
  return report.findings.map((one) => `${one.gate} ${one.code} ${one.severity} ${one.line ?? '-'}`);
}

describe('the gates read a program as Python does', () => {
  describe('the network, however it is spelt', () => {
    const train = (before: string, after: string, more: Files = {}) => told('train.py', before, after, more);
    const seen = async (added: string, severity = '') =>
      (await train('import os\n', `import os\n${added}\n`)).filter((one) => one.includes(severity));
    const refused: Readonly<Record<string, number>> = {
      'from urllib import request': 2,
      'from http import client as c': 2,
      'x = 1; import requests': 2,
      'if True: import requests': 2,
      'import \\\n    requests': 2,
      'from urllib import (\n    parse,\n    request,\n)': 2,
      'rq = __import__("requests")': 2,
      'import importlib\nrq = importlib.import_module("urllib.request")': 3,
      'from subprocess import run\nrun(["curl", "-O", url])': 3,
      'from subprocess import call as go\ngo("pip install einops")': 3,
      'import subprocess as sp\nsp.run(["git", "clone", url])': 3,
      'from os import system\nsystem("pip install einops")': 3,
      'cmd = "pip install einops"\nos.system(cmd)': 2,
      'cmd = ["pip", "install", "einops"]\nsubprocess.run(cmd)': 2,
      'import pip\npip.main(["install", "einops"])': 3,
      'from pip._internal import main': 2,
      'import asyncio\nasyncio.create_subprocess_shell("curl http://x")': 3,
    };
    for (const [added, line] of Object.entries(refused)) {
      it(`is refused: ${JSON.stringify(added)}`, async () => {
        assert.deepEqual(await seen(added, 'error'), [`network network-added error ${line}`]);
      });
    }
    const warned = [
      'df = pd.read_csv("https://x.y/z.csv")',
      'im = load_image(\n    "http://x.y/z.png",\n)',
      'HINT = "pip install flash-attn"',
    ];
    for (const added of warned) {
      it(`is told of: ${JSON.stringify(added)}`, async () => {
        assert.match((await seen(added)).join(), /^network network-added warning \d$/);
      });
    }
    const innocent = [
      'from urllib import parse',
      'from http import HTTPStatus',
      'raise ImportError("pip install flash-attn to use this")',
      'add_argument(\n    "--x",\n    help="curl of the field",\n)',
      'run(["curl", field])',
      'model.run("pip install")',
      'x = {1: "import requests"}; y = "; import requests"',
      'url = "https://arxiv.org/abs/1"',
      'warn("see https://arxiv.org/abs/1")',
      'd = read("http://localhost:8000/x")',
      'curl = "curl of the field"',
    ];
    for (const added of innocent) {
      it(`is not seen in ${JSON.stringify(added)}`, async () => {
        assert.deepEqual(await seen(added, 'network'), []);
      });
    }
    it('is refused where the repository only named the command', async () => {
      const hint = { 'hints.py': 'HINT = "pip install flash-attn"\n' };
      const found = await train('import os\n', 'import os\nos.system("pip install x")\n', hint);
      assert.deepEqual(found, ['network network-added error 2']);
      assert.deepEqual(await train('x = 1\n', 'x = 1\nHINT = "pip install y"\n', hint), []);
    });
  });

  describe('the packages that a box is asked for', () => {
    const wanted = (path: string, text: string, files: Files = {}) => {
      const texts = new Map(Object.entries({ [path]: 'x = 1\n', ...files }));
      return newImports(texts, readChanges(texts, new Map([[path, text]]))).map((one) => `${one.module} ${one.line}`);
    };
    const nested = { 'models/backbones/timm/a.py': '', 'src/layers/b.py': '' };
    const table: readonly (readonly [string, string, string, readonly string[], Files?])[] = [
      ['behind a semicolon', 'train.py', 'import os; import xformers\nx = 1; import lion', ['xformers 1', 'lion 2']],
      ['behind a colon', 'train.py', 'if x: import xformers', ['xformers 1']],
      ['over a line end', 'train.py', 'import \\\n    xformers', ['xformers 1']],
      ['named like a folder far inside', 'train.py', 'import timm\nimport layers\nimport models', ['timm 1'], nested],
      ['and not for a module beside it', 'models/backbones/x.py', 'import timm', [], nested],
      ['and not for one above it', 'scripts/lib/x.py', 'import helpers', [], { 'scripts/helpers.py': '' }],
      [
        'and not where paths are the program’s own',
        'train.py',
        'import sys\nsys.path.append(p)\nimport timm',
        [],
        nested,
      ],
      ['and not for what may be missing', 'train.py', 'try: import xformers\nexcept ImportError: x = 1', []],
      [
        'also where a try expects another fault',
        'train.py',
        'try:\n    import lion\nexcept OSError:\n    pass',
        ['lion 2'],
      ],
    ];
    for (const [what, path, text, found, files] of table) {
      it(`are looked for ${what}`, () => assert.deepEqual(wanted(path, `${text}\n`, files), found));
    }
  });

  describe('what only looks like a fault', () => {
    const checker = createSyntaxChecker({ clock: realClock });
    after(() => checker.dispose());
    const lazy = '__all__ = ["Lion"]\n';
    const twice = (over: string) => `${over}def build():\n    return 1\n\n\n`;
    const innocent: Readonly<Record<string, readonly [path: string, text: string]>> = {
      'names that a module makes when they are asked for': ['a.py', `${lazy}def __getattr__(name):\n    return name\n`],
      'functions of one name that a decorator keeps': ['a.py', `r = print\n${twice('@r("a")\n')}${twice('@r("b")\n')}`],
      'decorators over lines, one over the other': [
        'a.py',
        `r = print\n${twice('@r("a")\n')}${twice('@r(\n    "b",\n)\n# second\n@r("c")\n')}`,
      ],
      'numbers that JSON has not and Python reads': ['a.json', '{"NaN": [NaN, -Infinity, Infinity, "a \\" NaN"]}\n'],
    };
    for (const [what, [path, text]] of Object.entries(innocent)) {
      it(`is not told: ${what}`, async () => {
        const found = await told(path, path === 'a.py' ? 'x = 1\n' : '1\n', text, {}, checker);
        assert.deepEqual(found, []);
      });
    }
    const faults: readonly (readonly [path: string, text: string, found: string])[] = [
      ['a.py', lazy, 'syntax undefined-name error 1'],
      ['a.py', `x = 2\n${twice('')}${twice('')}`, 'syntax syntax warning 6'],
      ['a.py', `r = print\n${twice('@r\n')}y = 2\n\n\n${twice('')}`, 'syntax syntax warning 10'],
      ['a.json', '{"a": NaN\n "b": 1}\n', 'syntax syntax error 2'],
    ];
    for (const [path, text, expected] of faults) {
      it(`is told where it is one: ${JSON.stringify(text)}`, async () => {
        assert.deepEqual(await told(path, path === 'a.py' ? 'x = 1\n' : '1\n', text, {}, checker), [expected]);
      });
    }
  });
});
