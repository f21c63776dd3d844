import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import * as esbuild from 'esbuild';

const KINDS = ['research', 'boxes', 'config'] as const;

/**
 * Writes the JSON Schemas of the files a person edits into media/schemas/, where package.json names them for editors
 * with a YAML server. They come out of the schemas the product itself reads with, so they are built, not kept.
 */
export async function writeSchemas(root: string): Promise<void> {
  const bundle = path.join(root, 'out/schemas.cjs');
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['src/core/environment/schema.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    logLevel: 'silent',
  });
  const { jsonSchemaOf } = createRequire(import.meta.url)(bundle);
  const folder = path.join(root, 'media/schemas');
  await fs.mkdir(folder, { recursive: true });
  for (const kind of KINDS) {
    await fs.writeFile(
      path.join(folder, `${kind}.schema.json`),
      `${JSON.stringify(jsonSchemaOf(kind), undefined, 2)}\n`,
    );
  }
}
