import assert from 'node:assert/strict';
import type { Run } from '../../../src/core/domain/index.ts';
import type { BoxNode, ResearchState } from '../../../src/core/research/types.ts';
import { logHead, logTail } from '../../../src/vscode/views/run-words.ts';
import { runsTree } from '../../../src/vscode/views/runs-tree.ts';
import type { TreeNode } from '../../../src/vscode/views/tree-node.ts';

const MINUTE = 60_000;
const NOW = 100 * MINUTE;

function run(id: string, more: Partial<Run>): Run {
  return {
    id,
    base: 1,
    candidate: '3.1',
    purpose: 'trial',
    seed: 1,
    attempt: 1,
    state: 'succeeded',
    verified: true,
    counts: true,
    cancelAsked: false,
    logBytes: 0,
    queuedAt: 0,
    comparisonClass: 'H100',
    ...more,
  };
}

const EMPTY = { paused: false, order: [], seconds: {}, withoutBaseline: [] } as const;

function tree(runs: readonly Run[], queue: Partial<ResearchState['queue']> = {}, boxes: readonly BoxNode[] = []) {
  const state = { runs, boxes, rounds: [], judged: {}, queue: { ...EMPTY, ...queue } } as unknown as ResearchState;
  return runsTree(state, NOW);
}

const described = (nodes: readonly TreeNode[] = []) => nodes.map((node) => `${node.label}: ${node.description}`);
const group = (nodes: readonly TreeNode[], label: string) => nodes.find((node) => node.label === label);

describe('the Runs view', () => {
  const gpu = (index: number, uuid: string) => ({ index, uuid });
  const lab = {
    name: 'lab-1',
    kind: 'ssh',
    where: 'lab-1',
    running: 1,
    waiting: 0,
    report: { gpus: [gpu(0, 'GPU-a'), gpu(3, 'GPU-b')] },
  } as unknown as BoxNode;
  const working = run('r1', {
    state: 'running',
    box: 'lab-1',
    gpus: ['GPU-b', 'GPU-a'],
    startedAt: NOW - 8 * MINUTE,
    lastMetric: { name: 'val_loss', value: 2.345678, step: 40 },
  });

  it('groups what runs, what waits on boxes, the queue in its order, and what ended', () => {
    const nodes = tree(
      [
        run('q2', { state: 'queued', seed: 2 }),
        run('q1', { state: 'queued', seed: 3, wants: 'lab-2' }),
        run('w2', { state: 'waiting', box: 'lab-1', position: 2, seed: 5 }),
        run('w1', { state: 'waiting', box: 'lab-1', position: 1, seed: 4 }),
        run('s1', { state: 'shipping', box: 'lab-1', seed: 6 }),
        working,
        run('e1', { box: 'lab-1', objective: { state: 'ok', value: 2.5 }, startedAt: 0, endedAt: 65_000 }),
        run('e2', { box: 'lab-1', state: 'failed', endedAt: 70_000, attempt: 2 }),
      ],
      { order: ['q1', 'q2'], seconds: { r1: 1200, w1: 1200, q1: 1200 } },
      [lab],
    );
    assert.deepEqual(described(nodes), ['Running: 1', 'Waiting on Boxes: 3', 'Queue: 2', 'Ended: 2']);
    assert.deepEqual(described(group(nodes, 'Running')?.children), [
      '#3.1 · seed 1: lab-1 GPU 3, 0 · 8m of about 20m · val_loss 2.3457 @ 40',
    ]);
    assert.deepEqual(described(group(nodes, 'Waiting on Boxes')?.children), [
      '#3.1 · seed 4: 1st on lab-1 · about 20m',
      '#3.1 · seed 5: 2nd on lab-1',
      '#3.1 · seed 6: sending to lab-1',
    ]);
    assert.deepEqual(described(group(nodes, 'Queue')?.children), [
      '#3.1 · seed 3: 1st · for lab-2 · about 20m',
      '#3.1 · seed 2: 2nd',
    ]);
    assert.deepEqual(described(group(nodes, 'Ended')?.children), [
      '#3.1 · seed 1: failed on lab-1 · attempt 2',
      '#3.1 · seed 1: 2.5000 on lab-1 · 1m 5s',
    ]);
  });

  it('offers on each run what makes sense there', () => {
    const states = ['queued', 'waiting', 'running', 'succeeded'] as const;
    const contexts = states.map((state) => {
      const box = state === 'queued' ? undefined : 'lab-1';
      return tree([run('r', { state, box })], { order: ['r'] })[0]?.children?.[0]?.context;
    });
    assert.deepEqual(contexts, [
      'run canCancel isQueued',
      'run canCancel onBox',
      'run canCancel onBox',
      'run canReplicate onBox',
    ]);
  });

  it('says when a run should end, and when nobody knows', () => {
    const tooltip = (seconds: Readonly<Record<string, number>>) =>
      (tree([working], { seconds }, [lab])[0]?.children?.[0]?.tooltip ?? '').replace(/&#(\d+);/g, (_, code) =>
        String.fromCharCode(Number(code)),
      );
    assert.match(tooltip({ r1: 1200 }), /took about 20m on H100: it should end at about \d\d:\d\d/);
    assert.match(tooltip({ r1: 300 }), /took about 5m on H100; this one is at it for 8m/);
    assert.match(tooltip({}), /not known yet: no run of this base has succeeded on H100/);
  });

  it('keeps an unreachable run where it was, and says where a moved one went', () => {
    const nodes = tree([
      { ...working, unreachableSince: NOW },
      run('m1', { state: 'waiting', box: 'lab-1', moving: true, cancelAsked: true, unreachableSince: NOW, seed: 2 }),
      run('m1-a2', { state: 'running', box: 'lab-2', retries: 'm1', attempt: 2, startedAt: NOW, seed: 2 }),
    ]);
    const [first, second] = group(nodes, 'Running')?.children ?? [];
    assert.match(first?.description ?? '', /^lab-1 unreachable since \d\d:\d\d · lab-1 · 8m/);
    assert.equal(first?.icon, 'debug-disconnect');
    assert.equal(second?.description, 'lab-2 · 0s · attempt 2');
    const [moved] = group(nodes, 'Waiting on Boxes')?.children ?? [];
    assert.match(moved?.description ?? '', /^moved to lab-2 · lab-1 unreachable since/);
    assert.equal(moved?.icon, 'arrow-swap');
    const gone = tree([run('g', { state: 'cancelled', box: 'lab-1', moving: true, cancelAsked: true })]);
    assert.equal(gone[0]?.children?.[0]?.description, 'moved from lab-1');
  });

  it('shows a paused queue, also an empty one, with the way back', () => {
    const [queue] = tree([], { paused: true });
    assert.equal(queue?.description, 'paused · 0 runs');
    assert.equal(queue?.context, 'queue isPaused');
    assert.deepEqual(tree([]), [], 'else the welcome text shows');
  });

  it('says at the top which results compare with nothing, and what to do', () => {
    const withoutBaseline = [{ comparisonClass: 'A100', trials: 2, boxes: ['lab-2'] }];
    const [first] = tree([working], { withoutBaseline });
    assert.equal(first?.label, 'No baseline on A100');
    assert.match(first?.description ?? '', /^2 runs there compare with nothing/);
    assert.equal(first?.command, 'runBaseline');
    assert.deepEqual(first?.target, { box: 'lab-2' });
  });

  it('stays usable with hundreds of runs', () => {
    const many = Array.from({ length: 500 }, (_, index) => run(`e${index}`, { endedAt: index }));
    const nodes = tree([working, ...many]);
    const ended = group(nodes, 'Ended');
    assert.equal(ended?.description, '500');
    assert.equal(ended?.expanded, false, 'what runs stays on screen');
    assert.equal(ended?.children?.length, 201);
    assert.deepEqual(described(ended?.children?.slice(-1)), ['300 earlier: in the leaderboard']);
    assert.equal(ended?.children?.[0]?.id, 'run/e499', 'newest first');
  });

  it('tells in a log’s terminal what the run waits for, and how it ended', () => {
    const waiting = run('w', { state: 'waiting', box: 'lab-1', position: 2 });
    assert.equal(
      logHead(waiting, { onBox: 2, usualMs: 20 * MINUTE }),
      '#3.1 · seed 1: 2nd on lab-1, about 20m. Its log follows here.',
    );
    const failed = run('f', {
      state: 'failed',
      box: 'lab-1',
      exitCode: 3,
      startedAt: 0,
      endedAt: MINUTE,
      reason: 'It broke.',
    });
    assert.equal(logTail(failed), '#3.1 · seed 1 failed: failed on lab-1, 1m, exit code 3. It broke.');
  });
});
