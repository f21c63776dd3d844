import { strict as assert } from 'node:assert';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { namedServers, type Question } from '../../../src/core/research.ts';
import { type ModelServer, startModelServer } from '../../support/model-server/index.ts';
import { agreeingHost, makePlace, openAt, type Place } from '../../support/research.ts';

/** Who is asked, by whom, and with which key, where ideas and patches come from two servers. */
describe('two model servers', () => {
  let ideas: ModelServer;
  let patches: ModelServer;
  let place: Place;
  const origin = (server: ModelServer) => new URL(server.url).origin;
  const keysOf = (server: ModelServer) => [...new Set(server.requests.map(({ headers }) => headers.authorization))];

  beforeEach(async () => {
    [ideas, patches] = [
      await startModelServer({ models: ['thinker'] }),
      await startModelServer({ models: ['writer'], standing: [{ kind: 'only', api: 'responses' }] }),
    ];
    place = makePlace(undefined, {
      IDEAS_KEY: 'key-of-ideas',
      PATCHES_KEY: 'key-of-patches',
      OPENAI_API_KEY: 'openai',
    });
    writeFileSync(
      path.join(place.config, 'config.yaml'),
      `models:
  base_url: ${ideas.url}
  key_env: IDEAS_KEY
  ideator: thinker
  implementer: writer
  implementer_server: { base_url: "${patches.url}", key_env: PATCHES_KEY }
`,
    );
  });
  afterEach(async () => {
    await Promise.all([ideas.close(), patches.close()]);
    place.dispose();
  });

  it('each get their own questions, key and consent', async () => {
    const asked: Question[] = [];
    const confirm = async (question: Question) => {
      asked.push(question);
      return true;
    };
    const research = await openAt(place, { host: agreeingHost({ confirm }) });
    try {
      const [idea = 0] = await research.generateIdeas({ count: 1 });
      assert.deepEqual(keysOf(ideas), ['Bearer key-of-ideas']);
      assert.equal(patches.requests.length, 0);
      await research.implement(idea);
      assert.deepEqual(keysOf(patches), ['Bearer key-of-patches']);
      assert.ok(patches.requests.length > 0 && keysOf(ideas).length === 1);
      assert.deepEqual(
        asked.map(({ kind, message }) => [kind, /to (\S+) \((\w+)\)\?$/.exec(message)?.slice(1)]),
        [
          ['model-consent', [origin(ideas), 'thinker']],
          ['model-consent', [origin(patches), 'writer']],
        ],
      );
      const calls = await research.modelCalls();
      assert.deepEqual([...new Set(calls.map(({ server }) => server))], [origin(ideas), origin(patches)]);
    } finally {
      await research.close();
    }
  });

  it('never get the key of another one, wherever the settings send a question', async () => {
    const kept = new Map([[origin(ideas), 'kept-for-ideas']]);
    const host = agreeingHost({
      apiKey: async (server) => kept.get(server),
      // The settings turn the roles around: what was kept or named for one server must stay with it.
      modelSettings: () => ({
        base_url: patches.url,
        ideator: 'writer',
        implementer_base_url: ideas.url,
        implementer: 'thinker',
      }),
    });
    const research = await openAt(place, { host });
    try {
      const [idea = 0] = await research.generateIdeas({ count: 1 });
      await research.implement(idea);
      assert.deepEqual(keysOf(patches), ['Bearer key-of-patches']);
      assert.deepEqual(keysOf(ideas), ['Bearer kept-for-ideas']);
    } finally {
      await research.close();
    }
  });

  it('get none where nobody named one for them, OpenAI’s own least of all', async () => {
    writeFileSync(path.join(place.config, 'config.yaml'), `models: { ideator: thinker, key_env: IDEAS_KEY }\n`);
    const host = agreeingHost({ modelSettings: () => ({ base_url: ideas.url }) });
    const research = await openAt(place, { host });
    try {
      await research.generateIdeas({ count: 1 });
      assert.deepEqual(keysOf(ideas), [undefined]);
    } finally {
      await research.close();
    }
  });

  it('are listed with their roles for whoever sets a key', async () => {
    assert.deepEqual(await namedServers(place.system, {}), [
      { origin: origin(ideas), roles: ['ideator'], keyVariable: 'IDEAS_KEY' },
      { origin: origin(patches), roles: ['implementer'], keyVariable: 'PATCHES_KEY' },
    ]);
    assert.deepEqual(await namedServers(place.system, { implementer_base_url: 'https://api.openai.com/v1' }), [
      { origin: origin(ideas), roles: ['ideator'], keyVariable: 'IDEAS_KEY' },
      { origin: 'https://api.openai.com', roles: ['implementer'], keyVariable: 'OPENAI_API_KEY' },
    ]);
  });
});
