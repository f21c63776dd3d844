import { strict as assert } from 'node:assert';
import * as path from 'node:path';
import type { Research } from '../../../src/core/research.ts';
import { type ModelServer, promptOf, startModelServer } from '../../support/model-server/index.ts';
import { checkout, makePlace, openAt, type Place } from '../../support/research.ts';
import { PLAYED } from './ideas.ts';

describe('a patch that crashes when the budget of runs is used up', () => {
  const [played] = PLAYED.filter(({ title }) => title === 'Iterate averaging');
  let server: ModelServer;
  let place: Place;
  let research: Research;

  before(async () => {
    server = await startModelServer({
      answers: (request) => {
        if (/^Title: /m.test(promptOf(request))) return played?.answers[0] ?? '';
        const { title, hypothesis, details } = played ?? assert.fail();
        const idea = { title, hypothesis, details, expected: '', risk: '', builds_on: [], move: 'explore' };
        return JSON.stringify({ ideas: [idea] });
      },
    });
    place = makePlace(path.join(checkout, 'test/fixtures/funnel'));
    place.boxes('boxes:\n  - { name: here, kind: local, slots: 2 }\n');
    place.model(server.url);
    research = await openAt(place);
  });
  after(async () => {
    await research?.close();
    await server?.close();
    place?.dispose();
  });

  it('stays as it is, and the search ends', async () => {
    await research.startSearch({
      ...{ approve: 'all', rounds: 1, ideasPerRound: 1, seeds: 1, baselineSeeds: 1 },
      ...{ boxes: [], budgets: { runs: 2 } },
    });
    const { runs, rounds } = await research.state();
    assert.deepEqual(runs.map(({ state, purpose }) => `${purpose} ${state}`).sort(), [
      'baseline succeeded',
      'trial failed',
    ]);
    assert.equal(rounds[0]?.ideas[0]?.candidates.length, 1, 'no second patch was asked for');
  });
});
