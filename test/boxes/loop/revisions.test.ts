import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Research } from '../../../src/core/research.ts';
import { type ModelServer, searchReplace, startModelServer } from '../../support/model-server/index.ts';
import { makePlace, openAt, type Place } from '../../support/research.ts';

const TRAIN = 'import math\n\nlr = 3e-4\nsteps = 100\nprint("loss:", lr * steps)\n';
const YAML = 'name: t\nrun: python3 train.py\nobjective: { metric: loss, goal: minimize }\nresources: { gpus: 0 }\n';

const block = (search: string, replace: string) => searchReplace('train.py', search, replace);

/** From a refused answer to the next one, through a real server, a real store and git. */
describe('an implementer whose answers are refused', () => {
  let example: string;
  let place: Place;
  let server: ModelServer;
  let research: Research;
  let answers: string[];

  beforeEach(async () => {
    example = mkdtempSync(path.join(tmpdir(), 'research-example-'));
    mkdirSync(example, { recursive: true });
    writeFileSync(path.join(example, 'train.py'), TRAIN);
    writeFileSync(path.join(example, 'research.yaml'), YAML);
    place = makePlace(example);
    answers = [];
    server = await startModelServer({ answers: () => answers.shift() ?? assert.fail('asked once more than expected') });
    place.model(server.url);
    research = await openAt(place);
  });

  afterEach(async () => {
    await research.close();
    await server.close();
    place.dispose();
    rmSync(example, { recursive: true, force: true });
  });

  const add = () => research.addIdea({ title: 'Lower rate', hypothesis: 'It is noisy.', details: 'lr = 1e-4' });

  it('is asked for the refused edit alone, and both make one patch', async () => {
    answers.push(
      `${block('steps = 100', 'steps = 200')}\n${block('lr = 6e-4', 'lr = 1e-4')}`,
      block('lr = 3e-4', 'lr = 1e-4'),
    );
    const candidate = await research.implement((await add()).id);
    assert.equal(server.requests.length, 2);
    const text = place.git('show', `${candidate.proposal}:train.py`);
    assert.equal(text, TRAIN.replace('100', '200').replace('3e-4', '1e-4'));
    const kept = await research.attempts(candidate.id);
    assert.deepEqual(
      kept.map(({ report }) => report.map(({ outcome }) => outcome)),
      [
        ['exact', 'no-match'],
        ['exact', 'kept: exact'],
      ],
    );
    const calls = await research.modelCalls();
    assert.deepEqual(
      kept.map((attempt) => attempt.modelCall),
      calls.map((call) => call.id),
    );
  });

  it('is told of a package that the box lacks, also before anything ran there', async () => {
    place.boxes('boxes:\n  - { name: here, kind: local, slots: 1 }\n');
    answers.push(
      block('import math', 'import math\nimport nowhere_at_all'),
      block('import math', 'import math\nimport statistics'),
    );
    const candidate = await research.implement((await add()).id);
    assert.match(server.requests[1]?.messages.at(-1)?.content ?? '', /missing-import: .*nowhere_at_all/s);
    assert.deepEqual(candidate.findings, [], 'and nothing is left unchecked');
  });

  it('is asked six times at most, twice from the start, and every answer can be read afterwards', async () => {
    answers.push(...Array.from({ length: 6 }, (_, at) => block(`lr = ${at}`, 'lr = 9')));
    const { id } = await add();
    await assert.rejects(research.implement(id), { code: 'no-match' });
    assert.equal(server.requests.length, 6);
    assert.deepEqual(
      server.requests.map((request) => request.messages.length),
      [2, 4, 6, 2, 4, 6],
    );
    const text = await research.attemptsText(`${id}.1`);
    assert.match(text, /## Attempt 6: refused/);
    for (let at = 0; at < 6; at += 1) assert.ok(text.includes(`lr = ${at}\n=======`), `answer ${at}`);
  });

  it('is not asked again for what it repeats', async () => {
    answers.push('I cannot do that.', 'I cannot do that.', 'I cannot do that.');
    const { id } = await add();
    await assert.rejects(research.implement(id), { code: 'no-edits' });
    assert.equal(server.requests.length, 3);
  });

  it('gives way to a person, whose patch passes the same gates, is the same idea and is counted apart', async () => {
    answers.push('no', 'no', 'no');
    const { id } = await add();
    await assert.rejects(research.implement(id), { code: 'no-edits' });
    const handle = await research.continueByHand(`${id}.1`);
    const hand = handle.candidate.id;
    assert.equal(hand, `${id}.2`);
    assert.deepEqual([handle.candidate.state, handle.candidate.byHand], ['implementing', true]);
    assert.equal((await research.continueByHand(`${id}.1`)).candidate.id, hand, 'it is opened again, not begun again');
    await assert.rejects(research.finishByHand(hand), { code: 'no-op' });
    await assert.rejects(research.approveAll(hand, 'person'), { code: 'not-finished' });
    const file = path.join(handle.review.folder, 'train.py');
    writeFileSync(file, TRAIN.replace('lr * steps', 'no_such_name'));
    await assert.rejects(research.finishByHand(hand), { code: 'gate-refused', message: /train\.py:5: .*no_such_name/ });
    writeFileSync(file, TRAIN.replace('3e-4', '1e-4'));
    const finished = await research.finishByHand(hand);
    assert.deepEqual([finished.state, finished.kind, finished.byHand], ['ready', 'hyperparameter', true]);
    assert.match(finished.patchHash ?? '', /^[0-9a-f]{64}$/);
    assert.equal(place.git('show', `${finished.proposal}:train.py`), TRAIN.replace('3e-4', '1e-4'));
    assert.equal((await research.approve(hand)).state, 'approved');
    assert.equal(server.requests.length, 3);
    const row = (await research.leaderboard()).rows.find((one) => one.candidate === hand);
    assert.equal(row?.byHand, true);
  });

  it('may be asked again while a person writes, and what they give up is no rejected patch', async () => {
    answers.push('no', 'no', 'no', block('lr = 3e-4', 'lr = 1e-4'));
    const { id } = await add();
    await assert.rejects(research.implement(id), { code: 'no-edits' });
    const { candidate } = await research.continueByHand(`${id}.1`);
    const made = await research.implement(id);
    assert.deepEqual([made.id, made.byHand], [`${id}.3`, undefined]);
    const left = await research.reject(candidate.id, 'no time');
    assert.deepEqual([left.state, left.failure?.code], ['failed', 'given-up']);
    await assert.rejects(research.continueByHand(made.id), { code: 'not-failed' });
  });
});
