import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Metafile } from 'esbuild';

const FILES = /^(licen[cs]e|copying|notice)/i;

/** The folder of the package a bundled file comes from, scoped names and nested folders included. */
function packageFolder(input: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

async function licenceText(folder: string): Promise<string> {
  const names = (await fs.readdir(folder)).filter((name) => FILES.test(name)).sort();
  const texts = await Promise.all(names.map((name) => fs.readFile(path.join(folder, name), 'utf8')));
  return texts.map((text) => text.replace(/^\uFEFF/, '').trim()).join('\n\n');
}

/**
 * The licences of everything the bundles carry, read from esbuild's own account of what went in.
 * @param root the repository's root, which the metafiles' paths start from
 */
export async function notices(root: string, metafiles: readonly Metafile[]): Promise<string> {
  const inputs = metafiles.flatMap((metafile) =>
    Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs)),
  );
  const folders = [...new Set(inputs.map(packageFolder).filter((folder) => folder !== undefined))].sort();
  const sections: string[] = [];
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(await fs.readFile(path.join(root, folder, 'package.json'), 'utf8'));
    const text = await licenceText(path.join(root, folder));
    if (text === '' && !license) throw new Error(`${name} ${version} names no licence: it cannot be shipped.`);
    sections.push(`${name} ${version} (${license ?? 'licence below'})\n\n${text}`);
  }
  const line = '-'.repeat(80);
  return `Research Copilot carries these packages.\n\n${line}\n${sections.join(`\n\n${line}\n`)}\n`;
}
