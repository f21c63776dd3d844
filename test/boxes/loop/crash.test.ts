import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Research } from '../../../src/core/research.ts';
import { type ModelServer, promptOf, searchReplace, startModelServer } from '../../support/model-server/index.ts';
import { makePlace, openAt, type Place, until } from '../../support/research.ts';

describe('a patch that a person approved and that crashes at once', () => {
  let example: string;
  let place: Place;
  let server: ModelServer;
  let research: Research;

  before(async () => {
    example = mkdtempSync(path.join(tmpdir(), 'research-example-'));
    writeFileSync(path.join(example, 'train.py'), 'steps = 100\nlr = 3e-4\nprint("loss:", lr * steps)\n');
    const yaml =
      'name: t\nrun: python3 train.py\nobjective: { metric: loss, goal: minimize }\nresources: { gpus: 0 }\n';
    writeFileSync(path.join(example, 'research.yaml'), yaml);
    const answers = ['lr = [3e-4][steps]', 'lr = 1e-4'].map((to) => searchReplace('train.py', 'lr = 3e-4', to));
    server = await startModelServer({ answers: () => answers.shift() ?? assert.fail('asked once more than expected') });
    place = makePlace(example);
    place.model(server.url);
    place.boxes('boxes:\n  - { name: here, kind: local, slots: 2 }\n');
    research = await openAt(place);
  });
  after(async () => {
    await research?.close();
    await server?.close();
    place?.dispose();
    rmSync(example, { recursive: true, force: true });
  });

  it('comes back mended, as a candidate of the same idea that waits for their review', async () => {
    const { id } = await research.addIdea({ title: 'Lower rate', details: 'lr = 1e-4' });
    const first = await research.implement(id);
    await research.approveAll(first.id, 'person');
    const ended = await research.waitForRuns(await research.run(first.id, { baselineSeeds: 1 }));
    const run = ended.find((one) => one.candidate === first.id);
    assert.deepEqual([run?.state, run?.cause], ['failed', 'exited']);
    assert.match(run?.reason ?? '', /ended with exit code 1\. Its error: IndexError: list index out of range$/);
    const mended = await until(research, 'a mended patch', async () => {
      const nodes = (await research.state()).rounds.flatMap(({ ideas }) => ideas);
      return nodes[0]?.candidates.find((one) => one.revises === first.id && one.state === 'ready');
    });
    assert.equal(mended.number, 2);
    const prompt = promptOf(server.requests.at(-1) ?? assert.fail());
    assert.match(prompt, /^\| IndexError: list index out of range/m);
    assert.match(prompt, /^\| \+lr = \[3e-4\]\[steps\]/m, 'with the patch that crashed');
    const { runs } = await research.state();
    assert.equal(runs.filter((one) => one.candidate === mended.id).length, 0, 'it runs when it is approved');
  });
});
