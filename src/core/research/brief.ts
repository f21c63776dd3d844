import * as path from 'node:path';
import type { Base } from '../domain/index.ts';
import { loadEnvironment } from '../environment/index.ts';
import { environmentFile, type Parts } from './parts.ts';

export interface Brief {
  readonly text: string;
  /** Where a person edits it: the file that `brief` names, or research.yaml itself. */
  readonly file: string;
}

/**
 * What to aim for, as it stands on disk now: read again each round, so that a person steers a search that runs. A
 * `brief` of one word that could be a path is the file of that name in the working tree, where there is one.
 * @param base its brief is taken while research.yaml cannot be read
 */
export async function readBrief(parts: Parts, base?: Base): Promise<Brief> {
  const { files } = parts.system;
  const loaded = await loadEnvironment(files, parts.repository.root);
  const { brief } = loaded.ok ? loaded.value : (base?.environment ?? { brief: '' });
  const inline = { text: brief, file: environmentFile(parts.repository) };
  if (!/^[\w./-]{1,300}$/.test(brief) || brief.includes('..') || path.isAbsolute(brief)) return inline;
  const file = path.join(parts.repository.root, brief);
  const text = await files.readText(file);
  return text === undefined ? inline : { text, file };
}
