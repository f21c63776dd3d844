import type { BoxNode } from '../../src/core/research/types.ts';

export type BoxReport = NonNullable<BoxNode['report']>;
type Gpu = BoxReport['gpus'][number];

export function gpuOf(index: number, more: Partial<Gpu> = {}): Gpu {
  return {
    index,
    uuid: `GPU-${index}`,
    name: 'NVIDIA H100',
    memoryMiB: 81_559,
    usedMiB: 4,
    utilisation: 0,
    mig: false,
    users: [],
    ...more,
  };
}

/** A box that answered and lacks nothing. */
export function reportOf(box: string, more: Partial<BoxReport> = {}): BoxReport {
  return {
    box,
    reachable: true,
    latencyMs: 12,
    gpus: [gpuOf(0), gpuOf(1)],
    disk: { freeBytes: 1.2e12, kind: 'ext4', network: false },
    tools: { git: '2.39.5', python3: '3.12.1', uv: '0.9.1', tar: '' },
    path: 'plain',
    loginTools: [],
    clockSkewMs: 3,
    sandboxes: ['bwrap'],
    sandbox: 'bwrap',
    problems: [],
    hardware: 'NVIDIA H100',
    checkedAt: Date.UTC(2026, 10, 26, 12),
    ...more,
  };
}

export function boxOf(name: string, more: Partial<BoxNode> = {}): BoxNode {
  return { name, kind: 'ssh', where: name, running: 0, waiting: 0, report: reportOf(name), ...more };
}

/** One box in each state a person can meet. */
export function boxesOfAllStates(run: string): readonly BoxNode[] {
  const stranger = { pid: 4242, user: 'alice', program: 'python3', usedMiB: 30_000 };
  const ours = { pid: 77, user: 'me', program: 'python3', usedMiB: 61_000, run };
  const since = Date.UTC(2026, 10, 26, 11, 30);
  const gone = { reachable: false, gpus: [], tools: {}, hardware: 'unknown' };
  return [
    boxOf('lambda-1', {
      running: 1,
      waiting: 2,
      report: reportOf('lambda-1', {
        gpus: [
          gpuOf(0, { utilisation: 97, usedMiB: 61_004, users: [ours], lockedBy: { user: 'me', run } }),
          gpuOf(1, { utilisation: 35, usedMiB: 30_004, users: [stranger] }),
          gpuOf(2, { utilisation: 88, usedMiB: 12_000, lockedBy: { user: 'bob', run: '01jzzzzzzzzz-other' } }),
          gpuOf(3, { utilisation: null, usedMiB: null, mig: true }),
        ],
        path: 'login',
        loginTools: ['uv'],
        clockSkewMs: -240,
        problems: [
          {
            what: 'its runs folder is on a network disk (nfs4)',
            fix: 'Locks may hang or be lost there, and every log line crosses the network. Set root of this box to a folder on a local disk, such as /scratch.',
          },
          {
            what: 'GPU 3 is cut into MIG devices, which are not handed out one by one yet',
            fix: 'Each counts as one GPU.',
            note: true,
          },
        ],
        disk: { freeBytes: 1.2e12, kind: 'nfs4', network: true },
      }),
    }),
    boxOf('quiet'),
    boxOf('away', {
      running: 1,
      unreachableSince: since,
      report: reportOf('away', {
        ...gone,
        problems: [{ what: 'away does not answer: no answer within 30 s.', fix: '' }],
      }),
    }),
    boxOf('stranger', {
      problem: 'The host key of stranger changed.',
      unreachableSince: since,
      report: reportOf('stranger', { ...gone, problems: [{ what: 'The host key of stranger changed.', fix: '' }] }),
    }),
    boxOf('retired', { drained: true }),
    boxOf('busy', { checking: true, report: undefined }),
    { ...boxOf('new', { kind: 'slurm', where: 'login1' }), report: undefined },
    boxOf('here', {
      kind: 'local',
      where: 'this machine',
      report: reportOf('here', { gpus: [], latencyMs: 0, sandbox: 'none', sandboxes: [], hardware: 'cpu:AMD EPYC' }),
    }),
  ] as readonly BoxNode[];
}
