import { strict as assert } from 'node:assert';
import { changeable, contextText, parseEnvironment, readContext } from '../../../src/core/environment/index.ts';

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
