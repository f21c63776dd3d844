import { strict as assert } from 'node:assert';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { isHumanError } from '../../../src/core/domain/index.ts';
import type { Research, ReviewHandle } from '../../../src/core/research.ts';
import { makePlace, openAt, type Place } from '../../support/research.ts';

/** The message of a refusal with this code. */
async function refusal(work: Promise<unknown>, code: string): Promise<string> {
  const error = await work.then(
    () => assert.fail(`expected ${code}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(isHumanError(error), String(error));
  assert.equal(error.code, code, error.message);
  return error.message;
}

describe('what a person accepts passes the gates before it may run', () => {
  let place: Place;
  let research: Research;
  let handle: ReviewHandle;

  before(async () => {
    place = makePlace();
    research = await openAt(place);
  });

  after(async () => {
    await research.close();
    place.dispose();
  });

  beforeEach(async () => {
    const [idea = 0] = await research.generateIdeas({ count: 1 });
    handle = await research.openReview(idea);
  });

  const acceptAll = async () => {
    for (const file of await handle.review.undecided()) await handle.review.acceptFile(file.path);
  };
  const write = (file: string, text: string) => appendFileSync(path.join(handle.review.folder, file), text);

  it('an edit that cannot start is refused with its line, and taken when it is mended', async () => {
    const train = path.join(handle.review.folder, 'train.py');
    const good = readFileSync(train, 'utf8');
    writeFileSync(train, `${good}print(no_such_name)\n`);
    await acceptAll();
    const message = await refusal(research.approve(handle.candidate.id), 'gate-refused');
    assert.match(message, new RegExp(`train\\.py:${good.split('\n').length}: .*no_such_name`));
    writeFileSync(train, good);
    await acceptAll();
    const approved = await research.approve(handle.candidate.id);
    assert.equal(approved.state, 'approved');
    assert.deepEqual(approved.findings, []);
  });

  it('a protected file is never taken, whatever a person does', async () => {
    write('evaluate.py', 'x = 1\n');
    await acceptAll();
    assert.match(await refusal(research.approve(handle.candidate.id), 'gate-refused'), /evaluate\.py.*protected/s);
    assert.equal((await research.state()).rounds.at(-1)?.ideas.at(-1)?.candidates.at(-1)?.state, 'ready');
  });

  it('only what was accepted counts', async () => {
    await acceptAll();
    write('train.py', 'print(no_such_name)\n');
    const codes = async (side: 'accepted' | 'proposed') => (await handle.check(side)).map((one) => one.code);
    assert.deepEqual(await codes('accepted'), []);
    assert.deepEqual(await codes('proposed'), ['undefined-name']);
    for (const file of await handle.review.undecided()) await handle.review.rejectFile(file.path);
    assert.equal((await research.approve(handle.candidate.id)).state, 'approved');
  });

  it('a warning stands with the approved candidate', async () => {
    write('train.py', 'def twice():\n    pass\n\n\ndef twice():\n    pass\n');
    await acceptAll();
    const approved = await research.approve(handle.candidate.id);
    assert.deepEqual(
      approved.findings.map((one) => [one.gate, one.severity]),
      [['syntax', 'warning']],
    );
    const [stored] = (await research.state()).rounds.flatMap((round) =>
      round.ideas.flatMap((node) => node.candidates.filter((one) => one.id === approved.id)),
    );
    assert.deepEqual(stored?.findings, approved.findings);
    assert.deepEqual(
      [handle.candidate.kind, approved.kind],
      ['hyperparameter', 'algorithmic'],
      'it is what they made of it',
    );
  });
});
