import * as path from 'node:path';
import type { System } from '../core/system/index.ts';

/** Why there is nothing to open, or the folder that can be opened. */
export type Place =
  | { readonly kind: 'no-folder' }
  | { readonly kind: 'untrusted' }
  | { readonly kind: 'no-git' }
  | { readonly kind: 'no-repository'; readonly folder: string }
  | { readonly kind: 'no-commits'; readonly folder: string }
  | { readonly kind: 'repository'; readonly folder: string; readonly others: number };

/**
 * Chooses the folder to work in: the first with a research.yaml, else the first in a git repository. In an untrusted
 * workspace it looks at nothing and runs nothing.
 */
export async function findPlace(
  system: Pick<System, 'files' | 'spawn'>,
  folders: readonly string[],
  trusted: boolean,
): Promise<Place> {
  const [first] = folders;
  if (first === undefined) return { kind: 'no-folder' };
  if (!trusted) return { kind: 'untrusted' };
  const described = await firstThat(folders, async (folder) => {
    const info = await system.files.info(path.join(folder, 'research.yaml'));
    return info?.kind === 'file';
  });
  try {
    const inRepository = (folder: string) => git(system, folder, ['rev-parse', '--show-toplevel']);
    const folder =
      described !== undefined && (await inRepository(described)) ? described : await firstThat(folders, inRepository);
    if (folder === undefined) return { kind: 'no-repository', folder: first };
    if (!(await git(system, folder, ['rev-parse', '--verify', '--quiet', 'HEAD'])))
      return { kind: 'no-commits', folder };
    return { kind: 'repository', folder, others: folders.length - 1 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'no-git' };
    throw error;
  }
}

async function firstThat(
  folders: readonly string[],
  holds: (folder: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const folder of folders) if (await holds(folder)) return folder;
  return undefined;
}

/** True when git answers with success. A folder that vanished throws ENOENT like a missing git, so it is checked. */
async function git(system: Pick<System, 'files' | 'spawn'>, folder: string, args: readonly string[]): Promise<boolean> {
  if ((await system.files.info(folder)) === undefined) return false;
  const result = await system.spawn.run('git', ['-C', folder, ...args]);
  return result.code === 0;
}
