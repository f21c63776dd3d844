import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Store } from '../../../src/core/store/index.ts';
import {
  addApproved,
  addBase,
  addIdea,
  addRun,
  environment,
  lead,
  openTestStore,
  temporaryFolder,
} from '../../support/store.ts';

describe('store: records', () => {
  let folder: string;
  let store: Store;

  beforeEach(async () => {
    folder = await temporaryFolder();
    store = await openTestStore(path.join(folder, 'research.db'));
  });
  afterEach(async () => {
    await store.close();
    await fs.rm(folder, { recursive: true });
  });

  it('gives the same base for the same commit and environment, and remembers the current one', async () => {
    const first = await addBase(store);
    const again = await addBase(store);
    const moved = await addBase(store, 'b'.repeat(40));
    assert.deepEqual(again, first);
    assert.notEqual(moved.id, first.id);
    assert.deepEqual(first.environment, environment);
    assert.equal(await store.currentBase(), undefined);
    await store.setCurrentBase(moved.id);
    assert.deepEqual(await store.currentBase(), moved);
    assert.deepEqual(
      (await store.bases()).map((base) => base.id),
      [first.id, moved.id],
    );
  });

  it('numbers ideas from 1 across bases and candidates within their idea', async () => {
    const one = await addBase(store);
    const two = await addBase(store, 'b'.repeat(40));
    assert.equal((await addIdea(store, one.id)).id, 1);
    const idea = await addIdea(store, two.id);
    assert.equal(idea.id, 2);
    const cutFrom = 'a'.repeat(40);
    assert.equal((await store.addCandidate({ idea: 2, base: two.id, cutFrom })).id, '2.1');
    assert.equal((await store.addCandidate({ idea: 2, base: two.id, cutFrom, revises: '2.1' })).id, '2.2');
    assert.deepEqual(
      (await store.ideas(two.id)).map(({ id }) => id),
      [2],
    );
    assert.deepEqual(
      (await store.candidates({ idea: 2 })).map(({ revises }) => revises),
      [undefined, '2.1'],
    );
  });

  it('keeps what a person did to an idea: words, drop and restore, pin', async () => {
    const base = await addBase(store);
    await addIdea(store, base.id);
    const edited = await store.editIdea(1, { title: 'Wider', risk: 'Slow.' });
    assert.equal(edited.title, 'Wider');
    assert.equal(edited.hypothesis, 'It helps.');
    await store.dropIdea(1, 'too close to #3');
    await store.pinIdea(1, true);
    assert.equal((await store.idea(1))?.dropped, 'too close to #3');
    await store.restoreIdea(1);
    const idea = await store.idea(1);
    assert.equal(idea?.dropped, undefined);
    assert.equal(idea?.pinned, true);
    await store.rejectIdea(1, 'too slow');
    const { dropped, rejection } = (await store.idea(1)) ?? {};
    assert.deepEqual([dropped, rejection], ['too slow', 'too slow']);
    await store.restoreIdea(1);
    assert.equal((await store.idea(1))?.rejection, undefined);
  });

  it('keeps the parents of an idea with their roles, in order and within the base', async () => {
    const base = await addBase(store);
    const parent = await addApproved(store, await addIdea(store, base.id));
    const parents = [
      { candidate: parent, role: 'exploit' },
      { candidate: parent, role: 'context' },
    ] as const;
    const child = await store.addIdea({ ...(await addIdea(store, base.id)), parents });
    assert.deepEqual((await store.idea(child.id))?.parents, parents);
    const other = await addBase(store, 'd'.repeat(40));
    await assert.rejects(store.addIdea({ ...child, base: other.id, parents }), /no parent within base/);
    await assert.rejects(store.addIdea({ ...child, parents: [{ candidate: '9.9', role: 'context' }] }), {
      code: 'not-found',
    });
    assert.equal((await store.ideas()).length, 3, 'a refused idea leaves nothing');
  });

  it('moves candidates only as design allows, each state with what it stands on', async () => {
    const base = await addBase(store);
    const idea = await addIdea(store, base.id);
    const { id } = await store.addCandidate({ idea: idea.id, base: base.id, cutFrom: 'a'.repeat(40) });
    await assert.rejects(store.moveCandidate(id, 'approved', { approved: 'x' }), { code: 'bad-state' });
    await assert.rejects(store.moveCandidate(id, 'ready'), { code: 'bad-state' });
    await store.moveCandidate(id, 'ready', { proposal: 'p', reasons: [{ path: 'a.py', line: 3, text: 'because' }] });
    await assert.rejects(store.moveCandidate(id, 'approved'), { code: 'bad-state' });
    const approved = await store.moveCandidate(id, 'approved', { approved: 'c', approvedBy: 'policy' });
    assert.equal(approved.approvedBy, 'policy');
    const undone = await store.moveCandidate(id, 'ready');
    assert.equal(undone.approved, undefined);
    assert.deepEqual(undone.reasons, [{ path: 'a.py', line: 3, text: 'because' }]);
  });

  it('does not take an approval back once it ran', async () => {
    const base = await addBase(store);
    const candidate = await addApproved(store, await addIdea(store, base.id));
    const lease = await lead(store);
    await addRun(store, lease, base.id, { candidate });
    await assert.rejects(store.moveCandidate(candidate, 'ready'), { code: 'bad-state' });
  });

  it('numbers the attempts of a candidate', async () => {
    const base = await addBase(store);
    const candidate = await addApproved(store, await addIdea(store, base.id));
    const attempt = { candidate, answer: 'text', report: [{ path: 'a', outcome: 'exact', detail: '' }], diff: 'd' };
    await store.addAttempt(attempt);
    await store.addAttempt(attempt);
    const kept = await store.attempts(candidate);
    assert.deepEqual(
      kept.map(({ number }) => number),
      [1, 2],
    );
    assert.deepEqual(kept[0]?.report, attempt.report);
  });

  it('keeps an answer once, also when a later driver is given it again', async () => {
    const base = await addBase(store);
    const candidate = await addApproved(store, await addIdea(store, base.id));
    const call = await store.openCall({
      ...{ key: 'k2', purpose: 'patch', server: 'http://localhost', model: 'm', messages: [], params: {} },
    });
    const attempt = { candidate, modelCall: call.id, answer: 'text', report: [], diff: '' };
    await store.addAttempt(attempt);
    assert.equal((await store.addAttempt(attempt)).number, 1);
    assert.equal((await store.attempts(candidate)).length, 1);
  });

  it('replays an answered model call of the same key, and asks again where none was answered', async () => {
    const call = {
      key: 'k1',
      purpose: 'ideas',
      server: 'http://localhost',
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
      params: { temperature: 0 },
    } as const;
    const first = await store.openCall(call);
    assert.equal(first.state, 'asked');
    const second = await store.openCall(call);
    assert.notEqual(second.id, first.id);
    assert.equal((await store.calls())[0]?.state, 'failed');
    const usage = { input: 1, cachedInput: 0, output: 2, reasoning: 0, estimated: false };
    await store.closeCall(second.id, { state: 'answered', answer: 'yes', usage, cost: 0.5, latencyMs: 12.5 });
    await store.closeCall(second.id, { state: 'failed', error: 'late' });
    const replayed = await store.openCall(call);
    assert.equal(replayed.id, second.id);
    assert.equal(replayed.answer, 'yes');
    assert.deepEqual(replayed.usage, usage);
    const heads = await store.calls();
    assert.deepEqual(
      heads.map(({ state, promptLength, answerLength }) => [state, promptLength, answerLength]),
      [
        ['failed', 2, undefined],
        ['answered', 2, 3],
      ],
    );
    assert.ok(!heads.some((head) => 'messages' in head || 'answer' in head), 'a list carries no texts');
    assert.deepEqual(await store.calls({ since: Number.MAX_SAFE_INTEGER }), []);
    assert.deepEqual((await store.call(second.id))?.messages, call.messages);
    assert.equal(await store.call(999), undefined);
    assert.deepEqual(replayed.messages, call.messages);
  });

  it('keeps rounds and searches', async () => {
    const base = await addBase(store);
    const lease = await lead(store);
    const round = {
      base: base.id,
      number: 0,
      ideator: 'hyperparameter',
      exploitShare: 0.5,
      asked: 6,
      state: 'open',
    } as const;
    const added = await store.addRound(lease, round);
    assert.deepEqual(await store.addRound(lease, { ...round, asked: 9 }), added, 'a repeated round is the same round');
    await store.setRoundState(lease, base.id, 0, 'closed');
    assert.equal((await store.rounds(base.id))[0]?.state, 'closed');
    const search = await store.addSearch({
      base: base.id,
      state: 'running',
      approve: 'all',
      rounds: 2,
      ideasPerRound: 6,
      seeds: 1,
      budgets: { runs: 20 },
      boxes: ['here'],
    });
    await store.setSearchState(search.id, 'finished', 'all rounds are done');
    const [kept] = await store.searches();
    assert.deepEqual(kept, { ...search, state: 'finished', why: 'all rounds are done' });
  });

  it('says which id it does not know', async () => {
    await assert.rejects(store.dropIdea(7, 'no'), { code: 'not-found', message: /#7/ });
    assert.equal(await store.idea(7), undefined);
    assert.equal(await store.run('nope'), undefined);
  });
});
