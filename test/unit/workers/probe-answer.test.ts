import * as assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { type BoxOf, boxSchema } from '../../../src/core/domain/index.ts';
import { parseClock, parseGlance, parseProbe } from '../../../src/core/workers/box/probe-answer.ts';
import { APP_QUERY, GPU_QUERIES, SMI_FORMAT, WSL_SMI } from '../../../src/core/workers/nvidia-smi.ts';
import { isAtLeast } from '../../../src/core/workers/problems.ts';
import type { BoxReport } from '../../../src/core/workers/types.ts';

const asked = { latencyMs: 3, clockSkewMs: 0, now: 200_000 };
const boxOf = (more: object = {}) =>
  boxSchema.parse({ name: 'b', kind: 'ssh', host: 'b', ...more }) as BoxOf<'ssh'> | BoxOf<'slurm'>;
const said = (report: BoxReport | undefined) => report?.problems.map(({ what }) => what).join('; ') ?? '';

/** A box that lacks nothing; later lines win. */
const HEALTHY = [
  'free 500000000000',
  'disk ext4',
  'cpu Some CPU',
  ...['git', 'flock', 'setsid', 'tar', 'timeout', 'sha256sum', 'awk'].map(
    (tool) => `tool ${tool} plain ${tool} 2.39.5`,
  ),
  'flock-exec yes',
  'flock-works yes',
  'locks-at /var/tmp/locks',
  'locks yes',
  'sandbox bwrap',
  'sandbox-is bwrap',
];
const probe = (lines: readonly string[], box = boxOf(), more: Partial<typeof asked> = {}) =>
  parseProbe([...HEALTHY, ...lines, 'END', ''].join('\n'), box, { ...asked, ...more });

describe('What a box says of itself', () => {
  it('finds nothing wrong with a box that has all', () => {
    const report = probe([]);
    assert.deepEqual(report?.problems, []);
    assert.deepEqual(report?.disk, { freeBytes: 500_000_000_000, kind: 'ext4', network: false });
    assert.deepEqual([report?.path, report?.sandbox, report?.hardware], ['plain', 'bwrap', 'cpu:Some CPU']);
  });

  it('names each thing that is missing, with the fix', () => {
    const text =
      'free 1000\ndisk tmpfs\ncpu Some CPU\ntool git plain git version 2.20.1\ntool timeout plain BusyBox v1.36\nsmi 124 index\nEND\n';
    const report = parseProbe(text, boxOf({ gpus: [0, 3] }), { ...asked, clockSkewMs: -100_000 });
    for (const part of [
      'flock is missing',
      'git 2.20.1 is too old',
      'BusyBox',
      'nvidia-smi hangs',
      'GPU 0, 3',
      '0 MiB are free',
      'in memory (tmpfs)',
      '100 s behind',
      'in no sandbox',
    ]) {
      assert.ok(said(report).includes(part), `${part} in: ${said(report)}`);
    }
    for (const { what, fix } of report?.problems ?? []) assert.ok(fix.length > 10, what);
  });

  it('warns of a network disk on an ssh box, and of a local one on a cluster', () => {
    for (const kind of ['nfs4', 'fuse.sshfs', 'lustre', 'beegfs']) {
      assert.match(said(probe([`disk ${kind}`])), /on a network disk/, kind);
    }
    const cluster = boxOf({ kind: 'slurm', host: 'login' });
    assert.equal(said(probe(['disk nfs4', 'tool sbatch plain '], cluster)), '');
    assert.match(said(probe(['tool sbatch plain '], cluster)), /disk of the login node/);
    assert.equal(said(probe(['disk ', 'disk-magic nfs'])), 'its runs folder is on a network disk (nfs)');
  });

  it('tells what only a login shell finds', () => {
    const report = probe(['tool uv login uv 0.9.1', 'tool python3 plain Python 3.12.1']);
    assert.deepEqual([report?.path, report?.loginTools, report?.tools.uv], ['login', ['uv'], '0.9.1']);
    assert.match(said(probe(['login hangs'])), /login shell/);
  });

  it('says who computes on a GPU: a run of ours, a stranger, a run of another account', () => {
    const row = (index: number) => `gpu ${index}, GPU-${index}, Disabled, NVIDIA H100, 81559, 40000, 97`;
    const report = probe([
      `smi 0 ${GPU_QUERIES[0]}`,
      ...[0, 1, 2, 3].map(row),
      'app GPU-0, 10, 30000',
      'app GPU-1, 11, [N/A]',
      'app GPU-2, 12, 5000',
      'app GPU-3, 13, 5000',
      'who 10 me 01abc-x python3 train.py',
      'who 11 alice - python3',
      'who 12 bob - python3',
      'who 13 - - -',
      'lock GPU-0 9 me 01abc-x sh',
      'lock GPU-2 8 bob 01zzz-y sh',
    ]);
    assert.deepEqual(
      report?.gpus.map(({ users, lockedBy }) => [users, lockedBy]),
      [
        [
          [{ pid: 10, usedMiB: 30000, user: 'me', run: '01abc-x', program: 'python3 train.py' }],
          { user: 'me', run: '01abc-x' },
        ],
        [[{ pid: 11, usedMiB: null, user: 'alice', program: 'python3' }], undefined],
        [[{ pid: 12, usedMiB: 5000, user: 'bob', program: 'python3' }], { user: 'bob', run: '01zzz-y' }],
        [[{ pid: 13, usedMiB: 5000 }], undefined],
      ],
    );
    assert.equal(report?.hardware, 'NVIDIA H100');
  });

  it('is read as a machine with an H200 said it', () => {
    const report = parseProbe(
      readFileSync('test/fixtures/nvidia-smi/h200-driver-580/probe-busy.txt', 'utf8'),
      boxOf(),
      asked,
    );
    assert.deepEqual(report?.gpus, [
      {
        index: 0,
        uuid: 'GPU-34747df1-9587-cd05-21c3-1ab5677dc942',
        name: 'NVIDIA H200',
        memoryMiB: 143771,
        usedMiB: 1643,
        utilisation: 0,
        mig: false,
        users: [{ pid: 445, usedMiB: 1634, user: 'root', run: '0abc-probe', program: 'python3' }],
        lockedBy: { user: 'root' },
      },
    ]);
    assert.equal(said(report), 'runs are in no sandbox: bwrap is not installed (package bubblewrap)');
    assert.deepEqual([report?.tools.git, report?.tools.uv, report?.path], ['2.43.0', '0.11.15', 'plain']);
  });

  it('lets a box that gives no GPU away have a broken driver', () => {
    const broken = ['smi 9 index', 'gpu NVIDIA-SMI has failed'];
    assert.match(said(probe(broken)), /nvidia-smi fails/);
    assert.equal(said(probe(broken, boxOf({ gpus: [] }))), '');
  });

  it('says what the sandbox of boxes.yaml comes to', () => {
    const none = HEALTHY.filter((line) => !line.startsWith('sandbox'));
    const of = (sandbox: string, lines: readonly string[]) =>
      parseProbe([...none, ...lines, 'END'].join('\n'), boxOf({ sandbox, sandbox_image: 'i' }), asked);
    const both = of('auto', ['sandbox bwrap', 'sandbox docker', 'sandbox-is bwrap']);
    assert.deepEqual([both?.sandbox, both?.sandboxes, said(both)], ['bwrap', ['bwrap', 'docker'], '']);
    assert.equal(of('docker', ['sandbox bwrap', 'sandbox docker', 'sandbox-is docker'])?.sandbox, 'docker');
    const refused = of('bwrap', ['sandbox-fails bwrap setting up uid map: Permission denied', 'sandbox-is no']);
    assert.equal(refused?.sandbox, 'none');
    assert.match(said(refused), /asks for sandbox: bwrap, which cannot be used: setting up uid map: Permission denied/);
    assert.match(refused?.problems[0]?.fix ?? '', /no run starts there/);
    const open = of('auto', ['sandbox-fails bwrap bwrap is not installed', 'sandbox-is none']);
    assert.deepEqual([open?.sandbox, open?.problems[0]?.note], ['none', true]);
    assert.match(said(open), /in no sandbox: bwrap is not installed/);
    assert.match(said(of('auto', ['sandbox docker', 'sandbox-is none'])), /in no sandbox, though docker works/);
    assert.equal(said(of('none', ['sandbox bwrap', 'sandbox-is none'])), '');
  });

  it('warns of a logind that ends what is left behind, unless the account lingers', () => {
    const ends = probe(['kills yes', 'linger no']);
    assert.match(said(ends), /ends your processes/);
    assert.equal(ends?.linger, false);
    assert.deepEqual(
      [said(probe(['kills yes', 'linger yes'])), probe(['kills yes', 'linger yes'])?.linger],
      ['', true],
    );
    assert.deepEqual([said(probe(['linger no'])), probe(['linger no'])?.linger], ['', true]);
    assert.equal(probe([])?.linger, undefined);
  });

  it('accounts for half the round trip in the clock', () => {
    assert.equal(parseClock('clock 1795672564114\nEND\n', 1_795_672_564_000, 1_795_672_564_200), 14);
    assert.equal(parseClock('clock 1795672564\nEND\n', 1_795_672_564_000, 1_795_672_564_200), -100);
    assert.equal(parseClock('clock %s\nEND\n', 0, 1), undefined);
    assert.equal(said(probe([], boxOf(), { clockSkewMs: 6000, latencyMs: 4000 })), '');
    assert.match(said(probe([], boxOf(), { clockSkewMs: 8000, latencyMs: 4000 })), /8 s ahead/);
  });

  it('takes a look at what changes by the minute, and asks for all where something new is wrong', () => {
    const row = (used: number) => `gpu 0, GPU-0, Disabled, NVIDIA H100, 81559, ${used}, 97`;
    const smi = `smi 0 ${GPU_QUERIES[0]}`;
    const last = probe([smi, row(4)]);
    assert.ok(last);
    const look = (lines: readonly string[]) => parseGlance([...lines, 'END'].join('\n'), boxOf(), last, 300_000);
    const seen = look([
      'free 400000000000',
      'disk ext4',
      smi,
      row(61_000),
      'app GPU-0, 7, 60000',
      'who 7 bob - python3',
    ]);
    assert.ok(typeof seen === 'object');
    assert.deepEqual([seen.gpus[0]?.usedMiB, seen.gpus[0]?.users[0]?.user], [61_000, 'bob']);
    assert.deepEqual([seen.checkedAt, seen.seenAt, seen.disk?.freeBytes], [200_000, 300_000, 400_000_000_000]);
    assert.equal(seen.tools, last.tools);
    assert.equal(look(['free 1000', 'disk ext4', smi, row(4)]), 'changed');
    assert.equal(look(['free 400000000000', 'disk ext4', 'smi 124 index']), 'changed');
    const full = probe(['free 90000000', smi, row(4)]);
    assert.ok(full);
    const still = parseGlance(['free 80000000', 'disk ext4', smi, row(4), 'END'].join('\n'), boxOf(), full, 1);
    assert.equal(typeof still, 'object');
    assert.equal(parseGlance('free 1', boxOf(), last, 0), undefined);
  });

  it('never throws, and takes an answer without its last line for cut', () => {
    const key = fc.constantFrom('gpu', 'app', 'who', 'lock', 'smi', 'tool', 'free', 'sandbox', 'sandbox-fails', 'disk');
    const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1'));
    const line = fc.tuple(key, bytes).map((pair) => pair.join(' '));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.boolean(), (lines, whole) => {
        const report = parseProbe(`${lines.join('\n')}\n${whole ? 'END\n' : ''}`, boxOf(), asked);
        assert.equal(report !== undefined, whole || lines.join('\n').split('\n').includes('END'));
      }),
    );
  });

  it('asks with the words that the script asks with', () => {
    const script = readFileSync('src/core/workers/box/probe.sh', 'utf8');
    for (const word of [...GPU_QUERIES, APP_QUERY, SMI_FORMAT]) assert.ok(script.includes(word), word);
    assert.ok(readFileSync('src/core/workers/box/lib.sh', 'utf8').includes(WSL_SMI));
  });

  it('compares versions by number', () => {
    const pairs = [
      ['2.39.5', '2.30'],
      ['2.9', '2.30'],
      ['3', '2.30'],
      ['2.30', '2.30'],
      ['', '2.30'],
    ] as const;
    assert.deepEqual(
      pairs.map(([found, least]) => isAtLeast(found, least)),
      [true, false, true, true, true],
    );
  });
});
