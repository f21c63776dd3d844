import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Run } from '../../../src/core/domain/index.ts';
import type { ResearchState } from '../../../src/core/research/types.ts';
import { lineOfBox } from '../../../src/vscode/boxes-file.ts';
import { targetOf } from '../../../src/vscode/commands/target.ts';
import { checkSummary } from '../../../src/vscode/views/box-words.ts';
import { boxesBadge, boxesTree } from '../../../src/vscode/views/boxes-tree.ts';
import { boxesOfAllStates, boxOf, gpuOf, reportOf } from '../../support/box-nodes.ts';

const RUN = '01jabcdefgh-abcdef';
const HOSTILE = '[click](command:research.cleanUp) <img src=x> $(trash)';
const run = { id: RUN, candidate: '12.1', seed: 3 } as Run;

function state(boxes: ResearchState['boxes'], more: Partial<ResearchState> = {}): ResearchState {
  return { boxes, boxesProblems: [], runs: [run], ...more } as ResearchState;
}

const rows = (nodes: ReturnType<typeof boxesTree> | undefined) =>
  (nodes ?? []).map((node) => [node.icon, node.label, node.description]);

describe('the Boxes view', () => {
  const tree = boxesTree(state(boxesOfAllStates(RUN)));

  it('tells each state by icon and words, the most telling first', () => {
    const shown = tree.map((node) => [node.icon, node.label, node.description?.replace(/\d\d:\d\d/, 'TIME')]);
    assert.deepEqual(shown, [
      ['warning', 'lambda-1', '1 running · 2 waiting · 4 × H100 · 1.2 TB free · ssh lambda-1'],
      ['vm', 'quiet', '2 × H100 · 1.2 TB free · ssh quiet'],
      ['debug-disconnect', 'away', 'unreachable since TIME · 1 running · ssh away'],
      ['bell-dot', 'stranger', 'needs attention · ssh stranger'],
      ['circle-slash', 'retired', 'drained · 2 × H100 · 1.2 TB free · ssh retired'],
      ['sync~spin', 'busy', 'checking… · ssh busy'],
      ['vm-outline', 'new', 'not checked yet · slurm login1'],
      ['device-desktop', 'here', '1.2 TB free · this machine'],
    ]);
  });

  it('shows problems with their fixes, then who has which GPU, then what the box has', () => {
    assert.deepEqual(rows(tree[0]?.children), [
      [
        'warning',
        'Its runs folder is on a network disk (nfs4)',
        'Locks may hang or be lost there, and every log line crosses the network. Set root of this box to a folder on a local disk, such as /scratch.',
      ],
      ['vm-running', 'GPU 0', '#12.1 seed 3 · 97 % · 60 of 80 GiB · H100'],
      ['account', 'GPU 1', 'alice · 35 % · 29 of 80 GiB · H100'],
      ['lock', 'GPU 2', 'a run of bob · 88 % · 12 of 80 GiB · H100'],
      ['circuit-board', 'GPU 3', 'free · 80 GiB · MIG · H100'],
      ['database', '1.2 TB free', 'nfs4, network disk'],
      ['shield', 'Sandbox bwrap', ''],
      ['tools', '4 programs', 'python3 3.12.1, uv 0.9.1, git 2.39.5'],
      ['info', 'GPU 3 is cut into MIG devices, which are not handed out one by one yet', 'Each counts as one GPU.'],
    ]);
    assert.deepEqual(rows(tree[3]?.children), [['warning', 'The host key of stranger changed.', undefined]]);
    assert.deepEqual(tree[6]?.children, []);
  });

  it('says that what it shows of a silent box is what was', () => {
    const [node] = boxesTree(state([boxOf('away', { unreachableSince: 1 })]));
    const [first, gpu] = node?.children ?? [];
    assert.match(`${first?.label} ${first?.description}`, /^As it was at \d\d:\d\d before it was silent$/);
    assert.equal(gpu?.label, 'GPU 0');
  });

  it('shows the partitions of a cluster', () => {
    const gpu = {
      name: 'gpu',
      up: true,
      timeLimit: '1-00:00:00',
      nodes: 8,
      idleNodes: 3,
      gpus: [{ type: 'h100', total: 64, idle: 12 }],
    };
    const debug = { name: 'debug', up: false, timeLimit: 'infinite', nodes: 1, idleNodes: 0, gpus: [] };
    const cluster = { version: '22.05', answers: true, partitions: [gpu, debug] };
    const report = reportOf('lab', { gpus: [], cluster });
    const [node] = boxesTree(state([boxOf('lab', { kind: 'slurm', where: 'login1', report })]));
    assert.equal(node?.description, '2 partitions · 1.2 TB free · slurm login1');
    assert.deepEqual(rows(node?.children).slice(0, 2), [
      ['server', 'Partition gpu', '3 of 8 nodes idle · 12 of 64 h100 free · at most 1-00:00:00'],
      ['circle-slash', 'Partition debug', 'down'],
    ]);
  });

  it('has something to copy, to act on and to jump to', () => {
    const [problem, gpu] = tree[0]?.children ?? [];
    assert.match(problem?.copy ?? '', /^Locks may hang/);
    assert.equal(problem?.context, 'problem');
    assert.deepEqual(targetOf(gpu), { box: 'lambda-1', run: RUN });
    assert.deepEqual(targetOf(tree[1]), { box: 'quiet' });
    assert.deepEqual(
      tree.map(({ context }) => context),
      tree.map(({ label }) => (label === 'retired' ? 'box canResume canGiveUp' : 'box canDrain canGiveUp')),
    );
  });

  it('offers on its rows what package.json hangs there, and nothing hangs on a row that does not exist', () => {
    const { menus } = JSON.parse(readFileSync(path.resolve('package.json'), 'utf8')).contributes as {
      readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when: string }[]>>;
    };
    const items = (menus['view/item/context'] ?? []).filter(({ when }) => when.includes('research.boxes'));
    const rowsOfAll = tree.flatMap((node) => [node, ...(node.children ?? [])]);
    const offered = (context: string | undefined) => [
      ...new Set(
        items
          .filter(({ when }) => new RegExp(/viewItem =~ \/(.+)\//.exec(when)?.[1] ?? '^$').test(context ?? ''))
          .map(({ command }) => command.replace('research.', '')),
      ),
    ];
    const all = new Set(rowsOfAll.flatMap(({ context }) => offered(context)));
    assert.deepEqual(
      [...all].sort(),
      [...new Set(items.map(({ command }) => command.replace('research.', '')))].sort(),
    );
    const box = offered(tree[0]?.context);
    for (const command of ['checkBox', 'openBoxTerminal', 'editBoxes']) assert.ok(box.includes(command), command);
    assert.deepEqual(offered('problem'), ['copyFix']);
  });

  it('shows a boxes.yaml that cannot be read on its line', () => {
    const problem = { line: 3, message: '`kind` is missing' } as ResearchState['boxesProblems'][number];
    const [node] = boxesTree(state([], { boxesProblems: [problem] }));
    assert.deepEqual(
      [node?.label, node?.description, node?.command],
      ['boxes.yaml:3', '`kind` is missing', 'editBoxes'],
    );
    assert.deepEqual(targetOf(node), { line: 3 });
  });

  it('counts in its badge only the boxes that wait for a person', () => {
    assert.deepEqual(boxesBadge(state(boxesOfAllStates(RUN))), { value: 1, tooltip: '1 box needs attention' });
    assert.equal(boxesBadge(state([boxOf('away', { unreachableSince: 1 })])), undefined);
  });

  it('says in the tooltip, in words, how the box is', () => {
    const plain = (text: string | undefined) =>
      (text ?? '').replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
    const first = plain(tree[0]?.tooltip);
    for (const part of [
      'Answers in 12 ms. Its clock is 0.2 s behind.',
      '1.2 TB free on a network disk, nfs4.',
      'Runs are in a sandbox: bwrap.',
      'Only a login shell finds: uv.',
    ]) {
      assert.ok(first.includes(part), `${part} in ${first}`);
    }
    assert.doesNotMatch(plain(tree[1]?.tooltip), /clock/);
    assert.match(plain(tree[4]?.tooltip), /Drained: nothing new goes there/);
    assert.match(plain(tree[6]?.tooltip), /Not checked yet/);
    assert.match(plain(tree[0]?.children?.[2]?.tooltip), /without a reservation.*python3 4242 of alice, 29 GiB/s);
  });

  it('lets no words of a box do anything in a tooltip', () => {
    const user = { pid: 1, user: HOSTILE, program: HOSTILE, usedMiB: null };
    const report = reportOf('b', {
      gpus: [gpuOf(0, { name: HOSTILE, uuid: HOSTILE, users: [user] })],
      problems: [{ what: HOSTILE, fix: HOSTILE }],
      tools: { [HOSTILE]: HOSTILE },
      loginTools: [HOSTILE],
      hardware: HOSTILE,
      sandbox: HOSTILE,
      disk: { freeBytes: 1, kind: HOSTILE, network: false },
    });
    const nodes = boxesTree(state([boxOf('b', { report })]));
    for (const node of [...nodes, ...(nodes[0]?.children ?? [])]) {
      assert.doesNotMatch(node.tooltip ?? '', /\]\(|<img|\$\(/, node.label);
    }
  });

  it('sums a check up in one message', () => {
    const git = { what: 'git is missing', fix: 'Install git on the box.' };
    const bad = reportOf('a', { problems: [git, { ...git, what: 'awk is missing' }, { ...git, note: true }] });
    assert.deepEqual(checkSummary([reportOf('a'), reportOf('b', { problems: [{ ...git, note: true }] })]), {
      ok: true,
      text: '2 boxes ready',
    });
    assert.equal(
      checkSummary([bad, reportOf('b')]).text,
      'a: git is missing. Install git on the box. (and 1 more problem)',
    );
    assert.equal(
      checkSummary([bad, reportOf('b', { reachable: false }), reportOf('c')]).text,
      '2 of 3 boxes need attention: a, b.',
    );
    assert.equal(checkSummary([reportOf('b', { reachable: false })]).text, 'b: it does not answer.');
  });

  it('finds the line of a box in boxes.yaml', () => {
    const text =
      'boxes:\n  - { name: here, kind: local }\n  - name: "gpu.1" # mine\n    kind: ssh\n  - { name: gpu-1 }\n';
    assert.deepEqual(
      ['here', 'gpu.1', 'gpu-1', 'none'].map((name) => lineOfBox(text, name)),
      [1, 2, 4, 0],
    );
  });
});
