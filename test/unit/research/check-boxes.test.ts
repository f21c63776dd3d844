import * as assert from 'node:assert/strict';
import { askBoxes } from '../../../src/core/research/check-boxes.ts';
import type { BoxReport } from '../../../src/core/workers/types.ts';

const report = (box: string): BoxReport => ({
  box,
  reachable: true,
  gpus: [],
  tools: {},
  problems: [],
  hardware: 'cpu',
  checkedAt: 0,
});

describe('Check Boxes, while boxes answer one by one', () => {
  it('names who is waited for, and counts each answer as it comes', async () => {
    const answers = new Map(['a', 'b', 'c', 'd', 'e'].map((name) => [name, Promise.withResolvers<BoxReport>()]));
    const said: [string, number | undefined][] = [];
    const whole = askBoxes([...answers.keys()], (name) => answers.get(name)?.promise ?? assert.fail(name), {
      progress: { report: ({ text, share }) => said.push([text, share]) },
    });
    for (const name of ['c', 'a', 'e', 'b', 'd']) {
      answers.get(name)?.resolve(report(name));
      await answers.get(name)?.promise;
    }
    assert.deepEqual(
      (await whole).map(({ box }) => box),
      ['a', 'b', 'c', 'd', 'e'],
    );
    assert.deepEqual(said, [
      ['waiting for a, b, c and 2 more', 0],
      ['1 of 5 answered, waiting for a, b, d and 1 more', 0.2],
      ['2 of 5 answered, waiting for b, d, e', 0.4],
      ['3 of 5 answered, waiting for b, d', 0.6],
      ['4 of 5 answered, waiting for d', 0.8],
      ['5 of 5 answered', 1],
    ]);
  });
});
