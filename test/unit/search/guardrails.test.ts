import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  type ApprovalPolicy,
  type Candidate,
  environmentSchema,
  type Goal,
  type Run,
} from '../../../src/core/domain/index.ts';
import {
  approvesUnread,
  chooseParents,
  flagsOf,
  foldResults,
  type Guardrails,
  guardrailsOf,
  outcomesOf,
} from '../../../src/core/search/index.ts';
import { seededRandom } from '../../../src/core/system/index.ts';
import { candidateRow, ideaRow, runRow } from '../../support/rows.ts';

const curve = { points: 20, end: 1000 };
const baseline = [1, 2, 3].map((seed) => runRow(undefined, 3 + seed * 0.01, { seed, curve }));
const GUARDRAILS = { factor: 2, minPoints: 2 };

function flagged(run: Run, tags: readonly 'seed-only'[] = []) {
  const candidates = [candidateRow(1, { tags })];
  const results = foldResults('minimize', candidates, [...baseline, run], GUARDRAILS);
  return results.judged.get(run.id)?.flags.map(({ code }) => code) ?? [];
}

describe('a patch that nobody reads', () => {
  it('runs where a search approves all, or where it changes hyperparameters alone and no gate has a word for it', () => {
    const table: readonly (readonly [ApprovalPolicy, Candidate['kind'], Candidate['tags'], boolean])[] = [
      ['ask', 'hyperparameter', [], false],
      ['policy', 'hyperparameter', [], true],
      ['policy', 'algorithmic', [], false],
      ['policy', undefined, [], false],
      ['policy', 'hyperparameter', ['seed-only'], false],
      ['policy', 'hyperparameter', ['touches-evaluation'], false],
      ['policy', 'hyperparameter', ['network'], false],
      ['all', 'algorithmic', ['touches-evaluation'], true],
    ];
    for (const [policy, kind, tags, runs] of table) {
      assert.equal(approvesUnread(policy, { ...candidateRow(1), kind, tags }), runs, [policy, kind, ...tags].join());
    }
  });
});

describe('guardrails on results', () => {
  it('let an ordinary gain and an ordinary loss through', () => {
    assert.deepEqual(flagged(runRow('1.1', 2.5, { curve })), []);
    assert.deepEqual(flagged(runRow('1.1', 9, { curve })), []);
  });

  it('flag a number outside the valid range, one far better than the baseline, one without a curve, one cut short', () => {
    assert.deepEqual(flagged(runRow('1.1', 0, { objective: { state: 'invalid', value: 2.9 }, curve })), [
      'out-of-range',
    ]);
    assert.deepEqual(flagged(runRow('1.1', 0.02, { curve })), ['too-good']);
    assert.deepEqual(flagged(runRow('1.1', 2.5, { curve: { points: 1, end: 1000 } })), ['no-curve']);
    assert.deepEqual(
      flagged(runRow('1.1', 2.5, { curve: { points: 0, end: null } })),
      ['no-curve'],
      'evaluate alone gave the number',
    );
    assert.deepEqual(flagged(runRow('1.1', 2.5, { curve: { points: 9, end: 400 } })), ['too-few-steps']);
    assert.deepEqual(
      flagged(runRow('1.1', 3.5, { curve: { points: 9, end: 400 } })),
      [],
      'a bad number needs no doubt',
    );
  });

  it('say in words what is strange and against what', () => {
    const run = runRow('1.1', 0.02, { curve });
    const results = foldResults('minimize', [candidateRow(1)], [...baseline, run], GUARDRAILS);
    assert.match(
      results.judged.get(run.id)?.flags[0]?.message ?? '',
      /0\.02 against 3\.02 of the baseline.*factor of 2/,
    );
  });

  it('know of a share that its rest is what shrinks', () => {
    const too = (value: number, mean: number, most?: number) => {
      const yardstick = { summary: { mean, std: 0, n: 3 }, runs: [] };
      return flagsOf(runRow('1.1', value), undefined, 'maximize', yardstick, { ...GUARDRAILS, most }).length > 0;
    };
    assert.ok(too(0.95, 0.8) && !too(0.88, 0.8), 'a quarter of the errors, and more than half of them');
    assert.ok(too(1, 0.97), 'all right is never believed at once');
    assert.ok(too(95, 80, 100) && !too(88, 80, 100), 'per cent, where objective.valid says so');
    assert.ok(!too(95, 80), 'a number of which nothing is known');
    assert.ok(!too(0.7, 0.8), 'worse is no matter of belief');
  });

  it('know a factor whichever way is better, and below zero', () => {
    const too = (goal: 'minimize' | 'maximize', value: number, mean: number) =>
      flagsOf(runRow('1.1', value), undefined, goal, { summary: { mean, std: 0, n: 3 }, runs: [] }, GUARDRAILS).length >
      0;
    assert.ok(too('maximize', 0.97, 0.48) && !too('maximize', 0.694, 0.48), 'the paper’s own gain is believed');
    assert.ok(too('minimize', 17, 35.9) && !too('minimize', 19.7, 35.9));
    assert.ok(too('minimize', -3, -1) && !too('minimize', -1.5, -1));
    assert.ok(too('maximize', -1, -3) && !too('maximize', -2, -3));
    assert.ok(!too('maximize', 0.5, 0), 'nothing is a factor of zero');
  });

  it('say nothing of steps and curves where the baseline has none', () => {
    const bare = [1, 2].map((seed) => runRow(undefined, 3, { seed, curve: { points: 1, end: null } }));
    const run = runRow('1.1', 2.9, { curve: { points: 1, end: null } });
    assert.equal(foldResults('minimize', [candidateRow(1)], [...bare, run], GUARDRAILS).judged.size, 0);
  });

  it('keep a flagged number off the ranks, the parents and the best, and show it', () => {
    const leak = runRow('1.1', 0.001, { curve });
    const honest = runRow('2.1', 2.8, { curve });
    const candidates = [candidateRow(1), candidateRow(2)];
    const runs = [...baseline, leak, honest];
    const results = foldResults('minimize', candidates, runs, GUARDRAILS);
    assert.deepEqual(
      results.candidates.map(({ candidate }) => candidate),
      ['2.1'],
    );
    assert.equal(results.flagged.get('1.1')?.summary.mean, 0.001);
    assert.equal(results.flagged.get('1.1')?.improved, false);
    assert.deepEqual(chooseParents('minimize', results, 5, seededRandom(1)), ['2.1']);
    const pinned = new Set([1, 2]);
    assert.deepEqual(chooseParents('minimize', results, 5, seededRandom(1), pinned), ['2.1'], 'not when pinned either');
    const [told] = outcomesOf([ideaRow(1), ideaRow(2)], candidates, runs, results);
    assert.equal(told?.verdict, 'flagged');
    assert.match(told?.reason ?? '', /factor of 2/);
  });

  it('are lifted by a person, and by a second seed that comes to about the same', () => {
    const candidates = [candidateRow(1)];
    const ranks = (...runs: readonly Run[]) =>
      foldResults('minimize', candidates, [...baseline, ...runs], GUARDRAILS).candidates.length;
    const first = runRow('1.1', 1.2, { seed: 1, curve });
    assert.equal(ranks(first), 0);
    assert.equal(ranks({ ...first, confirmed: true }), 1);
    assert.equal(ranks(first, runRow('1.1', 1.25, { seed: 2, curve })), 1);
    assert.equal(
      ranks(first, runRow('1.1', 1.2, { seed: 1, attempt: 2, counts: false, curve })),
      0,
      'the same seed says nothing',
    );
    const apart = foldResults(
      'minimize',
      candidates,
      [...baseline, first, runRow('1.1', 2.9, { seed: 2, curve })],
      GUARDRAILS,
    );
    assert.deepEqual(apart.candidates[0]?.values, [2.9], 'a second seed that disagrees is the one that counts');
  });

  it('are lifted by a person only where the number lies outside its range, and by nobody for a changed seed', () => {
    const outside = (seed: number) => runRow('1.1', 0, { seed, objective: { state: 'invalid', value: 2.9 }, curve });
    const of = (runs: readonly Run[], tags: readonly 'seed-only'[] = []) =>
      foldResults('minimize', [candidateRow(1, { tags })], [...baseline, ...runs], GUARDRAILS).candidates.length;
    assert.equal(of([outside(1), outside(2)]), 0);
    assert.equal(of([{ ...outside(1), confirmed: true }]), 1);
    const lucky = runRow('1.1', 2.9, { seed: 1, curve, confirmed: true });
    assert.equal(of([lucky, runRow('1.1', 2.9, { seed: 2, curve })], ['seed-only']), 0);
  });

  it('are lifted by no seed that is far off, repeats a constant, was cut short as well, or is none', () => {
    const short = { points: 9, end: 400 };
    const table: readonly (readonly [
      what: string,
      one: number,
      other: number,
      points: typeof curve,
      lifted: boolean,
    ])[] = [
      ['about the same', 1.2, 1.3, curve, true],
      ['far from each other, and both far better', 0.001, 1.4, curve, false],
      ['the same to the last digit', 1.2, 1.2, curve, false],
      ['the same of what was cut short', 2.4, 2.41, short, false],
    ];
    const judged = (one: number, other: number, points: typeof curve, more: Partial<Guardrails> = {}) => {
      const runs = [one, other].map((value, at) => runRow('1.1', value, { seed: at + 1, curve: points }));
      const results = foldResults('minimize', [candidateRow(1)], [...baseline, ...runs], { ...GUARDRAILS, ...more });
      return results.judged.get(runs[0]?.id ?? '')?.confirmed;
    };
    for (const [what, one, other, points, lifted] of table) {
      assert.equal(judged(one, other, points), lifted ? 'seed' : undefined, what);
    }
    assert.equal(judged(1.2, 1.3, curve, { unseeded: true }), undefined, 'no run is given a seed');
  });

  it('know a share of one and of a hundred, and measure hardware without a baseline by another kind', () => {
    const first = (goal: Goal, base: number, value: number, more: Partial<Guardrails> = {}, where = 'A') => {
      const runs = [
        runRow(undefined, base, { seed: 1, comparisonClass: 'A' }),
        runRow('1.1', value, { seed: 1, comparisonClass: where }),
      ];
      const results = foldResults(goal, [candidateRow(1)], runs, { ...GUARDRAILS, ...more });
      return [...results.judged.values()].flatMap(({ flags }) => flags.map(({ code }) => code)).join();
    };
    assert.equal(first('maximize', 0, 1), 'too-good');
    assert.equal(first('maximize', 0, 0.3), '');
    assert.equal(first('maximize', 97, 99.9, { percent: true }), 'too-good');
    assert.equal(first('maximize', 97, 97.5, { percent: true }), '');
    assert.equal(first('maximize', 97, 99.9), '', 'a number that is called nothing of the kind');
    assert.equal(first('minimize', 3, 0.5, { portable: true }, 'B'), 'too-good');
    assert.equal(first('minimize', 3, 2.8, { portable: true }, 'B'), '');
    assert.equal(first('minimize', 3, 0.5, {}, 'B'), '', 'a time on another machine is another time');
    const of = (metric: string, more: object = {}) =>
      guardrailsOf(environmentSchema.parse({ name: 'n', run: 'x', objective: { metric, goal: 'maximize' }, ...more }));
    assert.deepEqual(
      ['val_accuracy', 'eval/acc@1', 'macro_f1', 'reward', 'tokens_per_second', 'accumulated'].map(
        (one) => of(one).percent,
      ),
      [true, true, true, false, false, false],
    );
    assert.deepEqual([of('x').unseeded, of('x', { seed: { env: 'SEED' } }).unseeded], [true, false]);
  });

  it('hold back what touches the measuring, where no person has approved the patch, whatever the seeds say', () => {
    const runs = [1, 2].map((seed) => runRow('1.1', 2.9, { seed, curve }));
    const of = (approvedBy: 'person' | 'policy', more: readonly Run[] = runs) => {
      const candidates = [candidateRow(1, { tags: ['touches-evaluation'], approvedBy })];
      const results = foldResults('minimize', candidates, [...baseline, ...more], GUARDRAILS);
      return [results.candidates.length, results.judged.get(more[0]?.id ?? '')?.flags.map(({ code }) => code) ?? []];
    };
    assert.deepEqual(of('person'), [1, []]);
    assert.deepEqual(of('policy'), [0, ['touches-evaluation']]);
    assert.deepEqual(of('policy', [runRow('1.1', 2.9, { curve, confirmed: true })]), [1, ['touches-evaluation']]);
  });

  it('never rank what is flagged and not confirmed, whatever the rows', () => {
    const run = fc.record({
      candidate: fc.constantFrom('1.1', '2.1', '3.1'),
      value: fc.oneof(fc.double({ min: 0.001, max: 10, noNaN: true }), fc.constant(0.0001)),
      seed: fc.integer({ min: 1, max: 3 }),
      points: fc.integer({ min: 0, max: 30 }),
      end: fc.option(fc.integer({ min: 0, max: 2000 })),
      confirmed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 12 }), (plans) => {
        const runs = plans.map(({ candidate, value, seed, points, end, confirmed }) =>
          runRow(candidate, value, { seed, curve: { points, end }, ...(confirmed ? { confirmed } : {}) }),
        );
        const candidates = [1, 2, 3].map((id) => candidateRow(id));
        const results = foldResults('minimize', candidates, [...baseline, ...runs], GUARDRAILS);
        for (const { candidate, values } of results.candidates) {
          const believed = runs.filter((one) => {
            const found = results.judged.get(one.id);
            return one.candidate === candidate && (found === undefined || found.confirmed !== undefined);
          });
          assert.equal(values.length, believed.length);
          assert.ok(!results.flagged.has(candidate));
        }
      }),
      { numRuns: 500 },
    );
  });
});
