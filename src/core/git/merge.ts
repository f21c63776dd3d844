import { HumanError } from '../domain/index.ts';
import { type Git, GitFailed } from './run.ts';
import { readStatus } from './status.ts';

/**
 * `git merge --no-ff` of a branch into the current one, in the person's own name. Untracked files may lie about.
 * @returns HEAD afterwards
 * @throws HumanError `detached`, `dirty`, `no-branch`, `conflict`, `no-identity`, `merge-refused`; then nothing changed
 */
export async function mergeBranch(git: Git, gitDir: string, branch: string, message: string): Promise<string> {
  const current = await git.maybe(['symbolic-ref', '--quiet', '--short', 'HEAD']);
  if (current === undefined) {
    throw new HumanError(
      'No branch is checked out (detached HEAD). Check out the branch to merge into, then try again.',
      {
        code: 'detached',
      },
    );
  }
  const status = await readStatus(git, gitDir);
  if (status.changed.length > 0 || status.operation !== undefined) {
    const what = status.operation === undefined ? some(status.changed) : `a ${status.operation} is under way`;
    throw new HumanError(
      `The working tree has changes that a merge could mix up (${what}). Commit or stash them first.`,
      {
        code: 'dirty',
      },
    );
  }
  const commit = await git.maybe(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`]);
  if (commit === undefined) throw new HumanError(`There is no branch ${branch}.`, { code: 'no-branch' });
  await refuseConflict(git, current, branch, commit);
  const settings = ['merge.autoStash=false', 'rerere.enabled=false'].flatMap((setting) => ['-c', setting]);
  try {
    await git.run([...settings, 'merge', '--no-ff', '--no-edit', '-m', message, `refs/heads/${branch}`]);
  } catch (error) {
    if (!(error instanceof GitFailed)) throw error;
    if (await git.tools.files.info(`${gitDir}/MERGE_HEAD`)) await git.run(['merge', '--abort']);
    throw explain(error, current, branch);
  }
  return await git.text(['rev-parse', 'HEAD']);
}

/** Git 2.38 and newer can tell before anything is touched; older ones find out and abort. */
async function refuseConflict(git: Git, current: string, branch: string, commit: string): Promise<void> {
  const tried = await git.attempt(['merge-tree', '--write-tree', '--name-only', '--no-messages', 'HEAD', commit]);
  if (tried.code !== 1) return;
  const files = tried.stdout
    .toString('utf8')
    .split('\n')
    .slice(1)
    .filter((line) => line !== '');
  throw conflict(current, branch, some([...new Set(files)]));
}

function conflict(current: string, branch: string, what: string): HumanError {
  return new HumanError(
    `${branch} conflicts with ${current} (${what}); nothing was changed. Merge it by hand: git merge ${branch}`,
    { code: 'conflict' },
  );
}

function explain(error: GitFailed, current: string, branch: string): HumanError {
  if (/tell me who you are|unable to auto-detect email|empty ident/i.test(error.stderr)) {
    return new HumanError(
      'Git does not know your name yet. Set user.name and user.email with git config, then try again.',
      {
        code: 'no-identity',
        cause: error,
      },
    );
  }
  if (/conflict/i.test(error.stderr) || error.stderr === '') return conflict(current, branch, 'see git merge');
  return new HumanError(`Git did not merge ${branch}; nothing was changed: ${error.stderr}`, {
    code: 'merge-refused',
    cause: error,
  });
}

function some(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).join(', ');
  return paths.length > 3 ? `${shown} and ${paths.length - 3} more` : shown;
}
