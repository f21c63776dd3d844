import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { type BoxOf, boxSchema } from '../../../src/core/domain/index.ts';
import { realSpawn, realSystem, type Spawn } from '../../../src/core/system/index.ts';
import { listGpus } from '../../../src/core/workers/local/gpus.ts';
import { createLocalWorker } from '../../../src/core/workers/local/index.ts';

/** nvidia-smi as a script of this test's own, and everything else as it is. */
function spawnWith(script: string | undefined): Spawn {
  return {
    ...realSpawn,
    run: (program, args, options) =>
      /nvidia-smi$/.test(program)
        ? realSpawn.run(script ?? '/no/such/nvidia-smi', args, options)
        : realSpawn.run(program, args, options),
  };
}

describe('Check Boxes on this machine', () => {
  let folder: string;
  const smi = (name: string, text: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${text}`);
    chmodSync(file, 0o755);
    return file;
  };

  before(function () {
    if (process.platform !== 'linux') {
      console.log('skipped: the stand-ins for nvidia-smi are shell scripts');
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), 'rc-local-probe-'));
  });
  after(() => folder && rmSync(folder, { recursive: true, force: true }));

  it('tells who computes on its GPUs, the disk, and what is missing', async () => {
    const script = smi(
      'busy',
      `case $1 in
  *mig.mode*) echo 'Field "mig.mode.current" is not a valid field to query.'; exit 2 ;;
  --query-gpu=*) echo '0, GPU-a, Tesla K80, 11441, 63, 100'; echo '1, GPU-b, Tesla K80, 11441, 0, 0' ;;
  *) echo 'GPU-a, ${process.pid}, 63' ;;
esac
`,
    );
    const root = path.join(folder, 'root');
    mkdirSync(root);
    const box = boxSchema.parse({ name: 'here', kind: 'local', gpus: [0, 1, 5], root }) as BoxOf<'local'>;
    const worker = createLocalWorker(box, { system: { ...realSystem(), spawn: spawnWith(script) } });
    const report = await worker.probe();
    const me = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
    const [user] = report.gpus[0]?.users ?? [];
    assert.deepEqual([user?.pid, user?.user, user?.usedMiB, user?.run], [process.pid, me, 63, undefined]);
    assert.ok(user?.program);
    assert.deepEqual([report.gpus[1]?.users, report.gpus[1]?.lockedBy], [[], undefined]);
    assert.equal(report.hardware, 'Tesla K80');
    const kind = execFileSync('df', ['-PT', root], { encoding: 'utf8' }).split('\n')[1]?.split(/\s+/)[1];
    assert.equal(report.disk?.kind, kind);
    assert.deepEqual(
      report.problems.map(({ what }) => what).filter((what) => what.includes('GPU')),
      ['boxes.yaml names GPU 5, which the box does not have'],
    );
  });

  it('has no word about GPUs where it is to give none away, and says what is wrong where it is', async () => {
    assert.deepEqual(
      (await listGpus(spawnWith(undefined))).problems.map(({ what }) => what),
      ['nvidia-smi is missing'],
    );
    const broken = smi('broken', 'echo "NVIDIA-SMI has failed because it could not talk to the driver."; exit 9\n');
    const { problems } = await listGpus(spawnWith(broken));
    assert.match(problems[0]?.what ?? '', /^nvidia-smi fails: NVIDIA-SMI has failed/);
    const box = boxSchema.parse({ name: 'here', kind: 'local', root: path.join(folder, 'cpu') }) as BoxOf<'local'>;
    const report = await createLocalWorker(box, { system: { ...realSystem(), spawn: spawnWith(broken) } }).probe();
    assert.deepEqual([report.gpus, report.problems.filter(({ what }) => /nvidia/.test(what))], [[], []]);
  });

  it('waits for no nvidia-smi that hangs, not even one that cannot be ended, and can be called off', async () => {
    const deaf: Spawn = { ...realSpawn, run: () => new Promise(() => {}) };
    const { gpus, problems } = await listGpus(deaf, { limitMs: 50 });
    assert.deepEqual([gpus, problems.map(({ what }) => what)], [[], ['nvidia-smi hangs']]);
    const stop = new AbortController();
    const box = boxSchema.parse({ name: 'here', kind: 'local', gpus: 'all', root: folder }) as BoxOf<'local'>;
    const asked = Promise.withResolvers<void>();
    const spawn: Spawn = {
      ...realSpawn,
      run: (program, args, options) => {
        if (!/nvidia-smi$/.test(program)) return realSpawn.run(program, args, options);
        asked.resolve();
        return new Promise(() => {});
      },
    };
    const probe = createLocalWorker(box, { system: { ...realSystem(), spawn } }).probe(stop.signal);
    await asked.promise;
    stop.abort(new Error('enough'));
    await assert.rejects(probe, /enough/);
  });
});
