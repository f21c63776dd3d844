import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { emitPatch } from '../../../src/core/implementer/patch/emit.ts';

type Texts = ReadonlyMap<string, string>;

/**
 * Writes files in a folder of their own, lets a program change them there, and gives what they are then.
 * @param change runs with the folder as its working directory and gives whether it did what it was asked
 */
export function inFolder(files: Texts, change: (folder: string) => boolean): Map<string, string> | undefined {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'patch-corpus-'));
  try {
    for (const [name, text] of files) {
      fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      fs.writeFileSync(path.join(folder, name), text);
    }
    if (!change(folder)) return undefined;
    const left = fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
    return new Map(left.map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** `git apply` of a patch in a folder, as if no repository were around it. */
export function gitApply(folder: string, patch: string, ...options: readonly string[]): boolean {
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: path.dirname(folder), GIT_CONFIG_NOSYSTEM: '1' };
  const args = ['-c', 'core.autocrlf=false', 'apply', '--whitespace=nowarn', ...options, '-'];
  return spawnSync('git', args, { cwd: folder, input: patch, env }).status === 0;
}

/** Whether git comes to the same bytes when it applies the patch we emit for these changes. */
export function gitAgrees(files: Texts, changes: ReadonlyMap<string, string | null>): boolean {
  const left = inFolder(files, (folder) => gitApply(folder, emitPatch(files, changes)));
  const after = new Map<string, string | null>([...files, ...changes]);
  const wanted = [...after].filter((entry) => entry[1] !== null);
  return left?.size === wanted.length && wanted.every(([name, text]) => left.get(name) === text);
}
