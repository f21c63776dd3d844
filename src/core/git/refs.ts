import { HumanError } from '../domain/index.ts';
import { type Git, GitFailed } from './run.ts';

const OURS = 'refs/research/';

function requireOurs(ref: string): void {
  if (!ref.startsWith(OURS)) throw new Error(`${ref} is not a ref of ours`);
}

/** Points a ref of ours at a commit, so that git never collects it. */
export async function keepRef(git: Git, ref: string, commit: string): Promise<void> {
  requireOurs(ref);
  await git.run(['update-ref', ref, commit]);
}

export async function dropRef(git: Git, ref: string): Promise<void> {
  requireOurs(ref);
  await git.run(['update-ref', '-d', ref]);
}

/** All refs of ours. */
export async function listRefs(git: Git): Promise<{ readonly name: string; readonly commit: string }[]> {
  const lines = await git.text(['for-each-ref', '--format=%(objectname) %(refname)', OURS]);
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ commit: line.slice(0, line.indexOf(' ')), name: line.slice(line.indexOf(' ') + 1) }));
}

/**
 * Makes a branch without checking it out. Where the name is taken by another commit: `name-2`, `name-3`, …; where a
 * branch stands in the way of its folder (`research` of `research/1-x`): with dashes. Gives the name.
 * @throws HumanError `bad-branch-name`
 */
export async function createBranch(git: Git, name: string, commit: string): Promise<string> {
  const good = await git.attempt(['check-ref-format', `refs/heads/${name}`]);
  if (good.code !== 0 || name.startsWith('-')) {
    throw new HumanError(
      `${JSON.stringify(name)} cannot be the name of a branch. Choose one of letters, digits and dashes.`,
      {
        code: 'bad-branch-name',
      },
    );
  }
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    const ref = `refs/heads/${candidate}`;
    const existing = await git.maybe(['rev-parse', '--verify', '--quiet', ref]);
    if (existing === commit) return candidate;
    if (existing !== undefined) continue;
    try {
      await git.run(['update-ref', ref, commit, '0'.repeat(commit.length)]);
      return candidate;
    } catch (error) {
      if (!(error instanceof GitFailed)) throw error;
      if (/reference already exists/.test(error.stderr)) continue;
      if (!name.includes('/') || !/cannot lock ref/.test(error.stderr)) throw error;
      return await createBranch(git, name.replaceAll('/', '-'), commit);
    }
  }
}
