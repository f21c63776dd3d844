import assert from 'node:assert/strict';
import type { Candidate, Idea, Run } from '../../../src/core/domain/index.ts';
import { shownResults } from '../../../src/core/research/state.ts';
import type { ResearchState } from '../../../src/core/research/types.ts';
import { foldResults } from '../../../src/core/search/index.ts';
import { ideasTree } from '../../../src/vscode/views/ideas-tree.ts';

const HOSTILE = '[click](command:research.cleanUp) <img src=x> $(trash)';

function idea(id: number, more: Partial<Idea> = {}): Idea {
  return {
    id,
    base: 1,
    round: 0,
    lane: 'model',
    move: 'explore',
    title: `Idea ${id}`,
    hypothesis: HOSTILE,
    details: '',
    expected: '',
    risk: '',
    edits: [],
    parents: [],
    pinned: false,
    createdAt: 0,
    ...more,
  };
}

function candidate(id: string, state: Candidate['state']): Candidate {
  const [owner = '0', number = '1'] = id.split('.');
  return {
    id,
    idea: Number(owner),
    number: Number(number),
    base: 1,
    state,
    cutFrom: 'a',
    reasons: [],
    findings: [],
    tags: [],
    createdAt: 0,
  };
}

function run(id: string, more: Partial<Run>): Run {
  return {
    id,
    base: 1,
    purpose: 'trial',
    seed: 1,
    attempt: 1,
    state: 'succeeded',
    verified: true,
    counts: true,
    cancelAsked: false,
    logBytes: 0,
    queuedAt: 0,
    comparisonClass: '1/cpu',
    ...more,
  };
}

function state(more: Partial<ResearchState>): ResearchState {
  const environment = {
    ok: true,
    value: { objective: { goal: 'minimize' } },
  } as unknown as ResearchState['environment'];
  return {
    root: '/r',
    environment,
    ideator: { lane: 'model', label: 'gpt' },
    rounds: [],
    runs: [],
    judged: {},
    results: {},
    queue: { paused: false, order: [], seconds: {}, withoutBaseline: [] },
    boxes: [],
    boxesProblems: [],
    requests: [],
    driver: { here: true },
    ...more,
  };
}

const round = (number: number) =>
  ({ base: 1, number, ideator: 'gpt', exploitShare: 0.5, asked: 6, state: 'open', createdAt: 0 }) as const;

const idea2 = () => ({ idea: idea(2), status: 'ready' as const });

describe('the Ideas view', () => {
  const ideas = [
    { idea: idea(1), candidates: [candidate('1.1', 'approved')], status: 'succeeded' as const },
    { idea: idea(2), candidates: [candidate('2.1', 'ready')], status: 'ready' as const },
    { idea: idea(3), candidates: [], status: 'proposed' as const },
    { idea: idea(4, { dropped: 'said before' }), candidates: [], status: 'dropped' as const },
  ];
  const value = (number: number) => ({ state: 'ok', value: number }) as const;
  const runs = [
    run('b1', { purpose: 'baseline', objective: value(3) }),
    run('b2', { purpose: 'baseline', objective: value(3.2), seed: 2 }),
    run('t1', { candidate: '1.1', objective: value(2.6) }),
    run('t2', { candidate: '1.1', objective: value(9), counts: false }),
  ];
  const shown = state({
    rounds: [
      { round: round(0), ideas },
      { round: round(1), ideas: [] },
    ],
    runs,
    results: shownResults(
      foldResults(
        'minimize',
        ideas.flatMap((node) => node.candidates),
        runs,
      ),
    ),
  });
  const [, first] = ideasTree(shown, new Map());
  const nodes = first?.children ?? [];

  it('tells the warnings of a patch beside its state, and their words on hover', () => {
    const warning = { gate: 'network', code: 'network-added', path: 'a.py', line: 3, severity: 'warning' } as const;
    const findings = [
      { ...warning, message: 'brings in wandb.init' },
      { ...warning, line: 4, message: 'brings in load_dataset' },
      { ...warning, severity: 'info' as const, message: 'only said' },
    ];
    const warned = { ...candidate('2.1', 'ready'), findings, tags: ['seed-only' as const] };
    const one = state({ rounds: [{ round: round(0), ideas: [{ ...idea2(), candidates: [warned] }] }] });
    const node = ideasTree(one, new Map())[0]?.children?.[0];
    assert.match(node?.description ?? '', / · seed only · 2 warnings$/);
    assert.match(node?.tooltip ?? '', /a&#46;py&#58;3&#58; brings in wandb/);
  });

  it('says why nothing comes of an idea: whom it repeats, and who turned it down', () => {
    const twin = { ...candidate('6.1', 'ready'), duplicateOf: '5.1' };
    const nodesOf = (...own: ResearchState['rounds'][number]['ideas']) =>
      ideasTree(state({ rounds: [{ round: round(0), ideas: own }] }), new Map())[0]?.children ?? [];
    const shownOf = nodesOf(
      { idea: idea(4, { dropped: 'too close to #1 "Idea 1"' }), candidates: [], status: 'dropped' },
      { idea: idea(5, { dropped: 'too slow', rejection: 'too slow' }), candidates: [], status: 'dropped' },
      { idea: idea(6, { pinned: true }), candidates: [twin], status: 'duplicate' },
    );
    assert.match(shownOf[0]?.description ?? '', / · too close to #1 "Idea 1"$/);
    assert.match(shownOf[1]?.description ?? '', / · rejected by you: too slow$/);
    assert.match(shownOf[2]?.description ?? '', /^pinned · .* · the same patch as #5\.1$/);
    assert.match(shownOf[2]?.context ?? '', /\bcanUnpin\b/);
  });

  it('puts the newest round first, unfolded', () => {
    assert.deepEqual(
      ideasTree(shown, new Map()).map((node) => [node.label, node.expanded]),
      [
        ['Round 1', true],
        ['Round 0', false],
      ],
    );
    assert.equal(first?.description, '4 ideas, 1 with a result');
  });

  it('shows a result with its difference to the baseline, counted runs only', () => {
    assert.equal(nodes[0]?.label, '#1 2.6000  Δ −0.5000 ▲');
    assert.equal(nodes[0]?.description, 'Idea 1');
    assert.deepEqual([nodes[1]?.label, nodes[1]?.description], ['#2 Idea 2', 'ready']);
  });

  it('shows a number that nobody has confirmed with that mark, and as no better one', () => {
    const doubted = [...runs.slice(0, 2), run('t1', { candidate: '1.1', objective: value(0.001) })];
    const results = shownResults(foldResults('minimize', [candidate('1.1', 'approved')], doubted));
    const node = ideasTree({ ...shown, runs: doubted, results }, new Map())[1]?.children?.[0];
    assert.equal(node?.label, '#1 0.0010  Δ −3.0990 · not confirmed');
  });

  it('offers on each idea what makes sense there', () => {
    assert.deepEqual(
      nodes.map((node) => node.context),
      [
        'idea canEdit canPin canRun canApply hasAttempts',
        'idea canEdit canReview canApprove canReject canPin hasAttempts',
        'idea canEdit canReview canImplement canReject canPin',
        'idea canRestore',
      ],
    );
  });

  it('shows the files of an open review with what is still to decide', () => {
    const file = { path: 'src/train.py', kind: 'modified', added: 3, removed: 1, undecided: 2 };
    const review = new Map([['2.1', [file, { ...file, path: 'model.py', undecided: 0 }]]]);
    const node = ideasTree(shown, review)[1]?.children?.[1];
    assert.equal(node?.description, 'in review, 2 to decide');
    assert.deepEqual(
      node?.children?.map((one) => [one.label, one.description]),
      [
        ['train.py', '+3 −1 · 2 hunks to decide · src'],
        ['model.py', '+3 −1 · decided'],
      ],
    );
    assert.deepEqual(node?.children?.[0]?.target, { idea: 2, candidate: '2.1', path: 'src/train.py' });
  });

  it('shows a file that moved as one line that says from where', () => {
    const moved = { path: 'src/net.py', from: 'model.py', kind: 'renamed', added: 1, removed: 1, undecided: 2 };
    const node = ideasTree(shown, new Map([['2.1', [moved]]]))[1]?.children?.[1]?.children?.[0];
    assert.equal(node?.label, 'net.py');
    assert.equal(node?.description, '+1 −1 · 2 hunks to decide · src · from model.py');
    assert.equal(node?.icon, 'diff-renamed');
    assert.match(node?.tooltip ?? '', /^model&#46;py → src.*net.*\(renamed\)/);
  });

  it('lets no words of a model do anything in a tooltip', () => {
    for (const node of nodes) assert.doesNotMatch(node.tooltip ?? '', /\]\(|<img|\$\(/);
  });
});
