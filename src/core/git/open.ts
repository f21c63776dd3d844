import * as path from 'node:path';
import { HumanError } from '../domain/index.ts';
import { GitRepository } from './repository.ts';
import { Git, GitFailed, type GitTools } from './run.ts';
import type { Repository } from './types.ts';

const OLDEST = [2, 30] as const;

/**
 * Opens the repository that a folder lies in. Give it `System`, or the parts named in `GitTools`.
 * @throws HumanError `no-git`, `no-repository`, `unsafe-repository`, `object-format`
 */
export async function openRepository(folder: string, tools: GitTools): Promise<Repository> {
  if ((await tools.files.info(folder))?.kind === undefined) throw noRepository(folder, 'there is no such folder');
  const git = new Git(tools, folder);
  await requireVersion(git);
  let top: string;
  try {
    top = await git.text(['rev-parse', '--show-toplevel']);
  } catch (error) {
    if (!(error instanceof GitFailed)) throw error;
    throw refusal(folder, error);
  }
  const root = path.resolve(top);
  const inRoot = git.in(root);
  const gitDir = await inRoot.text(['rev-parse', '--absolute-git-dir']);
  const common = path.resolve(root, await inRoot.text(['rev-parse', '--git-common-dir']));
  const format = await inRoot.text(['rev-parse', '--show-object-format']);
  if (format !== 'sha1') {
    throw new HumanError(`${root} keeps its objects as ${format}; only sha1 repositories are supported.`, {
      code: 'object-format',
    });
  }
  return new GitRepository(inRoot, { root, gitDir, commonDir: (await tools.files.realPath(common)) ?? common });
}

async function requireVersion(git: Git): Promise<void> {
  const text = await git.text(['--version']);
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(text) ?? [];
  const newer = Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]);
  if (newer) return;
  throw new HumanError(
    `${text} is too old: git ${OLDEST.join('.')} or newer is needed. Update git, then reload the window.`,
    {
      code: 'no-git',
    },
  );
}

function noRepository(folder: string, why: string): HumanError {
  return new HumanError(
    `${folder} is not in a git working tree (${why}). Run "git init" there and commit your files, or open the repository's folder.`,
    { code: 'no-repository' },
  );
}

function refusal(folder: string, error: GitFailed): HumanError {
  if (/dubious ownership|unsafe repository/.test(error.stderr)) {
    return new HumanError(
      `Git refuses ${folder} because another user owns it. If you trust it: git config --global --add safe.directory ${folder}`,
      { code: 'unsafe-repository', cause: error },
    );
  }
  const why = /must be run in a work tree/.test(error.stderr) ? 'a bare repository' : 'no repository found';
  return noRepository(folder, why);
}
