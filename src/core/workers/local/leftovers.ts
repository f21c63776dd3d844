import * as path from 'node:path';
import type { Random } from '../../system/index.ts';
import type { Leftover } from '../types.ts';
import { readLife } from './holder.ts';
import type { Layout, RunSpec } from './layout.ts';
import { type LockParts, takeLock } from './lock.ts';
import { filesBelow } from './patterns.ts';

type Parts = LockParts & { readonly random: Random; readonly files: LockParts['files'] & Files };
type Files = Pick<
  import('../../system/index.ts').Files,
  'rename' | 'list' | 'info' | 'remove' | 'makeFolder' | 'readText'
>;

/** What lies in the root of this machine's runs besides run folders and may go: as `caches.sh` does it on a box. */
export async function leftovers(
  parts: Parts,
  layout: Layout,
  mode: 'look' | 'remove',
  minutes: number,
): Promise<Leftover[]> {
  const { files } = parts;
  const before = parts.now() - minutes * 60_000;
  const sizeOf = async (target: string): Promise<number> => {
    const info = await files.info(target);
    if (info?.kind !== 'folder') return info?.size ?? 0;
    return (await filesBelow(files, target)).reduce((sum, { size }) => sum + size, 0);
  };
  /** Moves a thing away before it is removed: what is half removed is in nobody's way. */
  const away = async (target: string): Promise<void> => {
    const trash = path.join(layout.trash, `${path.basename(target)}-${parts.random.word(6)}`);
    await files.makeFolder(layout.trash);
    await files.rename(target, trash);
    await files.remove(trash);
  };
  const total = (kind: Leftover['kind'], sizes: readonly number[]): Leftover => ({
    kind,
    count: sizes.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  });

  const live = await liveRuns(parts, layout);
  const environments: number[] = [];
  for (const name of await files.list(layout.envs)) {
    const home = path.join(layout.envs, name);
    const [ready, folder] = [path.join(home, 'ready'), path.join(home, 'env')];
    const used = (await files.info(ready))?.modifiedAt ?? (await files.info(folder))?.modifiedAt;
    if (used === undefined || !(await files.info(folder)) || used >= before) continue;
    // A run that lives may use any that was used since it came.
    if (live.some((run) => run.since <= used)) continue;
    const lock = await takeLock(parts, home, 'lock');
    if (!lock) continue;
    try {
      environments.push(await sizeOf(folder));
      if (mode === 'look') continue;
      await files.remove(ready);
      await away(folder);
    } finally {
      await lock.release();
    }
  }

  const inputs: number[] = [];
  for (const name of (await files.list(layout.inputs)).filter((one) => /^[0-9a-f]{64}$/.test(one))) {
    const file = path.join(layout.inputs, name);
    const info = await files.info(file);
    if (!info || info.modifiedAt >= before || live.some((run) => run.inputs.has(name))) continue;
    inputs.push(info.size);
    if (mode === 'remove') await away(file);
  }

  const trash: number[] = [];
  for (const name of await files.list(layout.trash)) {
    const target = path.join(layout.trash, name);
    trash.push(await sizeOf(target));
    if (mode === 'remove') await files.remove(target);
  }
  return [total('env', environments), total('inputs', inputs), total('trash', trash)];
}

/** The runs whose owners live, or that are being received: since when they are here, and the inputs they name. */
async function liveRuns(parts: Parts, layout: Layout) {
  const runs: { readonly since: number; readonly inputs: ReadonlySet<string> }[] = [];
  for (const id of await parts.files.list(path.join(layout.root, 'runs'))) {
    const run = layout.run(id);
    if (await parts.files.info(run.exit)) continue;
    if ((await readLife(run.pid, parts)) === 'dead') continue;
    const spec = await parts.files.info(run.spec);
    const text = await parts.files.readText(run.spec);
    const named = text === undefined ? [] : (JSON.parse(text) as RunSpec).inputs.map(({ sha256 }) => sha256);
    runs.push({ since: spec?.modifiedAt ?? 0, inputs: new Set(named) });
  }
  return runs;
}
