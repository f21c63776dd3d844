import { existsSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { build } from './build.ts';
import { fillPlayground } from './demo/playground.ts';

/**
 * What F5 opens: builds product and tests, and makes out/playground/ where it is missing: a committed copy of
 * examples/quickstart with a configuration of its own. It stays from one F5 to the next; delete it to start anew.
 */
const folder = path.resolve(import.meta.dirname, '../out/playground');
await build({ tests: true, quiet: true });
if (!existsSync(path.join(folder, 'quickstart/.git'))) {
  await fs.rm(folder, { recursive: true, force: true });
  await fillPlayground(path.resolve(import.meta.dirname, '..'), folder);
}
