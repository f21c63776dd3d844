import * as assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import * as path from 'node:path';

describe('The search for a machine with a GPU, against a stand-in', () => {
  it('brings each of ten ideas as far as it deserves: full memory, a missing package, a device that asserts', async function () {
    if (process.env.FULL !== '1') {
      console.log('      skipped: one of the full tests: FULL=1 npm run test:boxes');
      this.skip();
    }
    const { code, out } = await new Promise<{ code: number; out: string }>((resolve) => {
      execFile(process.execPath, [path.resolve('test/gpu/loop.ts'), '--stand-in'], (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, out: stdout + stderr });
      });
    });
    assert.equal(code, 0, out);
    assert.match(out, /"proposed":10,"distinct":10,"applied":10,"passed":8,"ran":8,"succeeded":8,"ranked":7/);
  });
});
