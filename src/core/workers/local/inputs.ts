import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { formatSize, HumanError } from '../../domain/index.ts';
import type { Clock, Files } from '../../system/index.ts';
import { Meter } from '../meter.ts';
import type { Shipment, SubmitOptions } from '../types.ts';
import type { Layout } from './layout.ts';
import { type Lock, type LockParts, takeLock } from './lock.ts';

const CHUNK = 4 * 1024 * 1024;
const LOOK_MS = 20;
/** Copies up to this size are copied into a run, not linked. As on every box. */
const LINK_FROM = 4 * 1024 * 1024;

type Parts = LockParts & { readonly files: Files; readonly clock: Clock };

/**
 * The untracked files that runs need: one copy a content under `inputs`, as on every box. A large one is hard-linked into
 * a run, whose process may write to it: so what the file was like is stamped beside it when it was last known to be right.
 * The time of the last change of an inode cannot be set back.
 */
async function stampOf(files: Files, file: string): Promise<string | undefined> {
  const info = await files.info(file);
  return info && `${info.size} ${info.modifiedAt} ${info.changedAt}`;
}

const stampFile = (layout: Layout, sha256: string): string => path.join(layout.inputs, `.${sha256}.stamp`);

async function stamp(files: Files, layout: Layout, sha256: string): Promise<void> {
  const now = await stampOf(files, path.join(layout.inputs, sha256));
  if (now !== undefined) await files.write(stampFile(layout, sha256), now);
}

async function hashOf(files: Files, file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (let offset = 0; ; ) {
    signal?.throwIfAborted();
    const bytes = await files.readRange(file, offset, CHUNK);
    if (bytes.length === 0) return hash.digest('hex');
    hash.update(bytes);
    offset += bytes.length;
  }
}

/** Whether the copy is there and right; one that a run wrote to is removed. Wants its lock. */
async function isRight(files: Files, layout: Layout, sha256: string): Promise<boolean> {
  const file = path.join(layout.inputs, sha256);
  const now = await stampOf(files, file);
  if (now === undefined) return false;
  if (now === (await files.readText(stampFile(layout, sha256)))) return true;
  if ((await hashOf(files, file)) === sha256) {
    await stamp(files, layout, sha256);
    return true;
  }
  await files.remove(file);
  return false;
}

async function locked<T>(
  parts: Parts,
  layout: Layout,
  sha256: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  let lock: Lock | undefined;
  for (;;) {
    signal?.throwIfAborted();
    lock = await takeLock(parts, layout.inputs, `.${sha256}.lock`);
    if (lock) break;
    await parts.clock.sleep(LOOK_MS, signal);
  }
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/**
 * Keeps the untracked files of a run by their content.
 * @throws HumanError `input-changed`, `missing-input`, `box-disk-full` before anything is copied
 */
export async function keepInputs(
  parts: Parts,
  layout: Layout,
  { run, inputs }: Pick<Shipment, 'run' | 'inputs'>,
  { signal, progress }: SubmitOptions,
): Promise<void> {
  const { files, clock } = parts;
  let bytes = 0;
  for (const { sha256, source } of inputs) {
    const info = await files.info(source);
    if (!info) throw new HumanError(`${source} (inputs in research.yaml) is gone.`, { code: 'missing-input' });
    if (!(await files.info(path.join(layout.inputs, sha256)))) bytes += info.size;
  }
  const free = bytes === 0 ? 0 : await files.freeSpace(layout.inputs);
  if (bytes > free) {
    throw new HumanError(
      `The inputs need ${formatSize(bytes)} in ${layout.root} and ${formatSize(free)} are free. Free space, or set root of this box to another folder.`,
      { code: 'box-disk-full' },
    );
  }
  const meter = new Meter(clock, bytes, progress);
  for (const input of inputs) {
    await locked(parts, layout, input.sha256, signal, async () => {
      if (await isRight(files, layout, input.sha256)) return;
      meter.begin(input.path, [run]);
      await takeCopy(files, layout, input, meter, signal);
    });
  }
}

async function takeCopy(
  files: Files,
  layout: Layout,
  { sha256, source, path: name }: Shipment['inputs'][number],
  meter: Meter,
  signal?: AbortSignal,
): Promise<void> {
  const part = path.join(layout.inputs, `.${sha256}.part`);
  const hash = createHash('sha256');
  await files.remove(part);
  try {
    await files.create(part, '', 0o600);
    for (let offset = 0; ; ) {
      signal?.throwIfAborted();
      const bytes = await files.readRange(source, offset, CHUNK);
      if (bytes.length === 0) break;
      hash.update(bytes);
      await files.writeAt(part, offset, bytes);
      offset += bytes.length;
      meter.add(bytes.length);
    }
    if (hash.digest('hex') !== sha256) {
      throw new HumanError(`The input ${name} changed while it was being shipped. It is taken again as it is then.`, {
        code: 'input-changed',
      });
    }
    await files.setMode(part, 0o400);
    await files.rename(part, path.join(layout.inputs, sha256));
  } catch (error) {
    await files.remove(part);
    throw error;
  }
  await stamp(files, layout, sha256);
}

/** Puts a shared copy at a place of a run's folder, checked before. False where it is missing or was changed. */
export async function layInput(parts: Parts, layout: Layout, sha256: string, target: string): Promise<boolean> {
  const { files } = parts;
  const source = path.join(layout.inputs, sha256);
  return locked(parts, layout, sha256, undefined, async () => {
    if (!(await isRight(files, layout, sha256))) return false;
    await files.makeFolder(path.dirname(target));
    await files.remove(target);
    const size = (await files.info(source))?.size ?? 0;
    // A disk that shares blocks makes a copy at once; another one, or another disk, does not link everywhere.
    const done = size >= LINK_FROM && ((await files.clone(source, target)) || (await files.link(source, target)));
    if (!done) await files.copy(source, target);
    await stamp(files, layout, sha256);
    return true;
  });
}
