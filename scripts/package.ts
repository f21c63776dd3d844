import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { build } from './build.ts';

/** A person waits for this download; the figure is the design's, and does not count ruff's WebAssembly. */
const BUDGET_BYTES = 1_500_000;
const root = path.resolve(import.meta.dirname, '..');

/**
 * Builds for production, within the bundles' budgets, and packs the VSIX.
 * @returns the absolute path of the VSIX
 * @throws when a bundle or the VSIX is over its budget, or vsce refuses
 */
export async function packageVsix(): Promise<string> {
  await build({ production: true });
  const { name, version } = JSON.parse(await fs.readFile(path.join(root, 'package.json'), 'utf8'));
  const file = path.join(root, `${name}-${version}.vsix`);
  const result = spawnSync(
    process.execPath,
    [
      path.join(root, 'node_modules/@vscode/vsce/vsce'),
      'package',
      '--no-dependencies',
      '--allow-missing-repository',
      '--no-rewrite-relative-links',
      `--out=${file}`,
    ],
    { cwd: root, encoding: 'utf8' },
  );
  if (result.status !== 0) throw new Error(`vsce package failed:\n${result.stdout}${result.stderr}`);
  const ruff = deflateRawSync(await fs.readFile(path.join(root, 'dist/ruff_wasm_bg.wasm'))).length;
  const size = (await fs.stat(file)).size - ruff;
  console.log(
    `${path.basename(file)}  ${(size / 1000).toFixed(1)} kB of ${BUDGET_BYTES / 1000}, and ruff's ${(ruff / 1000).toFixed(1)} kB`,
  );
  if (size > BUDGET_BYTES) throw new Error(`The VSIX is over its budget: ${size} of ${BUDGET_BYTES} bytes.`);
  return file;
}

if (import.meta.main) await packageVsix();
