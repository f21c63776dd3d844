import { strict as assert } from 'node:assert';
import type { Research } from '../../../src/core/research.ts';
import { type ChatRequest, type ModelServer, startModelServer } from '../../support/model-server/index.ts';
import { makePlace, openAt, type Place, until } from '../../support/research.ts';

/** A model server that goes away in the middle: what it was paid for is used, and only the rest is asked for. */
describe('a model server that goes away in the middle of a batch', () => {
  let server: ModelServer;
  let place: Place;
  let research: Research;

  const begin = async (answers?: (request: ChatRequest) => string): Promise<void> => {
    server = await startModelServer(answers ? { answers } : {});
    place = makePlace();
    place.boxes('boxes:\n  - { name: here, kind: local, slots: 2 }\n');
    place.model(server.url);
    research = await openAt(place);
  };
  afterEach(async () => {
    await research.close();
    await server.close();
    place.dispose();
  });

  const ideas = async () => (await research.state()).rounds.flatMap((round) => round.ideas.map(({ idea }) => idea));
  const nothingPaidTwice = async () => {
    for (const [key, times] of server.paid) assert.equal(times, 1, `${key} was paid ${times} times`);
    const answered = (await research.modelCalls()).filter((call) => call.state === 'answered');
    assert.deepEqual(
      answered.map((call) => call.key).sort(),
      [...server.paid.keys()].sort(),
      'every bill is in the list',
    );
  };

  it('proposes the rest of the ideas when it is asked again, and none twice', async () => {
    await begin();
    server.script({ kind: 'slow', delayMs: 20 });
    const broken = research.generateIdeas({ count: 4 });
    broken.catch(() => {});
    await until(research, 'two ideas', async () => ((await ideas()).length >= 2 ? true : undefined));
    await server.away();
    await assert.rejects(broken, { code: 'model-unreachable' });
    const first = await ideas();
    assert.ok(first.length >= 2 && first.length < 4, `${first.length} ideas stand`);
    await server.back();
    const all = await research.generateIdeas({ count: 4 });
    const now = await ideas();
    assert.deepEqual(
      all,
      now.map((idea) => idea.id),
    );
    assert.equal(now.length, 4, 'the batch is full, and no fuller');
    assert.deepEqual(now.slice(0, first.length), first, 'what came first stands as it was');
    assert.equal(new Set(now.map((idea) => idea.title)).size, 4);
    const prompt =
      server.requests
        .at(-1)
        ?.messages.map((message) => message.content)
        .join('\n') ?? '';
    for (const idea of first) assert.ok(prompt.includes(idea.title), 'it is told what it has proposed');
    await nothingPaidTwice();
    // A wish that was done is over: the next one is a new one.
    assert.equal((await research.generateIdeas({ count: 4 })).length, 4);
    assert.equal((await ideas()).length, 8);
  });

  it('mends a patch from the answers it was paid for', async () => {
    const edit = (search: string, replace: string) =>
      `train.py\n\`\`\`python\n<<<<<<< SEARCH\n${search}\n=======\n${replace}\n>>>>>>> REPLACE\n\`\`\``;
    const line = (rate: number) =>
      `parser.add_argument("--learning_rate", type=float, default=${rate}, help="the highest step size")`;
    await begin(({ messages }) =>
      messages.length === 2 ? edit('stands = nowhere', 'x = 1') : edit(line(0.5), line(0.4)),
    );
    const { id } = await research.addIdea({ title: 'Smaller steps', details: 'A rate of 0.4.' });
    // More than anybody would wait for: the same as a server that is gone.
    server.script({ kind: 'none' }, { kind: 'rate-limit', retryAfter: '3600' });
    await assert.rejects(research.implement(id), { code: 'model-rate-limited' });
    assert.equal(server.requests.length, 2);
    const candidate = await research.implement(id);
    assert.equal(candidate.id, `${id}.1`, 'the same candidate is gone on with');
    assert.equal(server.requests.length, 3, 'the first answer is not asked for again');
    await nothingPaidTwice();
  });

  it('keeps a search waiting and does not end it', async () => {
    await begin();
    server.stand({ kind: 'slow', delayMs: 5 });
    const search = research.startSearch({
      ...{ approve: 'all', rounds: 1, ideasPerRound: 4, seeds: 1, baselineSeeds: 1, boxes: [], budgets: {} },
    });
    search.catch(() => {});
    // The ideas, and patches under way.
    await server.arrived(3);
    await server.away();
    await until(research, 'a word that it is not reached', async () =>
      (await research.state()).requests.some(({ progress }) =>
        /is not reached; asking again/.test(progress?.text ?? ''),
      )
        ? true
        : undefined,
    );
    await server.back();
    const { rounds } = await search;
    assert.deepEqual(
      rounds.map((round) => round.ideas.map((idea) => idea.value !== null)),
      [[true, true, true, true]],
    );
    await nothingPaidTwice();
  });
});
