import * as path from 'node:path';
import * as z from 'zod';
import type { Files } from '../../system/index.ts';
import type { Git } from '../run.ts';

const entry = z.strictObject({ mode: z.string(), blob: z.string() }).nullable();
const sides = z.strictObject({ index: entry, work: entry });

const schema = z.strictObject({
  version: z.literal(1),
  candidate: z.string(),
  from: z.string(),
  proposal: z.string(),
  undo: z.array(z.strictObject({ path: z.string(), before: sides, after: sides })),
});

/** A file of the index or of the working tree; null where there is none. */
export type Entry = z.output<typeof entry>;
/** Both sides of one path. */
export type Sides = z.output<typeof sides>;
/** What a review must know again after a restart. Blobs named in `undo` are kept by nothing but the review itself. */
export type ReviewState = z.output<typeof schema>;

const fileOf = (folder: string) => `${folder}/.git/research.json`;

/** undefined where the folder holds no review of ours, or one of another version. */
export async function readState(files: Files, folder: string): Promise<ReviewState | undefined> {
  const text = await files.readText(fileOf(folder));
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export async function writeState(files: Files, folder: string, state: ReviewState): Promise<void> {
  await files.write(fileOf(folder), JSON.stringify(state));
}

export function sameEntry(a: Entry, b: Entry): boolean {
  return a?.mode === b?.mode && a?.blob === b?.blob;
}

/** Removes a review folder; what a crash leaves of it is swept later. */
export async function discard(main: Git, folder: string): Promise<void> {
  const { files, random } = main.tools;
  if (!(await files.info(folder))) return;
  const old = `${path.dirname(folder)}/.old-${random.word(8)}`;
  try {
    await files.rename(folder, old);
  } catch {
    // Windows does not rename a folder that somebody watches.
    await files.remove(folder);
    return;
  }
  await files.remove(old);
}
