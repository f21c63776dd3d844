import { createHash } from 'node:crypto';
import { HumanError } from '../domain/index.ts';
import type { Git } from './run.ts';

interface Kept {
  readonly folder: string;
  readonly key: string;
}

function parseKept(text: string | undefined): Kept | undefined {
  const [key, folder] = text?.split('\n') ?? [];
  return key && folder && /^[a-z0-9-]+$/.test(key) ? { key, folder } : undefined;
}

/**
 * A short stable key of a clone: its folder's name and a hash of the git folder's real path and the first root
 * commit. Kept beside the database, so that a HEAD on another history does not change it; a copied clone gets its own.
 * @throws HumanError `no-commits`
 */
export async function cloneKey(git: Git, root: string, commonDir: string): Promise<string> {
  const { files } = git.tools;
  const folder = (await files.realPath(commonDir)) ?? commonDir;
  const file = `${commonDir}/research/key`;
  const kept = parseKept(await files.readText(file));
  if (kept?.folder === folder) return kept.key;
  const roots = await git.maybe(['rev-list', '--max-parents=0', 'HEAD', '--']);
  const first = roots?.split('\n').at(-1);
  if (!first) throw new HumanError(`${root} has no commit yet. Commit your files first.`, { code: 'no-commits' });
  const name = (root.split(/[\\/]/).at(-1) ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const hash = createHash('sha256').update(`${folder}\0${first}`).digest('hex').slice(0, 12);
  const key = `${name.slice(0, 24) || 'repo'}-${hash}`;
  await files.write(file, `${key}\n${folder}\n`);
  return key;
}
