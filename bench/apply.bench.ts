import * as path from 'node:path';
import { scoreAppliers } from './apply/score.ts';
import { timeAppliers } from './apply/time.ts';

const given = [...process.argv.slice(2), process.env.PATCH_CORPUS ?? ''].filter((folder) => folder !== '');
const folders = given.length > 0 ? given : [path.resolve('test/fixtures/patches')];

async function main(): Promise<void> {
  const wrong = await scoreAppliers([...new Set([...folders, path.resolve('test/fixtures/patches-own')])]);
  if (wrong > 0) process.exitCode = 1;
  timeAppliers();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
