import * as path from 'node:path';
import { HumanError, type RunId } from '../domain/index.ts';
import type { Files } from '../system/index.ts';
import { hashOf } from './hash.ts';
import type { Artifact, Worker } from './types.ts';

/** Bytes asked for at a time. */
const CHUNK = 4 * 1024 * 1024;
/** Names that Windows takes for devices, whatever stands behind a dot. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

export interface Fetched {
  /** What is here now, whole and with the box's hash. */
  readonly files: readonly Artifact[];
  /** What was left out, each with why. */
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
}

export interface FetchOptions {
  readonly worker: Worker;
  readonly run: RunId;
  /** An absolute folder; made where there is none. */
  readonly into: string;
  readonly maxBytes: number;
  readonly files: Files;
  readonly platform: NodeJS.Platform;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: { readonly bytes: number; readonly of: number; readonly file: string }) => void;
}

/** Why a path of a box is not written here; undefined where it may be. Pure. */
export function whyNotHere(name: string, platform: NodeJS.Platform): string | undefined {
  if (name === '' || name.startsWith('/') || /[\0\n]/.test(name)) return 'its path is not one inside a folder';
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'its path is not one inside a folder';
  if (platform !== 'win32') return undefined;
  if (/[\\:<>"|?*]/.test(name) || [...name].some((sign) => sign < ' ')) return 'Windows has no such names';
  if (parts.some((part) => DEVICE.test(part) || /[. ]$/.test(part))) return 'Windows has no such names';
  return undefined;
}

/** Chooses what is fetched, in the box's order, and says why the rest is not. Pure. */
export function chooseArtifacts(
  found: readonly Artifact[],
  maxBytes: number,
  platform: NodeJS.Platform,
): {
  readonly chosen: readonly Artifact[];
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
} {
  // Where upper and lower case are one, the second of two would be written over the first.
  const fold = (name: string) =>
    platform === 'win32' || platform === 'darwin' ? name.toLowerCase().normalize() : name;
  const seen = new Set<string>();
  const chosen: Artifact[] = [];
  const skipped: { path: string; why: string }[] = [];
  let left = maxBytes;
  for (const artifact of found) {
    const why =
      whyNotHere(artifact.path, platform) ??
      (seen.has(fold(artifact.path)) ? 'another one differs from it only by upper and lower case' : undefined) ??
      (artifact.size > left ? 'it is over what may be fetched at most' : undefined);
    if (why !== undefined) {
      skipped.push({ path: artifact.path, why });
      continue;
    }
    seen.add(fold(artifact.path));
    left -= artifact.size;
    chosen.push(artifact);
  }
  return { chosen, skipped };
}

/**
 * Brings the files that `artifacts` names of a run from its box. Each is written beside its name as `.part`, gone on
 * with where an earlier fetch was cut, checked by the box's own hash, and then renamed. Nothing that is here already is
 * written over.
 * @throws HumanError `artifact-changed` for a file that is another one than when it was listed; `unreachable`
 */
export async function fetchArtifacts(options: FetchOptions): Promise<Fetched> {
  const { worker, run, into, files, signal } = options;
  const { chosen, skipped } = chooseArtifacts(await worker.artifacts(run, signal), options.maxBytes, options.platform);
  const of = chosen.reduce((sum, { size }) => sum + size, 0);
  const here: Artifact[] = [];
  const left: { path: string; why: string }[] = [...skipped];
  let bytes = 0;
  for (const artifact of chosen) {
    signal?.throwIfAborted();
    const why = await fetchOne(options, artifact, (more) => {
      bytes += more;
      options.onProgress?.({ bytes, of, file: artifact.path });
    });
    if (why === undefined) here.push(artifact);
    else left.push({ path: artifact.path, why });
  }
  if (here.length === 0 && left.length === 0) await files.makeFolder(into);
  return { files: here, skipped: left };
}

/** Fetches one file. Gives why it was left out. */
async function fetchOne(
  { worker, run, into, files, signal }: FetchOptions,
  { path: name, size }: Artifact,
  onBytes: (count: number) => void,
): Promise<string | undefined> {
  const target = path.join(into, ...name.split('/'));
  const folder = path.dirname(target);
  await files.makeFolder(folder);
  // A link in the folder that a person picked must not lead what comes from a box elsewhere.
  const [real, top] = await Promise.all([files.realPath(folder), files.realPath(into)]);
  if (real === undefined || top === undefined || (real !== top && !real.startsWith(top + path.sep))) {
    return 'a link in the folder leads out of it';
  }
  const sum = (await worker.sums(run, [name], signal)).get(name);
  if (sum === undefined) return 'it is gone from the box';
  const known = await files.info(target);
  if (known) {
    onBytes(size);
    return (await hashOf(files, target)) === sum ? undefined : 'another file of that name is here';
  }
  const part = `${target}.part`;
  const partial = await files.info(part);
  if (partial && partial.kind !== 'file') return `${path.basename(part)} is in the way`;
  let offset = partial?.size ?? 0;
  if (offset > size) {
    await files.remove(part);
    offset = 0;
  }
  if (offset === 0) await files.writeAt(part, 0, Buffer.alloc(0));
  onBytes(offset);
  while (offset < size) {
    const piece = await worker.read(run, `code/${name}`, offset, Math.min(CHUNK, size - offset), signal);
    if (piece.length === 0) break;
    await files.writeAt(part, offset, piece);
    offset += piece.length;
    onBytes(piece.length);
  }
  if ((await hashOf(files, part)) !== sum) {
    await files.remove(part);
    throw new HumanError(
      `${name} of run ${run} is not what it was when it was listed: it changed on ${worker.box.name}, or an earlier part of it was another file. Fetch it again.`,
      { code: 'artifact-changed' },
    );
  }
  await files.rename(part, target);
  return undefined;
}
