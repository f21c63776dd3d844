import * as path from 'node:path';
import type { Base } from '../domain/index.ts';
import { loadEnvironment, mayShow, withoutSecrets } from '../environment/index.ts';
import { readPlainText } from '../system/index.ts';
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
  const inline = { text: withoutSecrets(brief).text, file: environmentFile(parts.repository) };
  if (!/^[\w./-]{1,300}$/.test(brief) || brief.includes('..') || path.isAbsolute(brief)) return inline;
  const root = (await files.realPath(parts.repository.root)) ?? parts.repository.root;
  const read = await readPlainText(files, path.join(root, brief), MOST_BYTES, root);
  if (read === undefined || !mayShow(path.relative(root, read.file), read.text)) return inline;
  return { text: withoutSecrets(read.text).text, file: path.join(parts.repository.root, brief) };
}
