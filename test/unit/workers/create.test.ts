import * as assert from 'node:assert/strict';
import { boxSchema } from '../../../src/core/domain/index.ts';
import { realSystem } from '../../../src/core/system/index.ts';
import { createWorker } from '../../../src/core/workers/index.ts';

describe('A worker of any kind of box', () => {
  const deps = { system: realSystem(), configFolder: '/nowhere' };

  it('is made without touching the box', async () => {
    for (const box of [
      { name: 'here', kind: 'local' },
      { name: 'gpu', kind: 'ssh', host: 'no-such-host.invalid' },
      { name: 'cluster', kind: 'slurm', host: 'no-such-host.invalid' },
    ]) {
      const worker = await createWorker(boxSchema.parse(box), deps);
      assert.equal(worker.box.name, box.name);
      worker.dispose();
    }
  });

  it('gives a terminal the system’s own ssh, with the values quoted', async () => {
    const box = boxSchema.parse({ name: 'gpu', kind: 'ssh', host: 'gpu', root: "/scratch/it's $(mine)" });
    const worker = await createWorker(box, deps);
    assert.deepEqual(worker.terminal('run-1'), {
      program: 'ssh',
      args: ['-t', '--', 'gpu', `cd -- '/scratch/it'\\''s $(mine)/runs/run-1' && exec "$SHELL" -l`],
    });
    assert.equal(worker.terminal('../run'), undefined);
    worker.dispose();
  });
});
