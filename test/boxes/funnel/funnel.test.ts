import { strict as assert } from 'node:assert';
import * as path from 'node:path';
import type { Research } from '../../../src/core/research.ts';
import { FUNNEL_STAGES, type Funnel } from '../../../src/core/search/index.ts';
import { type ModelServer, promptOf, startModelServer } from '../../support/model-server/index.ts';
import { playIdeas } from '../../support/played-ideas.ts';
import { checkout, makePlace, openAt, type Place } from '../../support/research.ts';
import { PLAYED } from './ideas.ts';

describe('thirty ideas of mixed quality', () => {
  let server: ModelServer;
  let place: Place;
  let research: Research;
  let funnel: Funnel;
  const asked = new Map<string, number>();

  before(async () => {
    server = await startModelServer({ answers: playIdeas(PLAYED, asked) });
    place = makePlace(path.join(checkout, 'test/fixtures/funnel'));
    place.boxes('boxes:\n  - { name: here, kind: local, slots: 2 }\n');
    place.model(server.url);
    research = await openAt(place);
    // The base runs before the search, so that its Python can be asked for packages.
    await research.waitForRuns(await research.runBaseline({ seeds: 3 }));
    await research.startSearch({
      ...{ approve: 'all', rounds: 1, ideasPerRound: PLAYED.length, seeds: 1, baselineSeeds: 3 },
      ...{ boxes: [], budgets: {} },
    });
    funnel = await research.funnel();
    console.log(`\n${FUNNEL_STAGES.map((stage) => `${stage} ${funnel.counts[stage]}`).join(' → ')}`);
    const { rounds } = await research.state();
    const titles = new Map(rounds.flatMap(({ ideas }) => ideas.map(({ idea }) => [idea.id, idea.title])));
    for (const { idea, lost, reason } of funnel.places) {
      if (lost)
        console.log(`  ${(titles.get(idea) ?? '').padEnd(34)} ${lost.padEnd(20)} ${(reason ?? '').slice(0, 100)}`);
    }
  });
  after(async () => {
    await research?.close();
    await server?.close();
    place?.dispose();
  });

  it('come as far as they deserve, each loss with its reason', async () => {
    const { rounds } = await research.state();
    const ideas = rounds.flatMap((round) => round.ideas.map(({ idea }) => idea));
    const got = funnel.places.map(({ idea, stage, lost }) => ({
      title: ideas.find((one) => one.id === idea)?.title,
      stage,
      ...(lost === undefined ? {} : { lost }),
    }));
    const wanted = PLAYED.map(({ title, truth: { stage, lost } }) => ({ title, stage, ...(lost ? { lost } : {}) }));
    const byTitle = (a: { title?: string | undefined }, b: { title?: string | undefined }) =>
      (a.title ?? '').localeCompare(b.title ?? '');
    assert.deepEqual(got.sort(byTitle), wanted.sort(byTitle));
    for (const { lost, reason } of funnel.places) assert.ok(lost === undefined || (reason ?? '').length > 5, lost);
  });

  it('cost no more calls than they need', () => {
    for (const { title, truth } of PLAYED) {
      const calls = asked.get(title) ?? 0;
      assert.ok(calls <= 6 + (truth.lost === 'failed' ? 6 : 0), `${title}: ${calls} calls`);
      if (truth.calls !== undefined) assert.equal(calls, truth.calls, title);
    }
  });

  it('take no GPU minute for a patch that could have been refused, and none is paid for twice', async () => {
    const { runs, rounds } = await research.state();
    const nodes = rounds.flatMap((round) => round.ideas);
    for (const { idea, stage } of funnel.places) {
      const own = nodes.find((node) => node.idea.id === idea)?.candidates.map(({ id }) => id) ?? [];
      const began = runs.some((run) => own.includes(run.candidate ?? ''));
      assert.equal(began, ['ran', 'succeeded', 'ranked'].includes(stage), `idea ${idea}, ${stage}`);
    }
    assert.deepEqual(
      [...server.paid.values()].filter((times) => times > 1),
      [],
    );
  });

  it('leave the leak and the lucky seed without a rank, and out of the parents of the next round', async () => {
    const { rows } = await research.leaderboard();
    const of = (title: string) => rows.find((row) => row.title === title);
    const [leak, lucky] = [of('Look at the newest value too'), of('Another stream of chance')];
    assert.deepEqual([leak?.status, leak?.rank, leak?.improved], ['flagged', undefined, false]);
    assert.match(leak?.reason ?? '', /factor of 2/);
    assert.ok((leak?.objective?.mean ?? 1) < 0.02, 'its number is shown');
    assert.deepEqual([lucky?.status, lucky?.rank], ['flagged', undefined]);
    await assert.rejects(research.confirmRun(lucky?.runs[0]?.id ?? '', true), { code: 'seed-only' });
    await research.confirmRun(leak?.runs[0]?.id ?? '', true);
    assert.equal((await research.leaderboard()).rows.find(({ rank }) => rank === 1)?.title, leak?.title);
    await research.confirmRun(leak?.runs[0]?.id ?? '', false);
    assert.equal((await research.leaderboard()).rows.find((row) => row.title === leak?.title)?.rank, undefined);
  });

  it('give a crash back with its trace, as a new candidate of the same idea', async () => {
    const nodes = (await research.state()).rounds.flatMap((round) => round.ideas);
    const mended = nodes.find(({ idea }) => idea.title === 'Iterate averaging');
    assert.deepEqual(
      mended?.candidates.map(({ number, revises, state }) => [number, revises !== undefined, state]),
      [
        [1, false, 'approved'],
        [2, true, 'approved'],
      ],
    );
    const prompt = server.requests
      .map(promptOf)
      .find((text) => /^Title: Iterate averaging$/m.test(text) && /crashed after/.test(text));
    assert.match(prompt ?? '', /^\| TypeError: /m);
    assert.match(prompt ?? '', /^\| \+ {12}average = /m, 'with the patch that crashed');
    const given = nodes.find(({ idea }) => idea.title === 'Noise on the inputs');
    assert.equal(given?.candidates.length, 2, 'the same error is not tried a third time');
  });
});
