import { type Git, splitNul } from './run.ts';
import type { Status } from './types.ts';

const OPERATIONS: readonly (readonly [file: string, name: string])[] = [
  ['MERGE_HEAD', 'merge'],
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
  ['BISECT_LOG', 'bisect'],
];

/** The working tree against HEAD, read without writing the index. */
export async function readStatus(git: Git, gitDir: string): Promise<Status> {
  const fields = splitNul(
    await git.run(['status', '--porcelain=v2', '-z', '--untracked-files=all', '--ignore-submodules=dirty']),
  );
  const changed: string[] = [];
  const untracked: string[] = [];
  for (let i = 0; i < fields.length; i += 1) {
    const field = fields[i] ?? '';
    const after = (words: number) => field.split(' ').slice(words).join(' ');
    if (field.startsWith('1 ')) changed.push(after(8));
    else if (field.startsWith('u ')) changed.push(after(10));
    else if (field.startsWith('? ')) untracked.push(after(1));
    else if (field.startsWith('2 ')) {
      changed.push(after(9));
      // A rename is followed by its old name.
      i += 1;
    }
  }
  const operation = await findOperation(git, gitDir);
  return {
    clean: changed.length === 0 && untracked.length === 0 && operation === undefined,
    changed,
    untracked,
    ...(operation === undefined ? {} : { operation }),
  };
}

async function findOperation(git: Git, gitDir: string): Promise<string | undefined> {
  for (const [file, name] of OPERATIONS) {
    if (await git.tools.files.info(`${gitDir}/${file}`)) return name;
  }
  return undefined;
}
