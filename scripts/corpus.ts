import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { build } from './build.ts';

/** `npm run corpus -- FOLDER [--json]`: scores a folder of answers and their right outcomes on the product as it is. */
const root = path.resolve(import.meta.dirname, '..');
await build({ tests: true, quiet: true, only: 'test/support/patch-corpus/' });
const args = ['--enable-source-maps', path.join(root, 'out/test/support/patch-corpus/corpus.entry.js')];
// npm changes to the repository; a person's FOLDER is seen from where they stand.
const { status } = spawnSync(process.execPath, [...args, ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  stdio: 'inherit',
});
process.exitCode = status ?? 2;
