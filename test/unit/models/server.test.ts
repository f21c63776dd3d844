import * as assert from 'node:assert/strict';
import { configSchema, type ModelSettings } from '../../../src/core/domain/index.ts';
import { type Role, serverOf } from '../../../src/core/models/index.ts';

const file = (models: object) => configSchema.parse({ models }).models;
const LOCAL = 'http://localhost:8000/v1';
const GATEWAY = 'https://gateway.example/v1';

describe('the server of a role', () => {
  const cases: readonly [string, object, ModelSettings, Role, readonly [string, string, string | undefined]][] = [
    [
      'is OpenAI where nobody says otherwise',
      {},
      {},
      'ideator',
      ['https://api.openai.com/v1', 'auto', 'OPENAI_API_KEY'],
    ],
    [
      'is the file’s, with the key named beside it',
      { base_url: LOCAL, key_env: 'A' },
      {},
      'ideator',
      [LOCAL, 'auto', 'A'],
    ],
    ['is the same for the implementer', { base_url: LOCAL, key_env: 'A' }, {}, 'implementer', [LOCAL, 'auto', 'A']],
    [
      'is the implementer’s own where it has one, with its own key and interface',
      { key_env: 'A', implementer_server: { base_url: LOCAL, key_env: 'B', api: 'chat' } },
      {},
      'implementer',
      [LOCAL, 'chat', 'B'],
    ],
    [
      'gives another server no key that nobody named for it',
      { key_env: 'A', implementer_server: { base_url: LOCAL } },
      {},
      'implementer',
      [LOCAL, 'auto', undefined],
    ],
    ['gives OPENAI_API_KEY to OpenAI alone', { base_url: LOCAL }, {}, 'ideator', [LOCAL, 'auto', undefined]],
    [
      'leaves the key behind when a setting names another origin',
      { base_url: LOCAL, key_env: 'A', api: 'chat' },
      { base_url: GATEWAY },
      'ideator',
      [GATEWAY, 'auto', undefined],
    ],
    [
      'keeps the key when a setting changes only the path',
      { base_url: LOCAL, key_env: 'A', api: 'responses' },
      { base_url: 'http://localhost:8000/other/v1' },
      'ideator',
      ['http://localhost:8000/other/v1', 'responses', 'A'],
    ],
    [
      'takes another port for another origin',
      { base_url: LOCAL, key_env: 'A' },
      { base_url: 'http://localhost:8001/v1' },
      'ideator',
      ['http://localhost:8001/v1', 'auto', undefined],
    ],
    [
      'lets the settings choose each role’s server',
      { base_url: LOCAL, key_env: 'A', implementer_server: { base_url: GATEWAY, key_env: 'B' } },
      { base_url: GATEWAY, implementer_base_url: LOCAL, api: 'responses' },
      'implementer',
      [LOCAL, 'responses', 'A'],
    ],
    [
      'finds the key of an origin wherever the file names it',
      { base_url: LOCAL, key_env: 'A', implementer_server: { base_url: GATEWAY, key_env: 'B' } },
      { base_url: GATEWAY },
      'ideator',
      [GATEWAY, 'auto', 'B'],
    ],
  ];
  for (const [name, models, settings, role, [baseUrl, api, keyVariable]] of cases) {
    it(name, () => assert.deepEqual(serverOf(file(models), settings, role), { baseUrl, api, keyVariable }));
  }

  it('takes no key in place of the name of its variable', () => {
    assert.equal(configSchema.safeParse({ models: { key_env: 'sk-proj-123' } }).success, false);
  });
});
