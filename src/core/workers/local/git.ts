import { devNull } from 'node:os';
import * as path from 'node:path';
import { HumanError } from '../../domain/index.ts';
import type { Files, Random, Spawn } from '../../system/index.ts';

export interface GitParts {
  readonly spawn: Spawn;
  readonly files: Files;
  readonly random: Random;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface TreeEntry {
  /** Repository path with `/`. */
  readonly path: string;
  readonly mode: string;
  readonly blob: string;
}

// The same line as on every box: a repository's own attributes must not change a byte of what is checked out.
const ATTRIBUTES = '* -text -ident -filter !eol !working-tree-encoding !crlf\n';

async function git(parts: GitParts, args: readonly string[], more: Record<string, string> = {}, input?: Uint8Array) {
  const kept = Object.entries(parts.env).filter(([name]) => !name.startsWith('GIT_'));
  const env = {
    ...Object.fromEntries(kept),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    ...more,
  };
  const settings = ['-c', 'core.fsmonitor=false', '-c', `core.hooksPath=${devNull}`, '-c', 'core.longpaths=true'];
  try {
    return await parts.spawn.run('git', [...settings, ...args], { env, input });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new HumanError('git is not on the PATH of this machine. Install git; code is handed to runs with it.', {
      code: 'box-missing-tool',
      cause: error,
    });
  }
}

async function mustGit(...args: Parameters<typeof git>): Promise<Buffer> {
  const { code, stdout, stderr } = await git(...args);
  if (code !== 0) throw new Error(`git ${args[1].join(' ')}: ${stderr.toString('utf8').trim() || `exit ${code}`}`);
  return stdout;
}

/** A bare repository of ours that borrows the person's objects: nothing of theirs is written, no hook of theirs runs. */
export async function ensureRepository(parts: GitParts, repository: string, gitDir: string): Promise<void> {
  const { files } = parts;
  if (!(await files.info(repository))) {
    const fresh = `${repository}.new-${parts.random.word(8)}`;
    await mustGit(parts, ['init', '-q', '--bare', '--template=', fresh]);
    await files.write(path.join(fresh, 'info', 'attributes'), ATTRIBUTES);
    try {
      await files.rename(fresh, repository);
    } catch (error) {
      // Another submit was first; its repository is as good.
      await files.remove(fresh);
      if (!(await files.info(repository))) throw error;
    }
  }
  const alternates = path.join(repository, 'objects', 'info', 'alternates');
  const wanted = `${path.join(gitDir, 'objects')}\n`;
  if ((await files.readText(alternates)) !== wanted) await files.write(alternates, wanted);
}

export async function hasCommit(parts: GitParts, repository: string, commit: string): Promise<boolean> {
  return (await git(parts, ['--git-dir', repository, 'cat-file', '-e', `${commit}^{tree}`])).code === 0;
}

export async function takePack(parts: GitParts, repository: string, pack: Buffer): Promise<void> {
  await mustGit(parts, ['--git-dir', repository, 'index-pack', '--fix-thin', '--stdin'], {}, pack);
}

/** Every file of a commit. */
export async function listTree(parts: GitParts, repository: string, commit: string): Promise<TreeEntry[]> {
  const out = await mustGit(parts, ['--git-dir', repository, 'ls-tree', '-r', '-z', '--full-tree', commit]);
  return out
    .toString('utf8')
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t');
      const [mode = '', , blob = ''] = line.slice(0, tab).split(' ');
      return { path: line.slice(tab + 1), mode, blob };
    });
}

/**
 * The tree that runs: the commit's, with every path that `isProtected` takes as the trusted commit has it, or not at all
 * where that lacks it. Gives the tree's id.
 */
export async function composeTree(
  parts: GitParts,
  repository: string,
  commits: { readonly commit: string; readonly trusted: string },
  isProtected: (path: string) => boolean,
  index: string,
): Promise<string> {
  const own = (await listTree(parts, repository, commits.commit)).filter(({ path: file }) => isProtected(file));
  const theirs = (await listTree(parts, repository, commits.trusted)).filter(({ path: file }) => isProtected(file));
  const lines = [
    ...own.map(({ path: file, blob }) => `0 ${blob}\t${file}\0`),
    ...theirs.map(({ path: file, mode, blob }) => `${mode} ${blob}\t${file}\0`),
  ];
  const more = { GIT_INDEX_FILE: index };
  try {
    await mustGit(parts, ['--git-dir', repository, 'read-tree', commits.commit], more);
    const update = ['--git-dir', repository, 'update-index', '-z', '--index-info'];
    await mustGit(parts, update, more, Buffer.from(lines.join('')));
    return (await mustGit(parts, ['--git-dir', repository, 'write-tree'], more)).toString('utf8').trim();
  } finally {
    await parts.files.remove(index);
  }
}

/** Writes a commit's files into a folder, byte for byte, with an index that is thrown away. */
export async function checkOut(parts: GitParts, repository: string, commit: string, folder: string): Promise<void> {
  const index = `${folder}.index`;
  await parts.files.remove(folder);
  await parts.files.makeFolder(folder);
  try {
    const more = { GIT_INDEX_FILE: index };
    await mustGit(parts, ['--git-dir', repository, 'read-tree', commit], more);
    await mustGit(parts, ['--git-dir', repository, '--work-tree', folder, 'checkout-index', '-a', '-f', '-q'], more);
  } finally {
    await parts.files.remove(index);
  }
}
