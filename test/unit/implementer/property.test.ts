import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { applyAnswer } from '../../../src/core/implementer/index.ts';
import { gitAgrees } from '../../support/patch-corpus/through-git.ts';
import { type Edit, picker, randomEdit } from '../../support/patch-damage/edits.ts';
import { DAMAGES, type Damage, FATAL, FORMATS, type Format, fits, render } from '../../support/patch-damage/render.ts';

const CASES = 20_000;
const THROUGH_GIT = 300;

describe('an answer with random damage', () => {
  it('gives the intended bytes or a refusal, never other bytes', function () {
    this.timeout(180_000);
    const tally = new Map<string, { applied: number; all: number }>();
    const kept: { edit: Edit; changes: ReadonlyMap<string, string | null> }[] = [];
    const one = (seed: number, format: Format, asked: Damage) => {
      const pick = picker(seed);
      const edit = randomEdit(pick);
      // Where another place may fit, damage could make it the better one.
      const damage = edit.unique && fits(format, asked) ? asked : 'none';
      const answer = render(edit, format, damage, pick);
      const files = new Map([[edit.path, edit.text]]);
      const applied = applyAnswer(files, answer);
      const name = `${format} ${damage}${edit.unique ? '' : ', alike elsewhere'}`;
      const row = tally.get(name) ?? { applied: 0, all: 0 };
      row.all += 1;
      tally.set(name, row);
      if (!applied.ok) return;
      row.applied += 1;
      assert.deepEqual([...applied.changes], [[edit.path, edit.wanted]], `${name}\n${answer}`);
      if (kept.length < THROUGH_GIT || pick(20) === 0)
        kept[kept.length < THROUGH_GIT ? kept.length : pick(THROUGH_GIT)] = { edit, changes: applied.changes };
    };
    const seed = fc.noShrink(fc.integer({ min: 1, max: 2 ** 31 - 1 }));
    fc.assert(fc.property(seed, fc.constantFrom(...FORMATS), fc.constantFrom(...DAMAGES), one), { numRuns: CASES });
    for (const [name, { applied, all }] of [...tally].sort()) {
      console.log(`      ${name}: ${applied} of ${all} applied`);
      const [, damage = ''] = name.split(' ');
      const floor = name.endsWith('elsewhere') || FATAL.has(damage as Damage) ? 0 : 0.95;
      assert.ok(applied >= floor * all, `${name}: only ${applied} of ${all} applied`);
    }
    for (const { edit, changes } of kept) {
      assert.ok(gitAgrees(new Map([[edit.path, edit.text]]), changes), JSON.stringify([edit.text, edit.wanted]));
    }
  });
});
