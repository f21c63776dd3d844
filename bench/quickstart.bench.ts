import * as fs from 'node:fs/promises';
import { summarise } from '../src/core/domain/index.ts';
import { applyVariant, copyExample, lastLoss, train, VARIANTS, type Variant } from '../test/support/quickstart.ts';

/** Prints the measured table of examples/quickstart/README.md: five seeds of the base and of each change. */
async function measure(variant: Variant): Promise<{ mean: number; std: number; n: number }> {
  const folder = await copyExample();
  try {
    await applyVariant(folder, variant);
    const losses: number[] = [];
    for (const seed of [1, 2, 3, 4, 5]) losses.push(lastLoss(await train(folder, seed)));
    return summarise(losses) ?? { mean: Number.NaN, std: Number.NaN, n: 0 };
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const base = await measure({ name: 'base', edits: [] });
  console.log('| change | val loss | Δ | |');
  console.log('|---|---|---|---|');
  console.log(`| none | ${base.mean.toFixed(4)} ± ${base.std.toFixed(4)} | | |`);
  for (const variant of Object.values<Variant>(VARIANTS)) {
    const { mean, std } = await measure(variant);
    const delta = mean - base.mean;
    const noise = Math.max(base.std, std);
    const verdict = Math.abs(delta) < 2 * noise ? 'no different' : delta < 0 ? 'better' : 'worse';
    const shown = `${delta < 0 ? '−' : '+'}${Math.abs(delta).toFixed(4)}`;
    console.log(`| ${variant.name} | ${mean.toFixed(4)} ± ${std.toFixed(4)} | ${shown} | ${verdict} |`);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
