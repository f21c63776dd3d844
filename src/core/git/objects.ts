import { type Git, splitNul } from './run.ts';
import type { TreeFile } from './types.ts';

const ENTRY = /^(\d+) (\w+) ([0-9a-f]+) +(\S+)\t([\s\S]*)$/;
/** Bytes of blobs asked from one `cat-file --batch`, so that no answer outgrows a Buffer. */
const BATCH_BYTES = 64 * 1024 * 1024;
const LFS_POINTER = Buffer.from('version https://git-lfs.github.com/spec/v1\n');
const LFS_POINTER_MAX = 1024;

/** Every file of a commit or tree, submodules included. */
export async function listFiles(git: Git, tree: string): Promise<TreeFile[]> {
  return parseTree(await git.run(['ls-tree', '-r', '-l', '-z', '--full-tree', tree]));
}

function parseTree(bytes: Buffer): TreeFile[] {
  return splitNul(bytes).map((line) => {
    const [, mode = '', , blob = '', size = '', path = ''] = ENTRY.exec(line) ?? [];
    return { path, mode, blob, size: size === '-' ? 0 : Number(size) };
  });
}

/** The bytes of one file; undefined where the commit has no file of that path. */
export async function readFile(git: Git, tree: string, path: string): Promise<Buffer | undefined> {
  const entries = parseTree(await git.run(['ls-tree', '-l', '-z', '--full-tree', tree, '--', path]));
  const entry = entries.find((one) => one.path === path && one.mode !== '040000' && one.mode !== '160000');
  if (!entry) return undefined;
  return await git.run(['cat-file', 'blob', entry.blob], { maxBytes: entry.size + 1 });
}

/** Blob bytes by id, in as few processes as their sizes allow. */
export async function readBlobs(
  git: Git,
  wanted: readonly { readonly blob: string; readonly size: number }[],
): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  let batch: string[] = [];
  let bytes = 0;
  const flush = async () => {
    if (batch.length === 0) return;
    const output = await git.run(['cat-file', '--batch'], {
      input: `${batch.join('\n')}\n`,
      maxBytes: bytes + batch.length * 200,
    });
    parseBatch(output, found);
    batch = [];
    bytes = 0;
  };
  const sizes = new Map(wanted.map((one) => [one.blob, one.size]));
  for (const [blob, size] of sizes) {
    if (bytes + size > BATCH_BYTES) await flush();
    batch.push(blob);
    bytes += size;
  }
  await flush();
  return found;
}

function parseBatch(output: Buffer, into: Map<string, Buffer>): void {
  let at = 0;
  while (at < output.length) {
    const end = output.indexOf(0x0a, at);
    const [id = '', type = '', size = '0'] = output.subarray(at, end).toString('latin1').split(' ');
    at = end + 1;
    if (type === 'missing') continue;
    into.set(id, Buffer.from(output.subarray(at, at + Number(size))));
    at += Number(size) + 1;
  }
}

/** The bytes of several files; paths that the commit does not have are left out. */
export async function readFiles(git: Git, tree: string, paths: readonly string[]): Promise<Map<string, Buffer>> {
  const wanted = new Set(paths);
  const files = (await listFiles(git, tree)).filter((file) => wanted.has(file.path) && file.mode !== '160000');
  const blobs = await readBlobs(git, files);
  const result = new Map<string, Buffer>();
  for (const file of files) {
    const bytes = blobs.get(file.blob);
    if (bytes) result.set(file.path, bytes);
  }
  return result;
}

export interface Missing {
  readonly path: string;
  readonly why: 'lfs' | 'submodule';
}

/** LFS pointers and submodules: a checkout without their tools lacks the content. */
export async function findMissingContent(git: Git, tree: string): Promise<Missing[]> {
  const files = await listFiles(git, tree);
  const small = files.filter(
    (file) => file.mode.startsWith('100') && file.size > LFS_POINTER.length && file.size <= LFS_POINTER_MAX,
  );
  const blobs = await readBlobs(git, small);
  const pointers = new Set(
    small.filter((file) => blobs.get(file.blob)?.subarray(0, LFS_POINTER.length).equals(LFS_POINTER)),
  );
  return files.flatMap((file): Missing[] => {
    if (file.mode === '160000') return [{ path: file.path, why: 'submodule' }];
    return pointers.has(file) ? [{ path: file.path, why: 'lfs' }] : [];
  });
}
