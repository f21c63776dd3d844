import { strict as assert } from 'node:assert';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Run, RunId } from '../../../src/core/domain/index.ts';
import type { Question, Research, SearchOptions } from '../../../src/core/research.ts';
import { openStore } from '../../../src/core/store/index.ts';
import { agreeingHost, makePlace, openAt, type Place, until } from '../../support/research.ts';

const ONE_BOX = 'boxes:\n  - { name: here, kind: local, slots: 1 }\n';

/** A repo with hyperparameters whose runs wait for a gate, then print a loss that follows from them. */
function repoWith(gate: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'races-'));
  writeFileSync(
    path.join(folder, 'research.yaml'),
    [
      'name: races',
      'run: python3 train.py',
      'objective: { metric: val_loss, goal: minimize }',
      "editable: ['*.py']",
      'resources: { gpus: 0, timeout: 5m }',
      'seed: { env: SEED }',
      '',
    ].join('\n'),
  );
  const knobs = ['rate', 'decay', 'momentum', 'warmup', 'dropout', 'clip', 'noise', 'scale'];
  writeFileSync(
    path.join(folder, 'train.py'),
    [
      'import argparse, os, time',
      'parser = argparse.ArgumentParser()',
      ...knobs.map((name, index) => `parser.add_argument("--${name}", type=float, default=0.${index + 1})`),
      'args = parser.parse_args()',
      `while not os.path.exists("${gate}"):`,
      '    time.sleep(0.05)',
      `print("step 1: val_loss", sum(vars(args).values()) + float(os.environ["SEED"]) / 1000)`,
      'print("val_loss:", sum(vars(args).values()))',
      '',
    ].join('\n'),
  );
  return folder;
}

describe('several who want something at once', () => {
  let source: string;
  let gate: string;
  let place: Place;
  let research: Research;
  const openGate = () => writeFileSync(gate, '');
  const search = (more: Partial<SearchOptions> = {}): SearchOptions => ({
    approve: 'all',
    rounds: 1,
    ideasPerRound: 2,
    seeds: 1,
    baselineSeeds: 1,
    boxes: [],
    budgets: {},
    ...more,
  });
  const runOf = async (id: RunId): Promise<Run | undefined> =>
    (await research.state()).runs.find((run) => run.id === id);
  const searches = async () => {
    const { pid } = process;
    const store = await openStore({ ...place.system, file: path.join(place.repo, '.git/research/research.db'), pid });
    try {
      return await store.searches();
    } finally {
      await store.close();
    }
  };

  beforeEach(async () => {
    gate = path.join(mkdtempSync(path.join(tmpdir(), 'gate-')), 'open');
    source = repoWith(gate);
    place = makePlace(source);
    place.boxes(ONE_BOX);
    research = await openAt(place);
  });

  afterEach(async () => {
    openGate();
    await research.close();
    place.dispose();
    rmSync(source, { recursive: true, force: true });
    rmSync(path.dirname(gate), { recursive: true, force: true });
  });

  it('two windows that press Review on one idea get one candidate', async () => {
    const [idea = 0] = await research.generateIdeas({ count: 1 });
    const other = await openAt(place, { mayDrive: false });
    const made = await Promise.all([research.implement(idea), other.implement(idea)]);
    await other.close();
    assert.deepEqual(
      made.map((candidate) => [candidate.id, candidate.state]),
      [
        [`${idea}.1`, 'ready'],
        [`${idea}.1`, 'ready'],
      ],
    );
  });

  it('two that press Generate Ideas together get one set of ideas', async () => {
    const sets = await Promise.all([research.generateIdeas({ count: 3 }), research.generateIdeas({ count: 3 })]);
    assert.deepEqual(sets[0], sets[1]);
    assert.equal((await research.state()).rounds[0]?.ideas.filter((node) => node.status !== 'dropped').length, 3);
  });

  it('a second search is refused while one runs', async () => {
    const first = research.startSearch(search());
    await until(research, 'the first search', async () => (await research.state()).search);
    await assert.rejects(research.startSearch(search()), { code: 'search-running' });
    openGate();
    assert.equal((await first).rounds.length, 1);
  });

  it('an idea that is dropped in the middle of a search does not end it', async () => {
    openGate();
    const running = research.startSearch(search({ approve: 'ask', ideasPerRound: 6 }));
    const ideas = await until(research, 'every patch ready, beyond those that are implemented at once', async () => {
      const nodes = (await research.state()).rounds[0]?.ideas ?? [];
      const ready = nodes.filter((node) => node.candidates.some((candidate) => candidate.state === 'ready'));
      return ready.length === 6 ? ready : undefined;
      // Six patches, their gates and a baseline, on a machine that may be doing a lot else.
    });
    const [kept, ...rest] = ideas;
    for (const node of rest) await research.rejectIdea(node.idea.id, 'not now');
    await research.approveAll(kept?.candidates[0]?.id ?? '', 'person');
    const result = await running;
    assert.equal(result.best?.idea, kept?.idea.id);
  });

  it('a search that fails, and one that is stopped, no longer count as running', async () => {
    const running = research.startSearch(search());
    const [first] = await until(research, 'the baseline on its box', async () => {
      const { runs } = await research.state();
      return runs.some((run) => run.state === 'running') ? runs : undefined;
    });
    await research.cancelRun(first?.id ?? '');
    await assert.rejects(running, { code: 'no-baseline' });
    assert.equal((await research.state()).search, undefined);
    const [failed] = await searches();
    assert.equal(failed?.state, 'stopped');
    assert.match(failed?.why ?? '', /baseline/);
  });

  it('a stopped search takes back what no box has yet', async () => {
    const stopped = research.startSearch(search({ baselineSeeds: 6 })).catch((error: unknown) => error);
    const queued = await until(research, 'more runs than the box takes', async () => {
      const { runs } = await research.state();
      const waiting = runs.filter((run) => run.state === 'queued');
      return runs.length === 6 && runs.some((run) => run.state === 'running') && waiting.length > 0
        ? waiting
        : undefined;
    });
    await research.stopSearch();
    await stopped;
    const ended = await research.waitForRuns(queued.map((run) => run.id));
    assert.deepEqual(new Set(ended.map((run) => run.state)), new Set(['cancelled']));
    const [row] = await searches();
    assert.deepEqual([row?.state, row?.why], ['stopped', 'Stopped by a person.']);
  });

  it('a search keeps within its budget of runs', async () => {
    openGate();
    await research.startSearch(search({ ideasPerRound: 6, budgets: { runs: 3 } }));
    assert.equal((await research.state()).runs.length, 3);
  });

  it('a run on a box that boxes.yaml lost says so, and ends when it is given up', async () => {
    const [id = ''] = await research.runBaseline({ seeds: 1 });
    await until(research, 'it running', async () => ((await runOf(id))?.state === 'running' ? true : undefined));
    place.boxes('boxes:\n  - { name: here, kind: nonsense }\n');
    await until(research, 'the slip in the file', async () => (await research.state()).boxesProblems[0]);
    assert.equal((await runOf(id))?.state, 'running', 'a slip in the file takes no box away');
    place.boxes('boxes:\n  - { name: other, kind: local, slots: 1 }\n');
    const why = await until(research, 'the reason', async () => (await runOf(id))?.reason);
    assert.match(why, /no box named here/);
    await research.cancelRun(id);
    const [ended] = await research.waitForRuns([id]);
    assert.equal(ended?.state, 'cancelled');
    assert.match(ended?.reason ?? '', /Given up/);
  });

  it('a lost run is tried once more, and an exit found later replaces lost', async () => {
    const [id = ''] = await research.runBaseline({ seeds: 1 });
    await until(research, 'it running', async () => ((await runOf(id))?.state === 'running' ? true : undefined));
    const folder = path.join(place.data, 'research-copilot/v1/runs', id);
    const pid = Number(readFileSync(path.join(folder, 'pid'), 'utf8').split(/\s/)[0]);
    process.kill(pid, 'SIGKILL');
    const again = await until(research, 'the next try', async () =>
      (await research.state()).runs.find((run) => run.retries === id),
    );
    await until(research, 'it lost', async () => ((await runOf(id))?.state === 'lost' ? true : undefined));
    assert.equal(again.attempt, 2);
    writeFileSync(path.join(folder, 'exit'), `7 exited ${Math.round(Date.now() / 1000)}\n`);
    await until(research, 'the late exit', async () => ((await runOf(id))?.state === 'failed' ? true : undefined));
    assert.equal((await runOf(id))?.exitCode, 7);
    openGate();
    const [ended] = await research.waitForRuns([again.id]);
    assert.equal(ended?.state, 'succeeded', ended?.reason);
  });

  it('who still waits when the window closes is told', async () => {
    const runs = await research.runBaseline({ seeds: 1 });
    const waiting = assert.rejects(research.waitForRuns(runs), { code: 'closing' });
    await research.close();
    await waiting;
  });

  it('the commands a person is asked about are those that run: the base’s', async () => {
    await research.close();
    const asked: Question[] = [];
    const host = agreeingHost({
      confirm: async (question) => {
        asked.push(question);
        return true;
      },
    });
    research = await openAt(place, { host });
    await research.newBase();
    const file = path.join(place.repo, 'research.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('python3 train.py', 'python3 train.py --rate 0.5'));
    openGate();
    const [id = ''] = await research.runBaseline({ seeds: 1 });
    await research.waitForRuns([id]);
    assert.equal(asked.length, 1);
    assert.match(asked[0]?.detail ?? '', /^run: python3 train\.py$/m);
    assert.ok(readdirSync(path.join(place.repo, '.git/research/logs')).includes(`${id}.log`));
  });
});
