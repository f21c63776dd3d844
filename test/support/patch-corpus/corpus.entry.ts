import { ProductApplier } from './apply.ts';
import { type CorpusCase, readCorpus } from './cases.ts';
import { countScores, SCORES, scoreCase } from './score.ts';
import { gitAgrees } from './through-git.ts';

const USAGE = `npm run corpus -- FOLDER [--json]
  Scores every case under FOLDER: a folder with answer.txt, expect.json and the files it names (docs/patches.md).
  Exit status 1 where anything was applied that is silently wrong, 2 where there is nothing to score.`;

/** As in the product, a patch of ours that git takes otherwise than we do is refused. */
async function applyAsProduct(product: ProductApplier, one: CorpusCase) {
  const outcome = await product.apply(one);
  if (!outcome.ok || gitAgrees(one.files, outcome.changes)) return outcome;
  return { ok: false, refusals: [{ code: 'patch-refused', message: 'git comes to other bytes' }] } as const;
}

async function main(args: readonly string[]): Promise<number> {
  const options = args.filter((arg) => arg.startsWith('-'));
  const [folder, ...more] = args.filter((arg) => !arg.startsWith('-'));
  if (options.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  if (folder === undefined || more.length > 0 || options.some((option) => option !== '--json')) {
    console.error(USAGE);
    return 2;
  }
  const { cases, broken } = readCorpus(folder);
  for (const { name, problem } of broken) console.error(`${name}: cannot be scored, ${problem}`);
  if (cases.length === 0) throw new Error(`${folder} holds no case: no folder with a good expect.json.`);
  const product = new ProductApplier();
  const scored = await Array.fromAsync(cases, (one) => scoreCase(one, () => applyAsProduct(product, one)));
  product.dispose();
  const counts = countScores(scored);
  if (options.includes('--json')) {
    console.log(JSON.stringify({ cases: scored, counts: { ...counts, broken: broken.length } }, undefined, 2));
  } else {
    for (const one of scored) {
      if (one.score === 'right' || one.score === 'refused with the right code') continue;
      console.log(`${one.name}: ${one.score}, ${one.got} for ${one.expected}. ${one.detail.split('\n')[0]}`);
    }
    const words = [
      ...SCORES.map((score) => `${score} ${counts[score]}`),
      ...(broken.length > 0 ? [`broken ${broken.length}`] : []),
    ];
    console.log(`${cases.length} cases: ${words.join(', ')}`);
  }
  return counts['silently wrong'] > 0 ? 1 : 0;
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
