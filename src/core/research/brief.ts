import * as path from 'node:path';
import type { Base } from '../domain/index.ts';
import { loadEnvironment, mayShow, withoutSecrets } from '../environment/index.ts';
import { environmentFile, type Parts } from './parts.ts';

/** A brief is words for a person; what is longer is cut there. */
const MOST_BYTES = 100_000;

export interface Brief {
  readonly text: string;
  /** Where a person edits it: the file that `brief` names, or research.yaml itself. */
  readonly file: string;
}

/**
 * What to aim for, as it stands on disk now: read again each round, so that a person steers a search that runs. A
 * `brief` of one word that could be a path is the file of that name in the working tree, where there is one: no link out of
 * the repository, and no file that a model may not be shown.
 * @param base its brief is taken while research.yaml cannot be read
 */
export async function readBrief(parts: Parts, base?: Base): Promise<Brief> {
  const { files } = parts.system;
  const loaded = await loadEnvironment(files, parts.repository.root);
  const { brief } = loaded.ok ? loaded.value : (base?.environment ?? { brief: '' });
  const inline = { text: brief, file: environmentFile(parts.repository) };
  if (!/^[\w./-]{1,300}$/.test(brief) || brief.includes('..') || path.isAbsolute(brief)) return inline;
  const file = path.join(parts.repository.root, brief);
  const [real, root] = [await files.realPath(file), await files.realPath(parts.repository.root)];
  // A link could lead to any file of this machine, and a pipe would be waited for.
  if (real === undefined || root === undefined || !real.startsWith(root + path.sep)) return inline;
  if ((await files.info(real))?.kind !== 'file') return inline;
  const text = (await files.readRange(real, 0, MOST_BYTES)).toString('utf8');
  return mayShow(path.relative(root, real), text) ? { text: withoutSecrets(text).text, file } : inline;
}
