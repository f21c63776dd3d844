import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { applyAnswer } from '../../../src/core/implementer/index.ts';
import { gitAgrees } from '../../support/patch-corpus/through-git.ts';
import { picker, randomEdit } from '../../support/patch-damage/edits.ts';
import { FATAL_FOR_FILES, FILE_DAMAGES, type FileDamage, filesAnswer } from '../../support/patch-damage/files.ts';
import { DAMAGES, type Damage, FATAL, FORMATS, fits, render } from '../../support/patch-damage/render.ts';

const CASES = 20_000;
const CASES_OF_FILES = 6_000;
const THROUGH_GIT = 200;
const KINDS = FORMATS.flatMap((format) =>
  DAMAGES.filter((damage) => fits(format, damage)).map((damage) => [format, damage] as const),
);

const USUAL = 0.95;
/** The least share that is applied, where some answers with the damage cannot be read with certainty. */
const LEAST: Partial<Record<Damage, number>> = {
  // The end of a name with a blank may be prose.
  'path-by-its-end': 0.5,
  // `- a` of a list reads as a line to remove.
  'context-without-marker': 0.7,
  // The line above the dots may stand elsewhere as well.
  'paired-dots': 0.6,
};

type Changes = ReadonlyMap<string, string | null>;

/** Counts what was applied by kind, and keeps some of it at random. */
class Tally {
  readonly kept: { readonly files: ReadonlyMap<string, string>; readonly changes: Changes }[] = [];
  readonly #rows = new Map<string, { applied: number; all: number; least: number }>();

  count(name: string, applied: boolean, least: number): void {
    const row = this.#rows.get(name) ?? { applied: 0, all: 0, least };
    this.#rows.set(name, { applied: row.applied + (applied ? 1 : 0), all: row.all + 1, least });
  }

  keep(files: ReadonlyMap<string, string>, changes: Changes, pick: (below: number) => number): void {
    if (this.kept.length < THROUGH_GIT) this.kept.push({ files, changes });
    else if (pick(20) === 0) this.kept[pick(THROUGH_GIT)] = { files, changes };
  }

  check(): void {
    const rows = [...this.#rows].sort();
    console.log(`      ${rows.map(([name, { applied, all }]) => `${name} ${applied}/${all}`).join(', ')}`);
    for (const [name, { applied, all, least }] of rows) {
      assert.ok(applied >= least * all, `${name}: only ${applied} of ${all} applied`);
    }
    for (const { files, changes } of this.kept) {
      assert.ok(gitAgrees(files, changes), JSON.stringify([[...files], [...changes]]));
    }
  }
}

const seeds = fc.noShrink(fc.integer({ min: 1, max: 2 ** 31 - 1 }));

describe('an answer with random damage', () => {
  it('gives the intended bytes or a refusal, never other bytes', () => {
    const tally = new Tally();
    const one = (seed: number, [format, asked]: (typeof KINDS)[number]) => {
      const pick = picker(seed);
      const edit = randomEdit(pick);
      // Where another place may fit, damage could make it the better one.
      const damage = edit.unique ? asked : 'none';
      const answer = render(edit, format, damage, pick);
      const files = new Map([[edit.path, edit.text]]);
      const applied = applyAnswer(files, answer);
      const name = `${format} ${edit.unique ? damage : 'alike elsewhere'}`;
      const least = FATAL.has(damage) || !edit.unique ? 0 : (LEAST[damage] ?? USUAL);
      tally.count(name, applied.ok, least);
      if (!applied.ok) return;
      assert.deepEqual([...applied.changes], [[edit.path, edit.wanted]], `${name}\n${answer}`);
      tally.keep(files, applied.changes, pick);
    };
    fc.assert(fc.property(seeds, fc.constantFrom(...KINDS), one), { numRuns: CASES });
    tally.check();
  });

  it('makes, deletes and moves the files that it means, all of them or none', () => {
    const tally = new Tally();
    const one = (seed: number, damage: FileDamage) => {
      const pick = picker(seed);
      const { files, answer, changes, renames } = filesAnswer(damage, pick);
      const applied = applyAnswer(files, answer);
      const fatal = FATAL_FOR_FILES.has(damage);
      tally.count(damage, applied.ok, fatal ? 0 : USUAL);
      const told = `${damage}\n${answer}`;
      if (!applied.ok) return;
      assert.ok(!fatal, `applied: ${told}`);
      assert.deepEqual(new Map(applied.changes), changes, told);
      assert.deepEqual(new Map(applied.renames), renames, told);
      tally.keep(files, applied.changes, pick);
    };
    fc.assert(fc.property(seeds, fc.constantFrom(...FILE_DAMAGES), one), { numRuns: CASES_OF_FILES });
    tally.check();
  });
});
