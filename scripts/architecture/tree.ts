import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { checkFile, type Violation } from './check.ts';

/** Checks every source file of the product against the table of rooms (rooms.ts). */
export async function checkTree(
  root: string,
): Promise<{ readonly files: number; readonly violations: readonly Violation[] }> {
  const files = await Array.fromAsync(fs.glob('{src,webview-ui}/**/*.{ts,tsx}', { cwd: root }));
  const violations: Violation[] = [];
  for (const file of files.sort()) {
    const name = file.split(path.sep).join('/');
    violations.push(...checkFile(name, await fs.readFile(path.join(root, file), 'utf8')));
  }
  return { files: files.length, violations };
}
