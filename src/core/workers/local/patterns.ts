import * as path from 'node:path';
import type { Files } from '../../system/index.ts';
import { globsToRegexes } from '../box/glob.ts';

/** The patterns of `research.yaml` as expressions for whole paths: the same ones that the boxes' scripts match with. */
export function expressions(globs: readonly string[]): string[] {
  return globsToRegexes(globs)
    .split('\n')
    .filter((line) => line !== '');
}

/** Whether a repository path fits one of the expressions. */
export function matcher(lines: readonly string[]): (repositoryPath: string) => boolean {
  const compiled = lines.map((line) => new RegExp(`^(?:${line})$`, 's'));
  return (repositoryPath) => compiled.some((expression) => expression.test(repositoryPath));
}

/** Every plain file below a folder, as paths with `/`, and its size. Links are neither followed nor listed. */
export async function filesBelow(
  files: Pick<Files, 'list' | 'info'>,
  folder: string,
  prefix = '',
): Promise<{ readonly path: string; readonly size: number }[]> {
  const found: { readonly path: string; readonly size: number }[] = [];
  for (const name of await files.list(path.join(folder, ...prefix.split('/').filter(Boolean)))) {
    const relative = prefix === '' ? name : `${prefix}/${name}`;
    const info = await files.info(path.join(folder, ...relative.split('/')));
    if (info?.kind === 'folder') found.push(...(await filesBelow(files, folder, relative)));
    else if (info?.kind === 'file') found.push({ path: relative, size: info.size });
  }
  return found;
}
