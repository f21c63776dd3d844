import * as assert from 'node:assert/strict';
import { startBox, type TestBox, whyNoBox } from '../../support/sshd/box.ts';
import { workerBy } from '../../support/workers.ts';

describe('The system’s ssh', () => {
  let box: TestBox;
  before(async function () {
    const why = whyNoBox();
    if (why !== undefined) {
      console.log(`skipped: ${why}`);
      this.skip();
    }
    box = await startBox({ name: 'sys' });
  });
  after(() => box?.stop());
  it('works', async () => {
    const { worker, transport } = workerBy('system', box);
    const t0 = Date.now();
    assert.equal((await worker.poll(['a-run']))[0]?.state, 'absent');
    console.log(Date.now() - t0);
    console.log(await transport.exec({ script: 'echo out; echo err >&2; exit 7' }));
    console.log(Date.now() - t0);
    transport.dispose();
  });
});
