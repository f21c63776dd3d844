import { strict as assert } from 'node:assert';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Research } from '../../../src/core/research.ts';
import { type ModelServer, searchReplace, startModelServer } from '../../support/model-server/index.ts';
import { agreeingHost, makePlace, openAt, type Place, until } from '../../support/research.ts';

/** Waits for a file where the test names one, so that a smoke run can be caught in its middle. */
const TRAIN = `import os, sys, time

steps = 1 if "--try" in sys.argv else 100
print("seed", os.environ.get("SEED"), "gpus", os.environ.get("CUDA_VISIBLE_DEVICES"))
gate = os.environ.get("GATE", "")
if gate and "--try" in sys.argv:
    open(gate + ".begun", "w").close()
    while not os.path.exists(gate):
        time.sleep(0.05)
lr = 3e-4
print("loss:", lr * steps)
`;
const YAML = `name: t
run: python3 train.py
smoke: { run: python3 train.py --try, timeout: 20s }
objective: { metric: loss, goal: minimize }
resources: { gpus: 0, timeout: 1m }
seed: { env: SEED }
`;

const block = (search: string, replace: string) => searchReplace('train.py', search, replace);
const CRASHES = block('lr = 3e-4', 'lr = [3e-4][steps]');
const GOOD = block('lr = 3e-4', 'lr = 1e-4');

/** A real run on this machine before a patch is ready, through a real store, real git and a real model server. */
describe('the smoke command of research.yaml', () => {
  let example: string;
  let place: Place;
  let server: ModelServer;
  let research: Research;
  let answers: string[];

  const begin = async (policy: string, yaml = YAML) => {
    writeFileSync(path.join(example, 'research.yaml'), yaml);
    place = makePlace(example);
    place.model(server.url);
    const config = path.join(place.config, 'config.yaml');
    writeFileSync(config, readFileSync(config, 'utf8').replace('smoke_runs: off', `smoke_runs: ${policy}`));
    place.boxes('boxes:\n  - { name: here, kind: local, slots: 2 }\n');
    research = await openAt(place);
  };

  beforeEach(async () => {
    example = mkdtempSync(path.join(tmpdir(), 'research-example-'));
    writeFileSync(path.join(example, 'train.py'), TRAIN);
    answers = [];
    server = await startModelServer({ answers: () => answers.shift() ?? assert.fail('asked once more than expected') });
  });

  afterEach(async () => {
    await research.close();
    await server.close();
    place.dispose();
    rmSync(example, { recursive: true, force: true });
  });

  const add = async () =>
    (await research.addIdea({ title: 'Lower rate', hypothesis: 'It is noisy.', details: 'lr = 1e-4' })).id;
  const runs = async () => (await research.state()).runs.map((run) => `${run.purpose} ${run.state}`).sort();
  const asked = () => server.requests.map((request) => request.messages.at(-1)?.content ?? '');

  it('runs a new patch on a box, and sends it back with what it printed where it fails', async () => {
    await begin('always');
    answers.push(CRASHES, GOOD);
    const candidate = await research.implement(await add());
    assert.equal(candidate.state, 'ready');
    assert.deepEqual(await runs(), ['smoke failed', 'smoke succeeded']);
    const told = String(asked()[1]);
    assert.match(told, /smoke-failed/);
    assert.match(told, /^\s*\| IndexError: list index out of range/m);
    const last = (await research.state()).runs.find((run) => run.state === 'succeeded');
    const log = (await research.readLog(last?.id ?? '', 0, 1000)).toString();
    assert.match(log, /^seed 1 gpus *$/m, 'it takes no GPU');
    assert.equal(last?.objective, undefined, 'what it prints is no result');
    assert.deepEqual(candidate.findings, []);
    const refs = place.git('for-each-ref', '--format=%(refname)', 'refs/research/candidates');
    assert.ok(!refs.includes('smoke'), 'nothing is kept of what was only tried');
    await assert.rejects(research.rerun(last?.id ?? ''), { code: 'smoke-run' });
  });

  it('runs nothing that a person has not seen, unless a search approves all by itself', async () => {
    await begin('unattended');
    answers.push(GOOD);
    await research.implement(await add());
    assert.deepEqual(await runs(), []);
    const idea = {
      title: 'Higher rate',
      hypothesis: 'x',
      details: 'y',
      expected: '',
      risk: '',
      builds_on: [],
      move: 'explore',
    };
    answers.push(JSON.stringify({ ideas: [idea] }), block('lr = 3e-4', 'lr = 2e-4'));
    await research.startSearch({
      ...{ approve: 'all', rounds: 1, ideasPerRound: 1, seeds: 1, baselineSeeds: 1, boxes: [] },
      budgets: { runs: 2 },
    });
    assert.deepEqual(
      await runs(),
      ['baseline succeeded', 'smoke succeeded', 'trial succeeded'],
      'it is none of the runs paid for',
    );
  });

  it('has its own time limit', async () => {
    await begin('always', YAML.replace('20s', '1s').replace('python3 train.py --try', 'sleep 30'));
    answers.push(...Array.from({ length: 6 }, () => GOOD));
    await assert.rejects(research.implement(await add()), { code: 'smoke-failed', message: /had not ended after 1s/ });
    assert.deepEqual(await runs(), ['smoke timed-out'], 'the same bytes are not tried twice');
  });

  it('says so where none could be made, and goes on', async () => {
    await begin('always');
    await research.close();
    research = await openAt(place, {
      host: agreeingHost({ confirm: async ({ kind }) => kind !== 'run-commands' }),
    });
    answers.push(GOOD);
    const { findings } = await research.implement(await add());
    assert.deepEqual(
      findings.map(({ gate, code, severity }) => [gate, code, severity]),
      [['smoke', 'not-checked', 'warning']],
    );
    assert.match(findings[0]?.message ?? '', /nobody has agreed/);
    place.boxes('boxes: []\n');
    answers.push(GOOD.replace('1e-4', '2e-4'));
    const other = await research.implement(await add());
    assert.equal(other.findings[0]?.code, 'not-checked');
    assert.deepEqual(await runs(), []);
  });

  it('is not begun again by a window that goes on where another died', async () => {
    const gate = path.join(example, '..', `${path.basename(example)}-gate`);
    await begin('always', `${YAML}env: { GATE: ${gate} }\n`);
    answers.push(GOOD);
    const id = await add();
    const first = research.implement(id).catch((error: unknown) => error);
    await until(research, 'a smoke run under way', async () => (existsSync(`${gate}.begun`) ? true : undefined));
    await research.close();
    await first;
    research = await openAt(place);
    writeFileSync(gate, '');
    await until(research, 'the candidate', async () => {
      const nodes = (await research.state()).rounds.flatMap((round) => round.ideas);
      return nodes.flatMap((node) => node.candidates).find((one) => one.state === 'ready');
    });
    assert.deepEqual(await runs(), ['smoke succeeded']);
    assert.equal(server.requests.length, 1, 'nothing is paid twice');
    for (const file of [gate, `${gate}.begun`]) rmSync(file);
  });

  it('tries what a person wrote before it is taken', async () => {
    await begin('unattended');
    answers.push(...Array.from({ length: 6 }, (_, at) => block(`no such line ${at}`, 'x')));
    const id = await add();
    await assert.rejects(research.implement(id), { code: 'no-match' });
    const { candidate, review } = await research.continueByHand(`${id}.1`);
    const file = path.join(review.folder, 'train.py');
    writeFileSync(file, TRAIN.replace('lr = 3e-4', 'lr = [3e-4][steps]'));
    await assert.rejects(research.finishByHand(candidate.id), { code: 'gate-refused', message: /IndexError/ });
    writeFileSync(file, TRAIN.replace('lr = 3e-4', 'lr = 1e-4'));
    assert.equal((await research.finishByHand(candidate.id)).state, 'ready');
    assert.deepEqual(await runs(), ['smoke failed', 'smoke succeeded']);
  });
});
