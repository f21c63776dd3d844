import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { BUNDLES } from '../../../scripts/bundles.ts';

const root = process.cwd();

/** Every string in a value that names a file of ours. */
function filesNamed(value: unknown): string[] {
  if (typeof value === 'string') return /^(\.\/)?(media|dist)\//.test(value) ? [value.replace(/^\.\//, '')] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(filesNamed);
}

describe('the VSIX', () => {
  let listed: string[];

  before(() => {
    const vsce = path.join(root, 'node_modules/@vscode/vsce/vsce');
    const result = spawnSync(process.execPath, [vsce, 'ls', '--no-dependencies'], { cwd: root, encoding: 'utf8' });
    assert.equal(result.status, 0, result.stderr);
    listed = result.stdout.split('\n').filter((line) => line !== '');
  });

  it('carries the product and nothing else: no source, no map, no test, no package folder', () => {
    const bundles = BUNDLES.map((bundle) => `dist/${bundle.name}.js`);
    const wanted = [
      ...bundles,
      'dist/ruff_wasm_bg.wasm',
      'dist/webview.css',
      'dist/codicon.ttf',
      'dist/NOTICE.txt',
      'package.json',
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
    ];
    const others = listed.filter((file) => !file.startsWith('media/') && !wanted.includes(file));
    assert.deepEqual(others, []);
    for (const file of bundles) if (existsSync(path.join(root, file))) assert.ok(listed.includes(file), file);
    for (const file of ['dist/ruff_wasm_bg.wasm', 'package.json', 'README.md', 'CHANGELOG.md', 'LICENSE'])
      assert.ok(listed.includes(file), file);
  });

  it('carries every file that package.json names', async () => {
    const manifest: unknown = JSON.parse(await fs.readFile(path.join(root, 'package.json'), 'utf8'));
    for (const file of filesNamed(manifest)) assert.ok(listed.includes(file), file);
  });
});
