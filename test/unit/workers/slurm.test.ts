import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import fc from 'fast-check';
import { type BoxOf, boxSchema } from '../../../src/core/domain/index.ts';
import { parsePoll } from '../../../src/core/workers/box/answers.ts';
import { SCRIPT_FILES } from '../../../src/core/workers/box/scripts.ts';
import { arraysOf } from '../../../src/core/workers/slurm/arrays.ts';
import { limitSeconds, sbatchOptions } from '../../../src/core/workers/slurm/options.ts';
import { parseCluster } from '../../../src/core/workers/slurm/probe.ts';
import { environmentOf, shipmentOf } from '../../support/shipments.ts';

const cluster = (part: Readonly<Record<string, unknown>> = {}) =>
  boxSchema.parse({ name: 'c', kind: 'slurm', host: 'login', partition: 'gpu', ...part }) as BoxOf<'slurm'>;
const environment = (part: Readonly<Record<string, unknown>> = {}) =>
  environmentOf({ run: 'python train.py', ...part });

describe('The options of sbatch', () => {
  it('are those of the box and of research.yaml', () => {
    const box = cluster({ gpu_type: 'a100', account: 'lab', time: '2h', options: ['--mem=32G', '-c 4', '--qos high'] });
    assert.deepEqual(sbatchOptions(box, environment({ resources: { gpus: 2, timeout: '1h' } })), [
      '--time=120',
      '--signal=B:USR1@90',
      '--no-requeue',
      '--nodes=1',
      '--ntasks=1',
      '--gres=gpu:a100:2',
      '--partition=gpu',
      '--account=lab',
      '--mem=32G',
      '-c',
      '4',
      '--qos=high',
    ]);
    assert.ok(sbatchOptions(cluster({ requeue: true }), environment()).includes('--requeue'));
  });

  it('warn a job before its limit, and never at its start', () => {
    const warned = (time: string) => sbatchOptions(cluster({ time }), environment())[1];
    assert.deepEqual(
      [warned('1m'), warned('4m'), warned('1h')],
      ['--signal=B:USR1@15', '--signal=B:USR1@60', '--signal=B:USR1@90'],
    );
  });

  it('give Slurm a limit behind ours, for setup and evaluate too', () => {
    const seconds = (part: Readonly<Record<string, unknown>>) =>
      limitSeconds(cluster(), environment({ resources: { gpus: 1, timeout: '1h' }, ...part }));
    assert.deepEqual([seconds({}), seconds({ evaluate: 'e' }), seconds({ setup: 's' })], [3900, 7500, 5700]);
    assert.equal(limitSeconds(cluster({ time: '90s' }), environment()), 120);
  });

  for (const option of [
    '--output=/tmp/x',
    '--out /tmp/x',
    '--wrap',
    '--wra=true',
    '--exp=ALL',
    '--export=ALL',
    '--arr=0-9',
    '--a=0-9',
    '--job-n=x',
    '--pars',
    '--partition=other',
    '--time=1',
    '--sig=B:KILL@1',
    '--test-only',
    '--requeue',
    '-J x',
    '-o/tmp/x',
    '-Qo/tmp/x',
    '-H',
    '-t 5',
    '-p other',
    '-c',
    'job.sh',
    ':',
    '--',
    '-',
    '',
    '--mem=1\n#SBATCH -o x',
    '--mem=1\0',
  ]) {
    it(`refuse ${JSON.stringify(option)}`, () => {
      assert.throws(() => sbatchOptions(cluster({ options: [option] }), environment()), { code: 'slurm-option' });
    });
  }

  it('refuse a partition, an account or a kind of GPU that is more than a word', () => {
    for (const part of [{ partition: 'a\n#' }, { account: 'a\n' }, { gpu_type: 'a100:8,gpu' }]) {
      const gpus = environment({ resources: { gpus: 1, timeout: '1h' } });
      assert.throws(() => sbatchOptions(cluster(part), gpus), { code: 'slurm-option' });
    }
  });

  it('take any other option as one word, or as a letter and its value', () => {
    const name = fc.stringMatching(/^mem-[a-z]{1,8}$/);
    const value = fc.string().filter((text) => !/[\n\r\0]/.test(text));
    fc.assert(
      fc.property(name, value, (key, text) => {
        const all = sbatchOptions(cluster({ options: [`--${key}=${text}`] }), environment());
        assert.ok(all.at(-1)?.startsWith(`--${key}=`) && all.length === 7);
      }),
    );
  });
});

describe('The answer of squeue', () => {
  it('is kept element by element, whatever ranges an array waits in', () => {
    const root = mkdtempSync(path.join(tmpdir(), 'rc-squeue-'));
    try {
      mkdirSync(path.join(root, 'slurm'));
      for (const name of ['lib.sh', 'slurm.sh', 'slurm-ask.sh'])
        writeFileSync(path.join(root, name), SCRIPT_FILES[name] ?? '');
      const said = [
        '7_[4-6,9%2]|rc-g|PENDING|JobArrayTaskLimit',
        '8_[0-6:3]|rc-h|PENDING|Priority',
        '7_3|rc-g|RUNNING|None',
        '12|rc-solo|COMPLETED|None',
        '13_[1-2]|a job | of somebody|PENDING|None',
      ];
      writeFileSync(path.join(root, 'squeue'), `#!/bin/sh\ncat <<'EOF'\n${said.join('\n')}\nEOF\n`, { mode: 0o755 });
      const env = { ...process.env, PATH: `${root}:${process.env.PATH}` };
      execFileSync('/bin/sh', [path.join(root, 'slurm-ask.sh'), root], { env });
      assert.deepEqual(readFileSync(path.join(root, 'slurm/queue'), 'utf8').trim().split('\n').slice(1), [
        '7_4 rc-g PENDING 1 JobArrayTaskLimit',
        '7_5 rc-g PENDING 2 JobArrayTaskLimit',
        '7_6 rc-g PENDING 3 JobArrayTaskLimit',
        '7_9 rc-g PENDING 4 JobArrayTaskLimit',
        '8_0 rc-h PENDING 5 Priority',
        '8_3 rc-h PENDING 6 Priority',
        '8_6 rc-h PENDING 7 Priority',
        '7_3 rc-g RUNNING - None',
        '12 rc-solo COMPLETED - None',
      ]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

describe('Runs that are submitted together', () => {
  it('become an array where they differ in their seed only', () => {
    const repo = { root: '/nowhere', parentless: (commit: string) => commit } as unknown as Parameters<
      typeof shipmentOf
    >[0];
    const of = (run: string, seed: number, lr: string) =>
      shipmentOf(repo, 'c'.repeat(40), { run: 'train', env: { LR: lr } }, { run, seed });
    const groups = arraysOf([of('a', 1, '1'), of('b', 1, '2'), of('c', 2, '1'), of('d', 3, '1')]);
    assert.deepEqual(
      groups.map((group) => group.map(({ run }) => run)),
      [['a', 'c', 'd'], ['b']],
    );
  });
});

describe('What a cluster says of a run', () => {
  const report = (fields: readonly string[]) => parsePoll(`${fields.join('\t')}\n+hardware NVIDIA A100\nEND\n`)?.[0];

  it('is in words, with its place in the queue', () => {
    const waiting = report(['r-1', 'waiting', '', 'queue', '', '', '3', '', '0', 'Priority']);
    assert.equal(waiting?.position, 3);
    assert.match(waiting?.reason ?? '', /higher priority.*\(Priority\)/);
    assert.match(
      report(['r-1', 'waiting', '', 'queue', '', '', '', '', '0', 'QOSMaxJobsPerUserLimit'])?.reason ?? '',
      /a limit of the account/,
    );
    assert.equal(report(['r-1', 'running', '', '', '1', '1', '', '', '0', ''])?.reason, undefined);
    assert.equal(waiting?.hardware, 'NVIDIA A100');
  });

  it('keeps the state of a run while the controller does not answer', () => {
    const said = 'squeue: error: Unable to contact slurm controller (connect failure)';
    const running = report(['r-1', 'running', '', 'down', '', '1', '', '', '9', said]);
    assert.equal(running?.state, 'running');
    assert.match(running?.reason ?? '', /controller of the cluster does not answer \(Unable to contact/);
  });

  it('never makes a success of COMPLETED', () => {
    const lost = report(['r-1', 'lost', '', 'slurm', '', '', '', '', '0', 'COMPLETED unbegun']);
    assert.equal(lost?.state, 'lost');
    assert.match(lost?.reason ?? '', /COMPLETED.*never began/);
    assert.match(report(['r-1', 'lost', '', 'slurm', '', '1', '', '', '0', 'NODE_FAIL'])?.reason ?? '', /node failed/);
  });
});

describe('What a login node says of its cluster', () => {
  const answer = (lines: readonly string[]) => ['version slurm 22.05.8', ...lines, 'END', ''].join('\n');
  const two = [
    'partition gpu* up 1-00:00:00 3 1 a100=8/5 v100=4/0',
    'partition cpu down infinite 9 0',
    'accounting accounting_storage/slurmdbd',
    'accounts lab other',
  ];
  const whats = (text: string, part: Readonly<Record<string, unknown>> = {}) =>
    parseCluster(text, cluster({ secrets: true, ...part }))?.problems.map(({ what, fix }) => `${what} | ${fix}`) ?? [];

  it('names partitions with their GPUs', () => {
    const found = parseCluster(answer(two), cluster())?.cluster;
    assert.equal(found?.version, '22.05.8');
    assert.equal(found?.accounting, true);
    assert.deepEqual(found?.partitions.at(1), {
      name: 'gpu',
      up: true,
      timeLimit: '1-00:00:00',
      nodes: 3,
      idleNodes: 1,
      gpus: [
        { type: 'a100', total: 8, idle: 5 },
        { type: 'v100', total: 4, idle: 0 },
      ],
    });
    assert.deepEqual(whats(answer(two)), []);
  });

  it('says what is missing, with the fix', () => {
    assert.match(whats(answer(two), { partition: 'nope' }).join(), /no partition nope \| .*cpu, gpu/);
    assert.match(whats(answer(two), { partition: 'cpu' }).join(), /partition cpu is down/);
    assert.match(whats(answer(two), { gpu_type: 'h100' }).join(), /gpu_type h100 .*a100, v100/);
    assert.match(whats(answer(two), { account: 'nope' }).join(), /no account nope .*lab, other/);
    assert.match(
      whats(answer([...two, 'refused sbatch: error: Invalid qos'])).join(),
      /would refuse a job: Invalid qos/,
    );
    assert.match(whats(answer(two), { secrets: false }).join(), /secrets are not sent/);
    assert.match(whats(answer(['down squeue: error: x'])).join(), /controller of the cluster does not answer/);
    assert.match(
      whats(answer(['accounting accounting_storage/none', 'partition gpu up 1 1 1'])).join(),
      /no accounting/,
    );
  });

  it('is not believed when it was cut', () => {
    assert.equal(parseCluster('version slurm 22.05.8\npartition gpu up', cluster()), undefined);
  });
});
