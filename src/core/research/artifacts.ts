import * as path from 'node:path';
import { HumanError, type RunId } from '../domain/index.ts';
import { type Fetched, fetchArtifacts } from '../workers/index.ts';
import type { Fleet } from './fleet.ts';
import { type Parts, requireBase } from './parts.ts';
import type { Ask } from './types.ts';

const MAX_BYTES = 1024 ** 3;

/** Fetches the artifacts of a run, also while it goes on: what is there then. */
export async function fetchArtifactsOf(
  parts: Parts,
  fleet: Fleet,
  run: RunId,
  options: Ask & { readonly to?: string; readonly maxBytes?: number },
): Promise<Fetched & { readonly folder: string }> {
  const { system, store, repository } = parts;
  const row = await store.run(run);
  if (!row) throw new HumanError(`There is no run ${run}.`, { code: 'no-run' });
  const { artifacts } = (await requireBase(parts, row.base)).environment;
  if (artifacts.length === 0) {
    throw new HumanError(
      `The base of run ${run} names no artifacts. Name the files to keep under artifacts in research.yaml.`,
      { code: 'no-artifacts' },
    );
  }
  if (row.box === undefined) throw new HumanError(`Run ${run} was on no box yet.`, { code: 'no-artifacts' });
  const own = path.join(repository.root, '.research');
  const folder = options.to ?? path.join(own, 'artifacts', run);
  // Made by us, it hides itself from git, as the review folders do.
  if (options.to === undefined) {
    await system.files.makeFolder(own);
    await system.files.create(path.join(own, '.gitignore'), '*\n');
  }
  const fetched = await fetchArtifacts({
    worker: await fleet.worker(row.box),
    run,
    into: folder,
    maxBytes: options.maxBytes ?? MAX_BYTES,
    files: system.files,
    platform: system.platform,
    signal: options.signal,
    onProgress: ({ bytes, of, file }) =>
      options.progress?.report({ text: `fetching ${file}`, share: of === 0 ? 1 : bytes / of }),
  });
  if (fetched.files.length === 0 && fetched.skipped.length === 0) {
    throw new HumanError(
      `Nothing on ${row.box} matches ${artifacts.join(', ')} (artifacts in research.yaml) for run ${run}: it wrote no such file, or its folder was cleaned up.`,
      { code: 'no-artifacts' },
    );
  }
  return { ...fetched, folder };
}
