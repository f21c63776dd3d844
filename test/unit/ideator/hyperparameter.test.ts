import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import fc from 'fast-check';
import {
  type Base,
  type Candidate,
  type Edit,
  type Idea,
  isHumanError,
  type Summary,
  summarise,
} from '../../../src/core/domain/index.ts';
import { parseEnvironment, readHyperparameters } from '../../../src/core/environment/index.ts';
import {
  createHyperparameterIdeator,
  type IdeaRequest,
  type Outcome,
  type ProposedIdea,
} from '../../../src/core/ideator/index.ts';
import { seededRandom } from '../../../src/core/system/index.ts';
import { copyExample, lastLoss, needPython, train } from '../../support/quickstart.ts';

const FILES = ['train.py', 'model.py', 'data.py', 'evaluate.py', 'README.md'];

async function quickstartFiles(): Promise<ReadonlyMap<string, string>> {
  const texts = FILES.map(async (file) => [file, await fs.readFile(`examples/quickstart/${file}`, 'utf8')] as const);
  return new Map(await Promise.all(texts));
}

async function quickstartBase(): Promise<Base> {
  const parsed = parseEnvironment(await fs.readFile('examples/quickstart/research.yaml', 'utf8'), 'research.yaml');
  assert.ok(parsed.ok);
  const base = { id: 1, commit: '0'.repeat(40), snapshot: false, environmentHash: '', branch: 'main', createdAt: 0 };
  return { ...base, environment: parsed.value };
}

interface Round {
  readonly explore: number;
  readonly exploit: number;
  readonly parents?: readonly Outcome[];
  readonly history?: readonly Outcome[];
  readonly files?: ReadonlyMap<string, string>;
  readonly base?: Base;
  readonly baseline?: Summary;
}

async function propose(seed: number, round: Round): Promise<ProposedIdea[]> {
  const ideas: ProposedIdea[] = [];
  const request: IdeaRequest = {
    base: round.base ?? (await quickstartBase()),
    round: 0,
    explore: round.explore,
    exploit: round.exploit,
    parents: round.parents ?? [],
    history: round.history ?? [],
    baseline: round.baseline,
    brief: '',
    files: round.files ?? (await quickstartFiles()),
    context: { files: [], leftOut: [], tokens: 0 },
    key: 'k',
    onIdea: async (idea) => {
      ideas.push(idea);
    },
  };
  await createHyperparameterIdeator({ random: seededRandom(seed) }).propose(request);
  return ideas;
}

/** The outcome of a proposed idea that changed the objective by `delta`. */
function outcome(id: number, proposed: ProposedIdea, delta: number): Outcome {
  const { dropped: _, ...words } = proposed;
  const idea: Idea = { id, base: 1, round: 0, lane: 'hyperparameter', pinned: false, createdAt: 0, ...words };
  const candidate: Candidate = {
    ...{ id: `${id}.1`, idea: id, number: 1, base: 1, state: 'approved', cutFrom: '0'.repeat(40) },
    ...{ reasons: [], findings: [], tags: [], createdAt: 0 },
  };
  return { idea, candidate, verdict: delta < 0 ? 'better' : 'worse', delta };
}

function single(edits: readonly Edit[]): ProposedIdea {
  return { title: 'T', hypothesis: '', details: '', expected: '', risk: '', edits, move: 'explore', parents: [] };
}

const RATE: Edit = { path: 'train.py', name: 'learning_rate', from: '0.5', to: '1.5' };
const BATCH: Edit = { path: 'train.py', name: 'batch_size', from: '32', to: '16' };
const DECAY: Edit = { path: 'train.py', name: 'weight_decay', from: '0.01', to: '0.03' };
const values = (idea: ProposedIdea) => Object.fromEntries(idea.edits.map((edit) => [edit.name, edit.to]));

describe('the hyperparameter ideator', () => {
  it('leaves alone what the command says itself: another default would change nothing', async () => {
    const base = await quickstartBase();
    const files = new Map([
      [
        'train.py',
        'p.add_argument("--learning_rate", type=float, default=0.1)\np.add_argument("--width", type=int, default=8)\n',
      ],
    ]);
    for (const [run, moved] of [
      ['python3 train.py', ['learning_rate', 'width']],
      ['python3 train.py --learning-rate=0.2', ['width']],
      ['python3 train.py --learning_rate 0.2 --width_of_other 3', ['width']],
    ] as const) {
      const environment = { ...base.environment, run };
      const ideas = await propose(1, { explore: 4, exploit: 0, files, base: { ...base, environment } });
      const names = new Set(ideas.flatMap(({ edits }) => edits.map(({ name }) => name)));
      assert.deepEqual([...names].sort(), moved, run);
    }
  });

  it('starts with single changes of what matters, and is repeatable', async () => {
    const ideas = await propose(1, { explore: 8, exploit: 0 });
    assert.equal(ideas.length, 8);
    assert.deepEqual(ideas, await propose(1, { explore: 8, exploit: 0 }));
    const names = new Set(ideas.flatMap((idea) => idea.edits.map((edit) => edit.name)));
    for (const name of ['learning_rate', 'batch_size', 'weight_decay']) assert.ok(names.has(name), name);
    for (const idea of ideas) {
      assert.equal(idea.edits.length, 1);
      assert.equal(idea.move, 'explore');
      assert.deepEqual(idea.parents, []);
      for (const words of [idea.title, idea.hypothesis, idea.details, idea.expected, idea.risk]) assert.ok(words);
    }
  });

  it('leaves seeds, cadence, budgets and protected files alone, however much is asked for', async () => {
    const ideas = await propose(2, { explore: 200, exploit: 0 });
    for (const edit of ideas.flatMap((idea) => idea.edits)) {
      assert.ok(!/seed|interval|max_iters|CHARACTERS|HISTORY/.test(edit.name), edit.name);
      assert.ok(['train.py', 'model.py'].includes(edit.path), edit.path);
    }
  });

  it("says what changes in a person's words", async () => {
    const ideas = await propose(3, { explore: 12, exploit: 0 });
    const rate = ideas.find((idea) => idea.edits[0]?.name === 'learning_rate' && idea.edits[0].to === '1.5');
    assert.equal(rate?.title, 'Raise the learning rate from 0.5 to 1.5');
    assert.equal(rate?.details, 'In train.py set `learning_rate` to 1.5 (it is 0.5).');
  });

  it('edits literals of the base that read back as the same kind of value', async () => {
    const files = await quickstartFiles();
    const known = readHyperparameters(files);
    for (const edit of (await propose(4, { explore: 60, exploit: 0 })).flatMap((idea) => idea.edits)) {
      const at = known.find((one) => one.path === edit.path && one.name === edit.name);
      assert.equal(at?.literal, edit.from);
      assert.match(edit.to, at?.type === 'int' ? /^\d+$/ : /^\d+\.\d+$/);
    }
  });

  it('never proposes a set of edits twice, nor one that was tried', async () => {
    const key = (idea: ProposedIdea) => JSON.stringify(Object.entries(values(idea)).sort());
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 12 }), async (seed, count) => {
        const first = await propose(seed, { explore: count, exploit: 0 });
        const history = first.map((idea, index) => outcome(index + 1, idea, index % 2 === 0 ? -0.1 : 0.1));
        const parents = history.filter((one) => one.verdict === 'better');
        const second = await propose(seed + 1, { explore: 3, exploit: count, parents, history });
        assert.equal(second.length, count + 3);
        const all = [...first, ...second].map(key);
        assert.equal(new Set(all).size, all.length);
      }),
      { numRuns: 30 },
    );
  });

  it('joins two winners, takes a winner further, and adds to it; the parents are named', async () => {
    const parents = [outcome(1, single([RATE]), -0.2), outcome(2, single([BATCH]), -0.1)];
    const ideas = await propose(5, { explore: 0, exploit: 4, parents, history: parents });
    const both = ideas.find((idea) => idea.move === 'crossover');
    assert.deepEqual(both && values(both), { learning_rate: '1.5', batch_size: '16' });
    assert.deepEqual(
      both?.parents.map((parent) => parent.candidate),
      ['1.1', '2.1'],
    );
    const further = ideas.find((idea) => idea.edits.length === 1 && idea.edits[0]?.name === 'learning_rate');
    assert.deepEqual(further?.edits, [{ ...RATE, to: '4.5' }]);
    assert.deepEqual(further?.parents, [{ candidate: '1.1', role: 'exploit' }]);
    const added = ideas.find((idea) => idea.move === 'exploit' && idea.edits.length === 2);
    assert.equal(added?.edits[0]?.from, '0.5', "from is the base's literal, not the parent's");
    assert.ok(ideas.every((idea) => idea.parents.length > 0));
  });

  it('goes the other way where the only parent lost', async () => {
    const parents = [outcome(1, single([DECAY]), 0.2)];
    const [idea] = await propose(6, { explore: 0, exploit: 1, parents, history: parents });
    assert.deepEqual(idea?.edits, [{ ...DECAY, to: '0.0033' }]);
    assert.deepEqual(idea?.parents, [{ candidate: '1.1', role: 'exploit' }]);
  });

  it('follows the results: with the outcomes swapped it builds on the other one', async () => {
    const build = async (rate: number, batch: number) => {
      const history = [outcome(1, single([RATE]), rate), outcome(2, single([BATCH]), batch)];
      const parents = history.filter((one) => one.verdict === 'better');
      return (await propose(7, { explore: 0, exploit: 3, parents, history })).flatMap((idea) =>
        idea.parents.map((parent) => parent.candidate),
      );
    };
    assert.deepEqual(new Set(await build(-0.1, 0.1)), new Set(['1.1']));
    assert.deepEqual(new Set(await build(0.1, -0.1)), new Set(['2.1']));
  });

  it('fills an exploit share that it cannot build with new changes', async () => {
    const words = outcome(1, single([]), -0.3);
    const ideas = await propose(8, { explore: 2, exploit: 3, parents: [words], history: [words] });
    assert.equal(ideas.length, 5);
    assert.ok(ideas.every((idea) => idea.move === 'explore'));
  });

  it('keeps values in the bounds their name asks for', async () => {
    const text = 'beta2 = 0.99\ndropout = 0.6\nmomentum = 0.0\nn_layer = 1\nlr = 1e-3\nseed = 3\nout_dir = 4\n';
    const environment = (await quickstartBase()).environment;
    const base = { ...(await quickstartBase()), environment: { ...environment, run: 'python3 train.py' } };
    const ideas = await propose(9, { explore: 60, exploit: 0, files: new Map([['train.py', text]]), base });
    for (const edit of ideas.flatMap((idea) => idea.edits)) {
      const value = Number(edit.to);
      if (edit.name === 'beta2' || edit.name === 'momentum') assert.ok(value >= 0 && value < 1, edit.to);
      if (edit.name === 'dropout') assert.ok(value >= 0 && value <= 0.9, edit.to);
      if (edit.name === 'n_layer') assert.ok(value >= 1, edit.to);
      if (edit.name === 'lr') assert.match(edit.to, /e-/);
      assert.ok(!['seed', 'out_dir'].includes(edit.name));
    }
  });

  it('says what it looked for where there is nothing to change', async () => {
    await assert.rejects(
      propose(10, { explore: 3, exploit: 0, files: new Map([['train.py', 'print(1)\n']]) }),
      (error: unknown) => isHumanError(error) && error.code === 'no-hyperparameters' && /train\.py/.test(error.message),
    );
  });

  it('finds an improvement of the quickstart in two rounds of six', async function () {
    await needPython(this);
    const run = async (edits: readonly Edit[]): Promise<number> => {
      const folder = await copyExample();
      try {
        for (const edit of edits) await put(folder, edit);
        return lastLoss(await train(folder, 1));
      } finally {
        await fs.rm(folder, { recursive: true, force: true });
      }
    };
    const baseline = summarise([await run([])]);
    assert.ok(baseline);
    let history: Outcome[] = [];
    for (const [explore, exploit] of [
      [6, 0],
      [3, 3],
    ] as const) {
      const parents = history
        .filter((one) => one.verdict === 'better')
        .toSorted((a, b) => (a.delta ?? 0) - (b.delta ?? 0));
      const ideas = await propose(11, { explore, exploit, parents, history, baseline });
      const half = async (odd: number) => {
        const results: Outcome[] = [];
        for (const [index, idea] of ideas.entries()) {
          if (index % 2 !== odd) continue;
          results.push(outcome(history.length + index + 1, idea, (await run(idea.edits)) - baseline.mean));
        }
        return results;
      };
      history = [...history, ...(await Promise.all([half(0), half(1)])).flat()];
    }
    const best = Math.min(...history.map((one) => one.delta ?? 0));
    assert.ok(best < -0.1, `the best Δ is ${best}`);
    const bestOfFirst = Math.min(...history.slice(0, 6).map((one) => one.delta ?? 0));
    assert.ok(best <= bestOfFirst);
  });
});

/** What the EditImplementer does, for one edit. */
async function put(folder: string, edit: Edit): Promise<void> {
  const file = path.join(folder, edit.path);
  const text = await fs.readFile(file, 'utf8');
  const at = readHyperparameters(new Map([[edit.path, text]])).find((one) => one.name === edit.name);
  assert.ok(at);
  const lines = text.split('\n');
  const line = lines[at.line - 1] ?? '';
  lines[at.line - 1] = line.slice(0, at.startColumn) + edit.to + line.slice(at.endColumn);
  await fs.writeFile(file, lines.join('\n'));
}
