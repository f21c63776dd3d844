import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { build } from './build.ts';

/**
 * Runs the rings named (default: unit) with mocha and prints one closing line for all.
 * `--only TEXT` takes the test files whose path holds the text, `--grep TEXT` the tests whose title does.
 */
const root = path.resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);
const grepAt = args.indexOf('--grep');
const grep = grepAt >= 0 ? args.splice(grepAt, 2)[1] : undefined;
const onlyAt = args.indexOf('--only');
const only = onlyAt >= 0 ? args.splice(onlyAt, 2)[1] : undefined;
const rings = args.filter((arg) => !arg.startsWith('-'));

await build({ tests: true, quiet: true, only });
let passed = 0;
let failed = 0;
let pending = 0;
for (const ring of rings.length > 0 ? rings : ['unit']) {
  const built = await Array.fromAsync(fs.glob(`out/test/${ring}/**/*.test.js`, { cwd: root }));
  const files = built.filter((file) => file.includes(only ?? ''));
  if (files.length === 0) continue;
  const reportFile = path.join(root, 'out', `report-${ring}.json`);
  await fs.rm(reportFile, { force: true });
  console.log(`\n${ring}`);
  const mocha = spawnSync(
    process.execPath,
    [
      '--enable-source-maps',
      path.join(root, 'node_modules/mocha/bin/mocha.js'),
      '--reporter',
      path.join(root, 'scripts/reporter.cjs'),
      '--reporter-option',
      `output=${reportFile}`,
      '--timeout',
      ring === 'unit' ? '20000' : '120000',
      ...(grep ? ['--grep', grep] : []),
      ...files.sort(),
    ],
    { cwd: root, stdio: 'inherit' },
  );
  try {
    const stats = JSON.parse(await fs.readFile(reportFile, 'utf8')).stats;
    passed += stats.passes;
    failed += stats.failures;
    pending += stats.pending;
  } catch {
    failed += 1;
  }
  if (mocha.status !== 0 && failed === 0) failed += 1;
}
console.log(`\n${passed} passed, ${failed} failed, ${pending} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
