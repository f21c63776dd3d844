import { joinDiff, parseRaw, type RawChange } from './parse-diff.ts';
import type { Git } from './run.ts';
import type { FileDiff } from './types.ts';

const SAME_EVERYWHERE = [
  '-r',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--submodule=short',
  '--diff-algorithm=histogram',
  '--src-prefix=a/',
  '--dst-prefix=b/',
];
const MAX_PATCH = 1024 * 1024 * 1024;

/** The files that differ between two trees. */
export async function rawDiff(git: Git, from: string, to: string, renames: boolean): Promise<RawChange[]> {
  const flag = renames ? '-M' : '--no-renames';
  return parseRaw(await git.run(['diff-tree', '-r', '--raw', '-z', '--no-abbrev', flag, from, to, '--']));
}

/** Two commits or trees compared. */
export async function diffTrees(
  git: Git,
  from: string,
  to: string,
  options: { readonly context: number; readonly renames: boolean },
): Promise<FileDiff[]> {
  const raw = await rawDiff(git, from, to, options.renames);
  if (raw.length === 0) return [];
  const flags = [options.renames ? '-M' : '--no-renames', `-U${options.context}`, '--inter-hunk-context=0'];
  const patch = await git.run(['diff-tree', '-p', ...SAME_EVERYWHERE, ...flags, from, to, '--'], {
    maxBytes: MAX_PATCH,
  });
  return joinDiff(raw, patch);
}

/** The patch as git writes it: applies to `from` with `git apply`, binary files included. */
export async function patchBytes(git: Git, from: string, to: string): Promise<Buffer> {
  const flags = ['--binary', '--full-index', '--no-renames'];
  return await git.run(['diff-tree', '-p', ...SAME_EVERYWHERE, ...flags, from, to, '--'], { maxBytes: MAX_PATCH });
}
