import { strict as assert } from 'node:assert';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Research } from '../../../src/core/research.ts';
import { type ModelServer, promptOf, startModelServer } from '../../support/model-server/index.ts';
import { makePlace, openAt, type Place } from '../../support/research.ts';

const idea = (title: string, details: string) => ({
  ...{ title, details, hypothesis: `Because of ${title}.`, expected: 'lower by 0.1', risk: 'none' },
  ...{ builds_on: [], move: 'explore' },
});

describe('a person steers what is proposed', () => {
  let place: Place;
  let server: ModelServer;
  let research: Research;
  let answers: unknown[];

  beforeEach(async () => {
    place = makePlace();
    answers = [];
    server = await startModelServer({
      answers: () => JSON.stringify({ ideas: answers.shift() ?? assert.fail('asked once more than expected') }),
    });
    place.model(server.url);
    research = await openAt(place);
  });

  afterEach(async () => {
    await research.close();
    await server.close();
    place.dispose();
  });

  const lastPrompt = () => promptOf(server.requests.at(-1) ?? assert.fail('nothing was asked'));

  it('by an idea of their own, which is there at once and belongs to the round that follows', async () => {
    const { id } = await research.addIdea({ title: 'Mine' });
    const shown = async () => (await research.state()).rounds.map(({ round, ideas }) => [round.number, ideas.length]);
    assert.deepEqual(await shown(), [[0, 1]]);
    answers.push([idea('Warm up the learning rate', 'Raise it linearly over 100 steps.')]);
    await research.generateIdeas({ count: 1 });
    assert.deepEqual(await shown(), [[0, 2]]);
    assert.equal((await research.state()).rounds[0]?.ideas[0]?.idea.id, id);
  });

  it('by a reason for which an idea is rejected, and by the brief as it stands when the next round is asked for', async () => {
    const yaml = path.join(place.repo, 'research.yaml');
    answers.push([idea('Warm up the learning rate', 'Raise it linearly over 100 steps.')]);
    const [first = 0] = await research.generateIdeas({ count: 1 });
    await assert.rejects(research.rejectIdea(first, '  '), { code: 'no-reason' });
    await research.rejectIdea(first, 'We tried warm-up last year.');
    const { file } = await research.brief();
    const told = 'Stay away from the optimizer.';
    const { readFileSync } = await import('node:fs');
    if (file === yaml) {
      const text = readFileSync(yaml, 'utf8').replace(/^brief:.*\n(?:[ \t].*\n)*/m, '');
      writeFileSync(yaml, `${text}\nbrief: ${told}\n`);
    } else writeFileSync(file, told);
    assert.equal((await research.brief()).text.trim(), told);
    answers.push([idea('Share the embedding weights', 'Tie the output to the input embedding.')]);
    await research.nextRound({ count: 1 });
    assert.ok(lastPrompt().includes(told));
    assert.match(lastPrompt(), /result: a person rejected it \(We tried warm-up last year\.\)/);
    const [node] = (await research.state()).rounds.flatMap(({ ideas }) => ideas.filter((one) => one.idea.id === first));
    assert.deepEqual([node?.status, node?.idea.rejection], ['dropped', 'We tried warm-up last year.']);
    await research.restoreIdea(first);
    assert.equal((await research.state()).rounds.at(-1)?.ideas[0]?.idea.rejection, undefined);
  });

  it('and keeps an unusable idea of a batch as dropped, with what it lacks', async () => {
    const bad = { ...idea('Half an idea', 'x'), hypothesis: undefined };
    answers.push(
      [idea('Share the embedding weights', 'Tie them.'), bad],
      [idea('Share the embedding weights', 'Tie them.'), bad],
      [],
    );
    await research.generateIdeas({ count: 1 });
    const kept = (await research.state()).rounds.flatMap(({ ideas }) => ideas.map((node) => node.idea));
    assert.deepEqual(
      kept.map(({ title, dropped }) => [title, dropped]),
      [
        ['Share the embedding weights', undefined],
        ['Half an idea', 'not usable: its hypothesis is missing or of the wrong kind'],
      ],
    );
  });
});
