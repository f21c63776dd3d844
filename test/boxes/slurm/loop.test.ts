import * as assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { isEnd, type Run } from '../../../src/core/domain/index.ts';
import type { Research } from '../../../src/core/research.ts';
import { clusterIsHere, startCluster, type TestCluster } from '../../support/cluster.ts';
import { makePlace, openAt, type Place, until } from '../../support/research.ts';

describe('Research on a Slurm cluster', () => {
  let cluster: TestCluster;
  let place: Place;
  let research: Research;

  before(async function () {
    clusterIsHere(this, { full: true });
    cluster = await startCluster();
    const smi = path.join(cluster.box.home, 'smi');
    writeFileSync(smi, '#!/bin/sh\nfor i in 0 1 2 3; do echo "$i, GPU-$i, NVIDIA H100"; done\n', { mode: 0o755 });
    cluster.box.bend(`RC_NVIDIA_SMI=${smi}`);
    cluster.repo.commit({
      'research.yaml': [
        'name: seeds',
        'run: sh train.sh',
        'objective: { metric: val_loss, goal: minimize }',
        'editable: [train.sh]',
        'resources: { gpus: 1, timeout: 2m }',
        'seed: { env: SEED }',
        '',
      ].join('\n'),
      'train.sh': 'echo "val_loss: 2.$SEED"\n',
    });
    place = makePlace(cluster.repo.root, { RESEARCH_COPILOT_SSH_CONFIG: cluster.box.sshConfigFile });
    place.boxes(
      `boxes:\n  - { name: cluster, kind: slurm, host: login, partition: gpu, root: "${cluster.box.root}" }\n`,
    );
    research = await openAt(place);
  });
  after(async () => {
    await research?.close();
    place?.dispose();
    await cluster?.stop();
  });

  it('runs the baseline as one array, and compares it with its node’s kind of GPU', async () => {
    const ids = await research.runBaseline({ seeds: 3 });
    const runs = await until(research, 'the baseline', async () => {
      const rows = (await research.state()).runs.filter((run: Run) => ids.includes(run.id));
      return rows.length === 3 && rows.every((run) => isEnd(run.state)) ? rows : undefined;
    });
    assert.deepEqual(
      runs.map(({ state, reason }) => `${state} ${reason ?? ''}`),
      ['succeeded ', 'succeeded ', 'succeeded '],
    );
    assert.deepEqual([...new Set(runs.map((run) => run.comparisonClass))], ['NVIDIA H100']);
    assert.deepEqual(runs.map((run) => run.objective?.state === 'ok' && run.objective.value).sort(), [2.1, 2.2, 2.3]);
    const jobs = ids.map((id) => cluster.file(id, 'job')?.trim().split('_') ?? []);
    assert.deepEqual(
      [
        new Set(jobs.map(([base]) => base)).size,
        jobs
          .map(([, element]) => element)
          .sort()
          .join(),
      ],
      [1, '0,1,2'],
    );
  });
});
