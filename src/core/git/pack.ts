import type { SpawnResult } from '../system/index.ts';
import { type Git, GitFailed } from './run.ts';

const HEX = /^[0-9a-f]{40}$/;
const MAX_PACK = 2 ** 32;
/** Every parentless commit of one tree is the same commit, whoever makes it and when. */
const FIXED_DATE = '946684800 +0000';

/** A thin pack for `git index-pack --fix-thin`: what `want` needs beyond `have`. Unknown `have` are left out. */
export async function makePack(git: Git, want: readonly string[], have: readonly string[]): Promise<Buffer> {
  for (const commit of want) {
    if (!HEX.test(commit)) throw new Error(`${commit} is no commit id`);
  }
  const named = have.filter((commit) => HEX.test(commit));
  // As a rule all of them are known here: asking first would cost as much time as the pack.
  const pack = await attemptPack(git, want, named);
  if (pack.code === 0) return pack.stdout;
  const again = await attemptPack(git, want, await knownCommits(git, named));
  if (again.code !== 0) throw new GitFailed(['pack-objects'], again);
  return again.stdout;
}

function attemptPack(git: Git, want: readonly string[], have: readonly string[]): Promise<SpawnResult> {
  const input = [...want, ...have.map((commit) => `^${commit}`)].map((line) => `${line}\n`).join('');
  // --shallow: commits without parents have no common history, so git must be told to look into the trees of `have`.
  const flags = ['--revs', '--thin', '--shallow', '--stdout', '--delta-base-offset', '-q'];
  return git.attempt(['-c', 'pack.packSizeLimit=0', 'pack-objects', ...flags], { input, maxBytes: MAX_PACK });
}

async function knownCommits(git: Git, commits: readonly string[]): Promise<string[]> {
  if (commits.length === 0) return [];
  const answer = await git.text(['cat-file', '--batch-check=%(objectname) %(objecttype)'], {
    input: `${commits.join('\n')}\n`,
  });
  return answer
    .split('\n')
    .filter((line) => line.endsWith(' commit'))
    .map((line) => line.slice(0, line.indexOf(' ')));
}

/** A commit of the same tree without parents. The same tree gives the same commit each time. */
export async function makeParentless(git: Git, commit: string): Promise<string> {
  if (!HEX.test(commit)) throw new Error(`${commit} is no commit id`);
  return await git.commitTree(`${commit}^{tree}`, [], 'research: the tree to run', FIXED_DATE);
}
