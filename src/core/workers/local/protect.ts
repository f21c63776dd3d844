import { createHash } from 'node:crypto';
import * as nodePath from 'node:path';
import type { Files } from '../../system/index.ts';
import type { TreeEntry } from './git.ts';
import { inside } from './layout.ts';

const CHUNK = 4 * 1024 * 1024;

/** Git's hash of a file's bytes, of the same kind as `like`. */
async function blobHash(files: Files, file: string, size: number, like: string): Promise<string> {
  const hash = createHash(like.length === 64 ? 'sha256' : 'sha1').update(`blob ${size}\0`);
  for (let offset = 0; offset < size; ) {
    const bytes = await files.readRange(file, offset, Math.min(CHUNK, size - offset));
    if (bytes.length === 0) break;
    hash.update(bytes);
    offset += bytes.length;
  }
  return hash.digest('hex');
}

/** Whether a name of the path is a link: what is read or written there may lie outside the folder. */
export async function throughLink(files: Files, folder: string, repositoryPath: string): Promise<boolean> {
  let at = folder;
  for (const name of repositoryPath.split('/')) {
    at = nodePath.join(at, name);
    if ((await files.info(at))?.kind === 'link') return true;
  }
  return false;
}

/** The files that are not in the folder as the commit has them. Links are judged by being links still. */
export async function changedFiles(files: Files, folder: string, entries: readonly TreeEntry[]): Promise<string[]> {
  const changed: string[] = [];
  for (const { path, mode, blob } of entries) {
    if (mode === '160000') continue;
    const file = inside(folder, path);
    const info = file === undefined ? undefined : await files.info(file);
    const kind = mode === '120000' ? 'link' : 'file';
    const same =
      file !== undefined &&
      info?.kind === kind &&
      !(await throughLink(files, folder, nodePath.posix.dirname(path))) &&
      (kind === 'link' || (await blobHash(files, file, info.size, blob)) === blob);
    if (!same) changed.push(path);
  }
  return changed;
}
