import { strict as assert } from 'node:assert';
import * as fs from 'node:fs/promises';
import {
  applyVariant,
  copyExample,
  lastLoss,
  needPython,
  train,
  VARIANTS,
  type Variant,
} from '../../support/quickstart.ts';

const SEEDS = [1, 2];

describe('examples/quickstart', () => {
  let base: readonly number[] = [];

  async function losses(variant: Variant): Promise<readonly number[]> {
    const folder = await copyExample();
    try {
      await applyVariant(folder, variant);
      return await Promise.all(SEEDS.map(async (seed) => lastLoss(await train(folder, seed))));
    } finally {
      await fs.rm(folder, { recursive: true, force: true });
    }
  }

  before(async function () {
    await needPython(this);
    base = await losses({ name: 'base', edits: [] });
  });

  async function holds(variant: Variant, sign: 1 | -1): Promise<void> {
    const got = await losses(variant);
    SEEDS.forEach((seed, index) => {
      const delta = (got[index] ?? Number.NaN) - (base[index] ?? Number.NaN);
      assert.ok(delta * sign > 0.02, `seed ${seed}: Δ ${delta} for ${variant.name}`);
    });
  }

  it('gives the same losses for the same seed and others for another', async () => {
    const timeless = (log: string) => log.replaceAll(/time [\d.]+ms/g, '');
    const [one, again, other] = await Promise.all([
      train('examples/quickstart', 1),
      train('examples/quickstart', 1),
      train('examples/quickstart', 2),
    ]);
    assert.equal(timeless(one), timeless(again));
    assert.notEqual(lastLoss(one), lastLoss(other));
  });

  it('wins with a higher learning rate', () => holds(VARIANTS.rateUp, -1));
  it('wins with more characters of context', () => holds(VARIANTS.twoCharacters, -1));
  it('wins with a better update rule', () => holds(VARIANTS.adagrad, -1));
  it('loses with label smoothing, good as it looks', () => holds(VARIANTS.smoothing, 1));
  it('loses with more weight decay', () => holds(VARIANTS.decayUp, 1));
});
