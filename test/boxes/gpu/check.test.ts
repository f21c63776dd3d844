import * as assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import * as path from 'node:path';

const SCRIPT = path.resolve('test/gpu/check.sh');

function check(...args: string[]): Promise<{ readonly code: number; readonly out: string }> {
  return new Promise((resolve) => {
    execFile(SCRIPT, ['--stand-in', ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, out: stdout + stderr });
    });
  });
}

describe('The check for a machine with a GPU, against a stand-in', () => {
  before(function () {
    if (process.platform === 'linux') return;
    console.log('skipped: a box needs Linux');
    this.skip();
  });

  it('finds that the second run waits for the memory of the first, after a cancel and after a kill', async () => {
    const { code, out } = await check();
    assert.equal(code, 0, out);
    assert.match(out, /\nPASS\n$/);
    const gaps = [...out.matchAll(/idle gap: (\d+) ms/g)].map((match) => Number(match[1]));
    console.log(`      idle gaps: ${gaps.join(' and ')} ms, of which the memory took 300`);
    assert.equal(gaps.length, 2);
  });

  it('fails where a run starts while the memory is still in use', async function () {
    if (process.env.FULL !== '1') {
      console.log('      skipped: one of the full tests: FULL=1 npm run test:boxes');
      this.skip();
    }
    const { code, out } = await check('--bend', 'RC_GPU_MIB=99999');
    assert.equal(code, 1, out);
    assert.match(out, /FAIL: the second found 30000 MiB in use/);
  });
});
