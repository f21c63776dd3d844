import { constants, watch as watchPath } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Disposable } from './clock.ts';

export interface FileInfo {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly size: number;
  readonly modifiedAt: number;
  /** When anything of it changed, its links and rights, too. A program can set `modifiedAt` back, but not this. */
  readonly changedAt: number;
  readonly executable: boolean;
}

/** Disk. Paths are absolute. "Missing" is a value, not an exception; every other system error is thrown as it is. */
export interface Files {
  /** The bytes, or undefined where there is no such file. */
  read(file: string): Promise<Buffer | undefined>;
  readText(file: string): Promise<string | undefined>;
  /** At most `length` bytes from byte `offset`; empty past the end or where there is no such file. */
  readRange(file: string, offset: number, length: number): Promise<Buffer>;
  /** Whole or not at all: writes beside the file and renames. Makes the folder. */
  write(file: string, data: Uint8Array | string, mode?: number): Promise<void>;
  /** Writes bytes at an offset, making the file where there is none. Nothing before or after changes. */
  writeAt(file: string, offset: number, data: Uint8Array): Promise<void>;
  append(file: string, data: Uint8Array | string): Promise<void>;
  /** Makes the file; false where it exists already. */
  create(file: string, data: Uint8Array | string, mode?: number): Promise<boolean>;
  info(file: string): Promise<FileInfo | undefined>;
  /** Names in a folder, sorted; empty where there is no such folder. */
  list(folder: string): Promise<string[]>;
  makeFolder(folder: string, mode?: number): Promise<void>;
  /** Removes a file or a whole folder; no error where there is none. */
  remove(target: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  copy(from: string, to: string): Promise<void>;
  /** A copy that shares the blocks of the disk until one is written; false where the disk cannot do that. */
  clone(from: string, to: string): Promise<boolean>;
  /** A second name of the same file; false where the disk, or a limit of it, does not allow that. */
  link(from: string, to: string): Promise<boolean>;
  setMode(file: string, mode: number): Promise<void>;
  /** Whether this user may read a file or folder. */
  readable(target: string): Promise<boolean>;
  /** A fresh folder in the system's temporary folder. */
  temporaryFolder(prefix: string): Promise<string>;
  /** The path with links resolved, or undefined where there is nothing. */
  realPath(target: string): Promise<string | undefined>;
  /** A hint that something in the folder changed; may fire too often, and must be backed by a slow poll. */
  watch(folder: string, callback: (name: string | undefined) => void): Disposable;
  /** Free bytes on the disk of a folder. */
  freeSpace(folder: string): Promise<number>;
}

function missing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (missing(error)) return undefined;
    throw error;
  }
}

/** False where the disk says that it does not do such a thing. */
async function works(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EXDEV', 'EPERM', 'EMLINK', 'ENOTTY'].includes(code))
      return false;
    throw error;
  }
}

let temporaryNumber = 0;

export const realFiles: Files = {
  read: (file) => orUndefined(fs.readFile(file)),
  readText: (file) => orUndefined(fs.readFile(file, 'utf8')),
  async readRange(file, offset, length) {
    const handle = await orUndefined(fs.open(file, 'r'));
    if (!handle) return Buffer.alloc(0);
    try {
      const buffer = Buffer.alloc(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    } finally {
      await handle.close();
    }
  },
  async write(file, data, mode) {
    await fs.mkdir(path.dirname(file), { recursive: true });
    temporaryNumber += 1;
    const temporary = `${file}.${process.pid}.${temporaryNumber}.tmp`;
    try {
      const handle = await fs.open(temporary, 'w', mode);
      try {
        await handle.writeFile(data);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await fs.rename(temporary, file);
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw error;
    }
  },
  async writeAt(file, offset, data) {
    const handle = await fs.open(file, constants.O_RDWR | constants.O_CREAT);
    try {
      let done = 0;
      while (done < data.length) {
        const { bytesWritten } = await handle.write(data, done, data.length - done, offset + done);
        done += bytesWritten;
      }
    } finally {
      await handle.close();
    }
  },
  append: (file, data) => fs.appendFile(file, data),
  async create(file, data, mode) {
    try {
      await fs.writeFile(file, data, { flag: 'wx', mode });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  },
  async info(file) {
    const stat = await orUndefined(fs.lstat(file));
    if (!stat) return undefined;
    const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : stat.isSymbolicLink() ? 'link' : 'other';
    return {
      kind,
      size: stat.size,
      modifiedAt: stat.mtimeMs,
      changedAt: stat.ctimeMs,
      executable: (stat.mode & 0o111) !== 0,
    };
  },
  list: async (folder) => ((await orUndefined(fs.readdir(folder))) ?? []).sort(),
  async makeFolder(folder, mode) {
    await fs.mkdir(folder, { recursive: true, mode });
  },
  remove: (target) => fs.rm(target, { recursive: true, force: true }),
  rename: (from, to) => fs.rename(from, to),
  async copy(from, to) {
    await fs.mkdir(path.dirname(to), { recursive: true });
    await fs.cp(from, to, { recursive: true });
  },
  clone: (from, to) => works(fs.copyFile(from, to, constants.COPYFILE_FICLONE_FORCE)),
  link: (from, to) => works(fs.link(from, to)),
  setMode: (file, mode) => fs.chmod(file, mode),
  readable: (target) =>
    fs.access(target, constants.R_OK).then(
      () => true,
      () => false,
    ),
  temporaryFolder: (prefix) => fs.mkdtemp(path.join(tmpdir(), prefix)),
  realPath: (target) => orUndefined(fs.realpath(target)),
  watch(folder, callback) {
    const watcher = watchPath(folder, { persistent: false }, (_event, name) => callback(name ?? undefined));
    watcher.on('error', () => watcher.close());
    return { dispose: () => watcher.close() };
  },
  async freeSpace(folder) {
    const stat = await fs.statfs(folder);
    return stat.bavail * stat.bsize;
  },
};

/** Makes a symbolic link to a file or folder in place of whatever is there; its folder must exist. */
export async function makeLink(target: string, link: string): Promise<void> {
  await fs.rm(link, { recursive: true, force: true });
  await fs.symlink(target, link, process.platform === 'win32' ? 'junction' : undefined);
}
