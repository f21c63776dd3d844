import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import type { Research } from '../../../src/core/research.ts';
import { openStore } from '../../../src/core/store/index.ts';
import { type ModelServer, startModelServer } from '../../support/model-server/index.ts';
import { checkout, makePlace, openAt, type Place, until } from '../../support/research.ts';

/** The whole loop with a model: ideas and patches from a server that answers only from what it is told. */
describe('a search with a model', () => {
  let server: ModelServer;
  let place: Place;
  let research: Research;
  const windows: ChildProcess[] = [];

  const window = async (holder: string): Promise<ChildProcess> => {
    const entry = path.join(checkout, 'out/test/boxes/loop/driver.entry.js');
    const child = spawn(process.execPath, [entry, place.repo, holder], {
      env: place.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    windows.push(child);
    if (child.stdout) await once(child.stdout, 'data');
    return child;
  };

  beforeEach(async () => {
    server = await startModelServer({ apiKey: 'sk-test-secret' });
    place = makePlace(undefined, { TEST_MODEL_KEY: 'sk-test-secret' });
    place.boxes('boxes:\n  - { name: here, kind: local, slots: 2 }\n');
    place.model(server.url, 'key_env: TEST_MODEL_KEY');
    research = await openAt(place, { mayDrive: false });
  });

  afterEach(async () => {
    for (const child of windows.splice(0)) child.kill('SIGKILL');
    await research.close();
    await server.close();
    place.dispose();
  });

  const loop = async (): Promise<void> => {
    const [first = 0, second = 0] = await research.generateIdeas({ count: 2 });
    for (const idea of [first, second]) {
      const candidate = await research.implement(idea);
      await research.approveAll(candidate.id, 'person');
    }
    const runs = await research.runBaseline({ seeds: 2 });
    const ended = await research.waitForRuns([
      ...runs,
      ...(await research.run(`${first}.1`)),
      ...(await research.run(`${second}.1`)),
    ]);
    assert.deepEqual(
      ended.filter((run) => run.state !== 'succeeded').map((run) => run.reason),
      [],
    );
  };

  it('builds the next round on the results, and swapping two outcomes swaps the parents', async () => {
    const driver = await window('window');
    await loop();
    const parentsOf = async (round: number) => {
      const state = await research.state();
      const nodes = state.rounds.find((one) => one.round.number === round)?.ideas ?? [];
      return nodes.flatMap(({ idea }) =>
        idea.parents.filter((parent) => parent.role === 'exploit').map((parent) => parent.candidate),
      );
    };
    await research.nextRound({ count: 2 });
    const before = await parentsOf(1);
    assert.ok(before.length > 0, 'the next round names its parents');
    driver.kill('SIGKILL');
    await once(driver, 'exit');

    // Swap the two outcomes in the store: the best becomes the worst.
    const board = await research.leaderboard();
    const ranked = board.rows.filter((row) => row.rank !== undefined);
    const [best, worst] = [ranked[0], ranked.at(-1)];
    assert.ok(best && worst && best !== worst);
    const store = await openStore({ ...place.system, file: path.join(place.repo, '.git/research/research.db') });
    const lease = await until(research, 'the lease', () => store.acquireLease('test'));
    const swap = async (to: typeof best, from: typeof best) => {
      const value = from.objective?.mean ?? 0;
      for (const run of to.runs) await store.patchRun(lease, run.id, { objective: { state: 'ok', value } });
    };
    await swap(best, worst);
    await swap(worst, best);
    await store.releaseLease(lease);
    await store.close();
    await window('second');
    await research.nextRound({ count: 2 });
    const after = await parentsOf(2);
    assert.deepEqual(new Set(before), new Set([best.candidate]));
    assert.deepEqual(new Set(after), new Set([worst.candidate]));
  });

  it('pays no call twice when the driver is killed and another window goes on', async () => {
    server.script({ kind: 'slow', delayMs: 30 }, { kind: 'slow', delayMs: 30 });
    const first = await window('first');
    const asking = research.generateIdeas({ count: 3 });
    await until(research, 'an idea', async () => ((await research.state()).rounds[0]?.ideas.length ? true : undefined));
    first.kill('SIGKILL');
    await window('second');
    await window('terminal');
    const ideas = await asking;
    assert.ok(ideas.length >= 3, `${ideas.length} ideas`);
    for (const idea of ideas) await research.implement(idea);
    for (const [key, times] of server.paid) assert.equal(times, 1, `${key} was paid ${times} times`);
    const titles = (await research.state()).rounds.flatMap((round) => round.ideas.map(({ idea }) => idea.title));
    assert.equal(new Set(titles).size, titles.length, 'no idea twice');
    const calls = await research.modelCalls();
    assert.ok(calls.some((call) => call.purpose === 'ideas' && call.state === 'answered'));
    const texts = await Promise.all(calls.map(({ id }) => research.modelCallText(id)));
    const all = [JSON.stringify(calls), await research.modelCallsText(), ...texts].join();
    assert.ok(all.includes('SEARCH'), 'prompts and answers can be read');
    assert.ok(!all.includes('sk-test-secret'), 'the key is not in the call log');
  });
});
