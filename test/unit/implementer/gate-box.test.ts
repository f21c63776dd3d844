import { strict as assert } from 'node:assert';
import { type BoxGates, createLlmImplementer } from '../../../src/core/implementer/index.ts';
import { block, FILES, request, ScriptedModel } from './requests.ts';

/** An answer that writes these lines over the first import of train.py. */
function importing(text: string): string {
  return block('train.py', 'import math\n\nlr = 3e-4', `${text}\n\nlr = 1e-4`);
}

async function implemented(
  boxGates: BoxGates | undefined,
  files: Readonly<Record<string, string>>,
  ...answers: string[]
) {
  const model = new ScriptedModel(...answers);
  const asked = request({
    files: new Map([...FILES, ...Object.entries(files)]),
    ...(boxGates ? { boxGates } : {}),
  });
  const made = await createLlmImplementer({ client: model }).implement(asked);
  return { model, made, asked };
}

describe('the gates that ask a box', () => {
  it('sends a patch back whose package the box lacks, with file and line, and takes the mended one', async () => {
    const wanted: (readonly string[])[] = [];
    const box: BoxGates = {
      async missingImports(modules) {
        wanted.push(modules);
        return modules.filter((one) => one === 'einops');
      },
    };
    const { model, made } = await implemented(
      box,
      {},
      importing('import math\nimport einops'),
      importing('import math\nimport torch'),
    );
    assert.deepEqual(wanted, [['einops'], ['torch']]);
    assert.match(model.asked[1]?.messages.at(-1)?.content ?? '', /missing-import: train\.py:2: .*einops/);
    assert.deepEqual(made.findings, []);
  });

  it('asks for nothing that Python brings, that lies in the repository, or that may be missing', async () => {
    const box: BoxGates = { missingImports: async (modules) => assert.fail(`asked for ${modules.join()}`) };
    const lines = [
      'import math, json',
      'from collections import deque',
      'import helpers',
      'from layers.attention import Attention',
      'from . import sibling',
      'try:',
      '    import flash_attn',
      'except ImportError:',
      '    flash_attn = None',
      'from typing import TYPE_CHECKING',
      'if TYPE_CHECKING:',
      '    import jax',
      'text = "import nothing"',
    ];
    const files = { 'helpers.py': 'x = 1\n', 'src/layers/attention.py': 'x = 1\n' };
    const { made } = await implemented(box, files, importing(lines.join('\n')));
    assert.deepEqual(made.findings, []);
  });

  it('says so where no box could be asked, and never guesses', async () => {
    for (const box of [undefined, { missingImports: async () => undefined }]) {
      const { made, asked } = await implemented(box, {}, importing('import math\nimport einops'));
      assert.deepEqual(
        made.findings.map((one) => [one.gate, one.code, one.severity, one.line]),
        [['imports', 'not-checked', 'warning', 2]],
      );
      assert.deepEqual(
        asked.attempts[0]?.report.map((row) => row.outcome),
        ['exact', 'warning: not-checked'],
      );
    }
  });

  it('sends a failed smoke run back with the last of what it printed', async () => {
    const tails = [`${'noise\n'.repeat(80)}RuntimeError: shapes`];
    const box: BoxGates = {
      missingImports: async () => [],
      smoke: async () => {
        const tail = tails.pop();
        return tail === undefined ? { kind: 'passed' } : { kind: 'failed', why: 'It ended with exit code 1.', tail };
      },
    };
    const { model, asked } = await implemented(box, {}, importing('import math'), importing('import math  # again'));
    const told = model.asked[1]?.messages.at(-1)?.content ?? '';
    assert.match(told, /smoke-failed/);
    assert.match(told, /RuntimeError: shapes/);
    assert.equal(told.split('noise').length - 1, 49);
    assert.equal(asked.attempts.length, 2);
  });
});
