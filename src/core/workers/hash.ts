import { createHash } from 'node:crypto';
import type { Files } from '../system/index.ts';

const PIECE = 4 * 1024 * 1024;

/** The sha256 of a plain file, read by pieces: it may be larger than one buffer. Undefined where there is none. */
export async function hashOf(files: Pick<Files, 'info' | 'readRange'>, file: string): Promise<string | undefined> {
  if ((await files.info(file))?.kind !== 'file') return undefined;
  const hash = createHash('sha256');
  for (let offset = 0; ; ) {
    const bytes = await files.readRange(file, offset, PIECE);
    if (bytes.length === 0) return hash.digest('hex');
    hash.update(bytes);
    offset += bytes.length;
  }
}
