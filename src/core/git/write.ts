import { HumanError } from '../domain/index.ts';
import { listFiles, readBlobs } from './objects.ts';
import { requirePath } from './paths.ts';
import { type Git, GitFailed, splitNul } from './run.ts';
import type { FileChange } from './types.ts';

const MODES: ReadonlySet<string> = new Set(['100644', '100755', '120000']);
const ZERO = '0'.repeat(40);

/**
 * The tree of `from` with changes, written by plumbing alone through an index of its own.
 * @throws HumanError `path-escape`, `path-conflict` when a file would stand where a folder is, `file-not-found` when
 *   a file to delete is not there
 */
export async function writeChangedTree(
  git: Git,
  from: string,
  changes: ReadonlyMap<string, FileChange>,
): Promise<string> {
  for (const path of changes.keys()) requirePath(path);
  const before = new Map((await listFiles(git, from)).map((file) => [file.path, file.mode]));
  requireNoConflict(before, changes);
  const lines: string[] = [];
  for (const [path, change] of changes) {
    if (change === null) {
      lines.push(`0 ${ZERO}\t${path}\0`);
    } else {
      const old = before.get(path);
      const mode = change.mode ?? (old !== undefined && MODES.has(old) ? old : '100644');
      if (!MODES.has(mode)) throw new Error(`${mode} is no mode of a file (${path})`);
      lines.push(`${mode} ${await git.writeBlob(change.bytes)}\t${path}\0`);
    }
  }
  return await git.withIndex(async (env) => {
    await git.run(['read-tree', from], { env });
    await git.run(['update-index', '-z', '--index-info'], { env, input: lines.join('') });
    return await git.text(['write-tree'], { env });
  });
}

function requireNoConflict(before: ReadonlyMap<string, string>, changes: ReadonlyMap<string, FileChange>): void {
  const after = new Set(before.keys());
  for (const [path, change] of changes) {
    if (change !== null) after.add(path);
    else if (!after.delete(path)) {
      throw new HumanError(`${path} cannot be deleted: the commit has no such file.`, { code: 'file-not-found' });
    }
  }
  for (const path of after) {
    for (let cut = path.indexOf('/'); cut >= 0; cut = path.indexOf('/', cut + 1)) {
      if (after.has(path.slice(0, cut))) {
        throw new HumanError(`${path.slice(0, cut)} cannot be a file and hold ${path} at the same time.`, {
          code: 'path-conflict',
        });
      }
    }
  }
}

/**
 * The tree of a working tree as it is on disk: what the index tracks, what is untracked and not ignored, and `also`.
 * The index is only read. Attributes and filters are those that git itself would use there.
 */
export async function writeWorkingTree(git: Git, indexFile: string, also: readonly string[] = []): Promise<string> {
  const { files } = git.tools;
  // The list comes from the real index: only its own time stamp tells which entries may be racily clean.
  const changed = splitNul(
    await git.run(['diff-files', '--name-status', '-z', '--no-renames', '--ignore-submodules=dirty']),
  );
  const untracked = splitNul(await git.run(['ls-files', '--others', '--exclude-standard', '-z']));
  const gone = new Set<string>();
  const there = new Set(untracked.filter((path) => !path.endsWith('/')));
  for (let i = 0; i + 1 < changed.length; i += 2) {
    const path = changed[i + 1] ?? '';
    if (changed[i] === 'D') gone.add(path);
    else there.add(path);
  }
  for (const path of also) {
    const info = await files.info(`${git.folder}/${path}`);
    if (info?.kind === 'file' || info?.kind === 'link') there.add(path);
  }
  return await git.withIndex(async (env, file) => {
    const index = await files.read(indexFile);
    if (index) await files.write(file, index);
    if (gone.size + there.size === 0) return await git.text(['write-tree'], { env });
    // Removed first, so that equal time stamps of the copy cannot pass an old entry for the new content.
    const drop = [...gone, ...there].map((path) => `0 ${ZERO}\t${path}\0`).join('');
    await git.run(['update-index', '-z', '--index-info'], { env, input: drop });
    await git.run(['update-index', '--add', '--remove', '-z', '--stdin'], {
      env,
      input: [...there].map((path) => `${path}\0`).join(''),
    });
    return await git.text(['write-tree'], { env });
  });
}

/**
 * Applies a patch to `from` in an index of its own and gives the bytes of `paths` in the result (undefined: deleted).
 * @throws HumanError `patch-refused` with what git said
 */
export async function applyPatch(
  git: Git,
  from: string,
  patch: Uint8Array,
  paths: readonly string[],
): Promise<Map<string, Buffer | undefined>> {
  const tree = await git.withIndex(async (env) => {
    await git.run(['read-tree', from], { env });
    const args = ['-c', 'apply.ignoreWhitespace=no', 'apply', '--cached', '--whitespace=nowarn', '-'];
    try {
      await git.run(args, { env, input: patch });
    } catch (error) {
      if (!(error instanceof GitFailed)) throw error;
      throw new HumanError(`Git does not take the patch: ${error.stderr}`, { code: 'patch-refused', cause: error });
    }
    return await git.text(['write-tree'], { env });
  });
  const wanted = new Set(paths);
  const files = (await listFiles(git, tree)).filter((file) => wanted.has(file.path));
  const blobs = await readBlobs(git, files);
  const byPath = new Map(files.map((file) => [file.path, blobs.get(file.blob)]));
  return new Map(paths.map((path) => [path, byPath.get(path)]));
}
