import * as assert from 'node:assert/strict';
import { type BoxOf, boxSchema, environmentFor } from '../../../src/core/domain/index.ts';
import { commandOf, runFrames, specFiles, variables } from '../../../src/core/workers/box/spec.ts';
import type { Shipment } from '../../../src/core/workers/index.ts';
import { environmentOf } from '../../support/shipments.ts';

const box = boxSchema.parse({ name: 'b', kind: 'ssh', host: 'b' }) as BoxOf<'ssh'>;

function shipment(environment: Readonly<Record<string, unknown>>, rest: Partial<Shipment> = {}): Shipment {
  return {
    run: 'r-1',
    repo: 'repo',
    commit: '0'.repeat(40),
    trusted: '1'.repeat(40),
    pack: async () => Buffer.alloc(0),
    purpose: 'trial',
    environment: environmentOf({ run: 'python train.py', ...environment }),
    seed: 5,
    inputs: [],
    secrets: {},
    gitDir: '/nowhere',
    ...rest,
  };
}

describe('What a run is told', () => {
  it('gets its seed by flag or by variable', () => {
    assert.equal(commandOf(shipment({ seed: { flag: '--seed' } })), 'python train.py --seed 5');
    assert.equal(commandOf(shipment({ seed: { flag: '--seed=' } })), 'python train.py --seed=5');
    assert.deepEqual(variables(shipment({ seed: { env: 'SEED' }, env: { A: 'b' } })), { A: 'b', SEED: '5' });
  });

  it('does only the check in a smoke run, and evaluates only what counts', () => {
    const environment = {
      smoke: 'python train.py --max_iters=1',
      evaluate: 'python evaluate.py',
      artifacts: ['out/*'],
    };
    const whole = shipment(environment).environment;
    const smoke = shipment(environmentFor('smoke', whole), { purpose: 'smoke' });
    assert.equal(commandOf(smoke), 'python train.py --max_iters=1');
    const { evaluate, artifacts, gpus, timeout } = specFiles(box, smoke);
    assert.deepEqual([evaluate, artifacts, gpus, timeout], ['', '', '0', '300']);
    const own = { ...whole, smoke: { run: 'python try.py', timeout: '30s', gpus: 1 } };
    const asked = specFiles(box, shipment(environmentFor('smoke', own), { purpose: 'smoke' }));
    assert.deepEqual([asked.run, asked.gpus, asked.timeout], ['python try.py', '1', '30']);
    assert.equal(specFiles(box, shipment(environment)).evaluate, 'python evaluate.py');
  });

  it('keeps secrets out of the spec', () => {
    const files = specFiles(box, shipment({ secrets: ['TOKEN'] }, { secrets: { TOKEN: 'hunter2' } }));
    assert.ok(!JSON.stringify(files).includes('hunter2'));
  });

  it('refuses paths that leave the checkout and names that would meet our own', () => {
    const outside = { path: '../etc/passwd', source: '/x', sha256: 'a' };
    assert.throws(() => specFiles(box, shipment({}, { inputs: [outside] })), { code: 'bad-path' });
    assert.throws(
      () =>
        specFiles(box, {
          ...shipment({}),
          environment: { ...environmentOf({ run: 'true' }), links: { '/abs': '/data' } },
        }),
      { code: 'bad-path' },
    );
    assert.throws(() => runFrames(box, shipment({ env: { rc_root: 'x' } }), {}), { code: 'bad-name' });
  });
});
