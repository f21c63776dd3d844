import { pathProblem } from '../../git/index.ts';
import type { Refusal } from '../refusal.ts';
import type { Texts } from '../types.ts';

export type Resolved = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly refusal: Refusal };

/**
 * The repository path an answer means: as it stands, without `./`, or the only file that ends so (models leave
 * leading folders out, or add some).
 * @param creates the block makes a new file, which need not be there
 */
export function resolvePath(written: string, files: Texts, creates: boolean): Resolved {
  const path = written.replace(/^(?:\.\/)+/, '');
  const problem = pathProblem(path);
  if (problem !== undefined) {
    const message = `${JSON.stringify(written)} is not a file of this repository: ${problem}.`;
    return { ok: false, refusal: { code: 'path-escape', path: written, message } };
  }
  if (files.has(path)) return { ok: true, path };
  if (creates) return { ok: true, path };
  const ends = [...files.keys()].filter((file) => file.endsWith(`/${path}`) || path.endsWith(`/${file}`));
  if (ends.length === 1 && ends[0] !== undefined) return { ok: true, path: ends[0] };
  const hint = ends.length > 1 ? ` It could be ${ends.slice(0, 5).join(', ')}; write the whole path.` : '';
  const message = `There is no file ${path}.${hint}`;
  return { ok: false, refusal: { code: 'file-not-found', path, message } };
}
