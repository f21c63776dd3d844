import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ProductApplier } from '../../support/patch-corpus/apply.ts';
import { readCorpus } from '../../support/patch-corpus/cases.ts';
import { countScores, type Scored, scoreCase } from '../../support/patch-corpus/score.ts';
import { gitAgrees } from '../../support/patch-corpus/through-git.ts';

for (const [folder, least] of [
  ['patches', 24],
  ['patches-own', 140],
] as const) {
  const root = path.resolve('test/fixtures', folder);

  describe(`the answers of ${folder}`, () => {
    const { cases, broken } = readCorpus(root);
    const product = new ProductApplier();
    const scored: Scored[] = [];
    after(() => product.dispose());

    it('have the bytes they were written with, all of them', () => {
      assert.deepEqual(broken, []);
      assert.ok(cases.length >= least, `${cases.length} cases`);
      const sums = fs.readFileSync(path.join(root, 'SHA256SUMS'), 'utf8').trim().split('\n');
      const named = new Set<string>();
      for (const line of sums) {
        const [sum, file = ''] = line.split(/ [ *]/);
        const bytes = fs.readFileSync(path.join(root, file));
        assert.equal(createHash('sha256').update(bytes).digest('hex'), sum, file);
        named.add(file);
      }
      for (const { name } of cases) assert.ok(named.has(`${name}/expect.json`), `${name} has no sum`);
    });

    for (const one of cases) {
      it(`${one.name}: ${one.outcome === 'applied' ? 'applied' : one.reason}`, async () => {
        // The first text waits for the syntax checker's thread to start.
        const row = await scoreCase(one, (answered) => product.apply(answered));
        scored.push(row);
        const good = one.outcome === 'applied' ? 'right' : 'refused with the right code';
        assert.equal(row.score, good, `${row.got} for ${row.expected}. ${row.detail}`);
      });
    }

    it('are never applied silently wrong', () => {
      const counts = countScores(scored);
      console.log(
        `      ${Object.entries(counts)
          .map(([score, count]) => `${score} ${count}`)
          .join(', ')}`,
      );
      assert.equal(counts['silently wrong'], 0);
    });

    it('become patches that git takes to the same bytes', async () => {
      for (const one of cases.filter(({ outcome }) => outcome === 'applied')) {
        const outcome = await product.apply(one);
        assert.ok(outcome.ok, one.name);
        assert.ok(gitAgrees(one.files, outcome.changes), one.name);
      }
    });
  });
}

describe('the score of an answer', () => {
  const [one] = readCorpus(path.resolve('test/fixtures/patches')).cases.filter(({ name }) => name === '01-sr-exact');
  assert.ok(one);
  const refused = { ...one, outcome: 'refused', reason: 'ambiguous', wanted: one.files } as const;
  const score = async (as: typeof one, applied: ReadonlyMap<string, string | null> | string) =>
    (
      await scoreCase(as, () =>
        typeof applied === 'string'
          ? { ok: false, refusals: [{ code: applied, message: '' }] }
          : { ok: true, changes: applied },
      )
    ).score;

  it('calls other bytes silently wrong, whatever was asked', async () => {
    assert.equal(await score(one, one.wanted), 'right');
    assert.equal(await score(one, new Map([['train.py', `${one.wanted.get('train.py')}\n`]])), 'silently wrong');
    assert.equal(await score(one, new Map([...one.wanted, ['more.py', '']])), 'silently wrong');
    assert.equal(await score(one, new Map([['train.py', null]])), 'silently wrong');
    assert.equal(await score(refused, one.wanted), 'silently wrong');
  });

  it('tells refusals apart by their code', async () => {
    assert.equal(await score(one, 'no-match'), 'needlessly refused');
    assert.equal(await score(refused, 'no-match'), 'wrong code');
    assert.equal(await score(refused, 'ambiguous'), 'refused with the right code');
  });
});
