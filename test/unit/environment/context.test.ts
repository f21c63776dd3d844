import { strict as assert } from 'node:assert';
import { changeable, parseEnvironment, selectContext } from '../../../src/core/environment/index.ts';

function environment(more = '', run = 'python3 train.py') {
  const loaded = parseEnvironment(`name: x\nrun: ${run}\nobjective: { metric: a, goal: minimize }\n${more}`, 'f');
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.value;
}
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

  it('stays within its budget, leaving out what does not fit whole', () => {
    const texts = files({ 'train.py': '#'.repeat(150_000), 'a.py': '#'.repeat(100_000), 'b.py': '# small' });
    assert.deepEqual(selectContext(texts, environment()), ['train.py', 'b.py']);
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
