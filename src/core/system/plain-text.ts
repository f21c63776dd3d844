import * as path from 'node:path';
import type { Files } from './files.ts';

export interface PlainText {
  readonly text: string;
  /** The file itself, where the one that was asked for is a link to it. */
  readonly file: string;
}

/**
 * At most `most` bytes of a plain file, as UTF-8; undefined where there is none. A link is followed, and what it leads
 * to must be a plain file all the same: a pipe would be waited for.
 * @param within the folder, itself no link, that a link may not lead out of: it could name any file of this machine
 */
export async function readPlainText(
  files: Pick<Files, 'readRange' | 'info' | 'realPath'>,
  file: string,
  most: number,
  within?: string,
): Promise<PlainText | undefined> {
  const real = await files.realPath(file);
  if (real === undefined || (await files.info(real))?.kind !== 'file') return undefined;
  if (within !== undefined && !real.startsWith(within + path.sep)) return undefined;
  return { text: (await files.readRange(real, 0, most)).toString('utf8'), file: real };
}
