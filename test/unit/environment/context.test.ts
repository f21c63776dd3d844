import { strict as assert } from 'node:assert';
import {
  changeable,
  contextText,
  parseEnvironment,
  programFiles,
  readContext,
} from '../../../src/core/environment/index.ts';

function environment(more = '', run = 'python3 train.py') {
  const loaded = parseEnvironment(`name: x\nrun: ${run}\nobjective: { metric: a, goal: minimize }\n${more}`, 'f');
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.value;
}
/** What is shown, in its order. */
const selectContext = (...asked: Parameters<typeof readContext>) => readContext(...asked).files.map(({ path }) => path);
const files = (texts: Readonly<Record<string, string>>) => new Map(Object.entries(texts));

describe('what a model may read', () => {
  it('starts with the entry script, then its imports breadth first, then configs, then the rest', () => {
    const texts = files({
      'z.py': '',
      'config/base.yaml': 'a: 1',
      'README.md': 'words',
      'lib/deep.py': '',
      'lib/__init__.py': '',
      'lib/model.py': 'from .deep import x\n',
      'evaluate.py': '',
      'train.py': 'import os, evaluate\nfrom lib import (\n    model)\nfrom lib.model import Net\n',
    });
    assert.deepEqual(selectContext(texts, environment('protected: [evaluate.py]')), [
      'train.py',
      'evaluate.py',
      'lib/__init__.py',
      'lib/model.py',
      'lib/deep.py',
      'config/base.yaml',
      'z.py',
      'README.md',
    ]);
  });

  it('follows a shell script and a module name', () => {
    const texts = files({
      'run.sh': 'exec torchrun --n 1 pkg/go.py "$@"\n',
      'pkg/go.py': '',
      'pkg/other.py': '',
      'a.py': '',
    });
    assert.deepEqual(selectContext(texts, environment('', './run.sh')).slice(0, 2), ['run.sh', 'pkg/go.py']);
    assert.equal(selectContext(texts, environment('', 'python -m pkg.other'))[0], 'pkg/other.py');
  });

  it('never holds secrets, data, binaries or the brief', () => {
    const texts = files({
      'train.py': '',
      '.env': 'KEY=1',
      '.env.local': 'KEY=1',
      'keys/id_rsa': 'x',
      'server.pem': 'x',
      'credentials.json': '{}',
      'secrets.yaml': 'a: b',
      'data/text.txt': 'x',
      'big.py': '#'.repeat(200_001),
      'blob.py': 'a\0b',
      'note.ipynb': '{}',
      'program.md': 'aim',
      'research.yaml': 'name: x',
    });
    assert.deepEqual(selectContext(texts, environment('brief: program.md')), ['train.py']);
  });

  const hidden = [
    '.secrets.toml',
    'secrets.yaml',
    'secrets.sh',
    'secrets/prod.yaml',
    'conf/secrets/db',
    'credentials/aws.ini',
    'client_secret.json',
    'clientSecret.json',
    'api_keys.json',
    'api-key.txt',
    'passwords.txt',
    'db_password.cfg',
    '.docker/config.json',
    'home/.aws/config',
    '.envrc',
    'prod.env',
    'deploy/.env.local',
    '.pgpass',
  ];
  for (const path of hidden) {
    it(`is never ${path}, also where the command names it, and that is said`, () => {
      const run = `. ${path} && ./${path} && python3 train.py --file=${path}`;
      const context = readContext(files({ 'train.py': '', [path]: 'x: 1\n' }), environment('', JSON.stringify(run)));
      assert.deepEqual(
        context.files.map((file) => file.path),
        ['train.py'],
      );
      assert.deepEqual(context.leftOut, [{ path, why: 'its name says that it holds secrets' }]);
    });
  }

  const readable = [
    'secrets.py',
    'secrets/read.py',
    'credentials_test.py',
    'api_keys.py',
    'tokenizer.json',
    'special_tokens_map.json',
    'tokens/config.yaml',
    'env.py',
    'environment.yaml',
    'keys.toml',
    'docker/config.json',
    'secretary.yaml',
    'passwordless.toml',
  ];
  for (const path of readable) {
    it(`is ${path}, whose lines are looked through`, () => {
      const texts = files({ 'train.py': '', [path]: 'password = "hunter2"\nx = 1\n' });
      const [, file] = readContext(texts, environment()).files;
      assert.deepEqual([file?.path, file?.text], [path, 'password = "[secret]"\nx = 1\n']);
    });
  }

  for (const folder of ['data', 'datasets', 'src/data', 'build', 'dist', 'out']) {
    it(`is a package called ${folder}: its Python files, and nothing else that lies there`, () => {
      const name = folder.replace('src/', '');
      const texts = files({
        'train.py': `from ${name}.loader import load\n`,
        'a.py': '',
        [`${folder}/loader.py`]: 'from . import words\n',
        [`${folder}/words.py`]: '',
        [`${folder}/unused.py`]: '',
        [`${folder}/corpus.txt`]: 'x',
        [`${folder}/corpus.json`]: '{}',
        [`${folder}/prepare.sh`]: 'x',
        [`node_modules/${folder}/a.py`]: '',
      });
      assert.deepEqual(programFiles(texts, environment()), ['train.py', `${folder}/loader.py`, `${folder}/words.py`]);
      const shown = selectContext(texts, environment());
      assert.deepEqual(shown.slice(0, 3), ['train.py', `${folder}/loader.py`, `${folder}/words.py`]);
      assert.deepEqual(shown.slice(3).sort(), ['a.py', `${folder}/unused.py`].sort());
    });
  }

  const imports: Readonly<Record<string, string>> = {
    'in brackets over lines': 'from lib import (\n    net,\n    opt as o,\n)\n',
    'with comments between them':
      'from lib import (  # all (both)\n    net,  # the (v2), and so on\n    # opt, too\n    opt,)\n',
    'with line breaks of Windows': 'from lib import (\r\n    net,\r\n    opt\r\n)\r\n',
    'in brackets without a blank': 'from lib import(net, opt)\n',
    'after a backslash': 'from lib import net, \\\n    opt\n',
    'as modules after a backslash': 'import lib.net, \\\n    lib.opt as o\n',
    'inside of a function': 'def f():\n    from lib import (\n        net, opt)\n',
    'after words that look like one': '"""\nfrom the import (of all. things)\n"""\nfrom lib import net, opt\n',
  };
  for (const [how, text] of Object.entries(imports)) {
    it(`follows names ${how}`, () => {
      const texts = files({ 'train.py': text, 'lib/net.py': '', 'lib/opt.py': '', 'lib/other.py': '' });
      assert.deepEqual(programFiles(texts, environment()).slice(1).sort(), ['lib/net.py', 'lib/opt.py']);
    });
  }

  it('is found in time that grows as a file does', () => {
    for (const piece of ['from .', '.', ' ', 'from x import (', 'from x import (#', 'import a, \\\n', 'import (\n']) {
      const text = `from ${piece.repeat(190_000 / piece.length)}`;
      const from = performance.now();
      programFiles(files({ 'train.py': text }), environment());
      assert.ok(performance.now() - from < 3_000, `${JSON.stringify(piece)}: ${performance.now() - from} ms`);
    }
  });

  it('shows files whole within its budget, outlines beyond it, and says what it left out', () => {
    const large = `"""Layers."""\nWIDTH = 64\n\nclass Net:\n    def forward(self, x):\n        return x\n${'# filler\\n'.repeat(1000)}`;
    const texts = files({ 'train.py': `import net\n${'x = 1\\n'.repeat(400)}`, 'net.py': large, 'z.py': 'y = 2\n' });
    const context = readContext(texts, environment(), 1000);
    const of = (path: string) => context.files.find((file) => file.path === path);
    assert.deepEqual([of('train.py')?.form, of('net.py')?.form, of('z.py')?.form], ['whole', 'outline', 'whole']);
    assert.match(of('net.py')?.text ?? '', /^"""Layers/);
    assert.match(of('net.py')?.text ?? '', /WIDTH = 64\nclass Net:\n {4}def forward/);
    assert.deepEqual(
      context.leftOut.map(({ path }) => path),
      ['net.py'],
    );
    assert.ok(context.tokens <= 1000, `${context.tokens}`);
  });

  it('shows protected files by what they define only', () => {
    const texts = files({
      'train.py': 'import evaluate\n',
      'evaluate.py': 'def score(x):\n    return secret_rule(x)\n',
    });
    const context = readContext(texts, environment('protected: [evaluate.py]'));
    assert.deepEqual(
      context.files.map(({ path, form, readOnly }) => [path, form, readOnly]),
      [
        ['train.py', 'whole', false],
        ['evaluate.py', 'outline', true],
      ],
    );
    const text = contextText(context);
    assert.match(text, /Protected files, by what they define \(read-only\):\n- evaluate\.py\n {4}def score\(x\):/);
    assert.ok(!text.includes('secret_rule'));
  });

  it('holds no private key and no token, wherever they stand, and says where it took them out', () => {
    const token = `hf_${'a1B2'.repeat(9)}`;
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n';
    const texts = files({ 'train.py': `import os\nlogin("${token}")\n`, 'deploy.txt': key, 'notes.py': key });
    const context = readContext(texts, environment());
    const text = contextText(context);
    assert.ok(!text.includes(token) && !text.includes('OPENSSH'), text);
    assert.match(text, /login\("\[secret\]"\)/);
    assert.deepEqual(
      context.leftOut.map(({ path, why }) => `${path}: ${why}`),
      [
        'train.py: what looks like a secret in line 2',
        'deploy.txt: it holds a private key',
        'notes.py: it holds a private key',
      ],
    );
  });

  it('begins every prompt with the same text, whichever idea it is for', () => {
    const context = readContext(files({ 'train.py': 'x = 1\n', 'b.py': '```\n' }), environment());
    assert.equal(contextText(context), contextText(context));
    assert.ok(
      contextText(context).includes('File: b.py\n````python\n```\n````'),
      'a fence longer than any in the file',
    );
  });
});

describe('what a patch may change', () => {
  it('is what is editable and not protected; protection wins, folders count whole', () => {
    const may = changeable(environment("editable: ['*.py', src]\nprotected: [evaluate.py, data/**]"));
    assert.ok(may('train.py'));
    assert.ok(may('src/deep/a.txt'));
    assert.ok(!may('evaluate.py'));
    assert.ok(!may('lib/a.py'));
    assert.ok(!changeable(environment())('research.yaml'));
  });
});
