import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { build } from './build.ts';

/**
 * `npm run bench [-- NAME... FOLDER...]`: the sizes of the production bundles against their budgets, then each
 * bench/NAME.bench.ts on that build. Those that take minutes run only when named; folders go to all that run.
 */
const root = path.resolve(import.meta.dirname, '..');
const SLOW = new Set(['quickstart', 'fleet']);
const given = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const wanted = given.filter((arg) => !arg.includes('/') && !arg.includes(path.sep));
// npm changes to the repository; a person's FOLDER is seen from where they stand.
const from = process.env.INIT_CWD ?? process.cwd();
const folders = given.filter((arg) => !wanted.includes(arg)).map((folder) => path.resolve(from, folder));

const sources = await Array.fromAsync(fs.glob('bench/*.bench.ts', { cwd: root }));
const names = sources.map((file) => path.basename(file, '.bench.ts')).sort();
const unknown = wanted.filter((name) => name !== 'sizes' && !names.includes(name));
if (unknown.length > 0)
  throw new Error(`No such benchmark: ${unknown.join(', ')}. There are sizes, ${names.join(', ')}.`);

if (process.argv.includes('--help')) {
  console.log(
    `npm run bench [-- NAME... FOLDER...], of sizes, ${names.join(', ')}; those that take minutes only when named.`,
  );
  process.exit();
}

console.log('sizes');
await build({ production: true, tests: true, only: 'bench/' });
for (const name of names) {
  if (wanted.length > 0 ? !wanted.includes(name) : SLOW.has(name)) continue;
  console.log(`\n${name}`);
  const args = ['--enable-source-maps', path.join(root, `out/bench/${name}.bench.js`), ...folders];
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exitCode = 1;
}
