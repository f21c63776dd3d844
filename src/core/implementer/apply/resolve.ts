import { pathProblem } from '../../git/index.ts';
import type { Refusal } from '../refusal.ts';

export type Resolved = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly refusal: Refusal };

const MOST_NAMED = 5;
const UNSEEN = /[\p{Cc}\p{Cf}]/u;
/** First folders of a path that are no folder of the repository but itself. */
const REPOSITORY = /^(?:repo|repository|project|workspace)\//;

/**
 * The repository path an answer means: as it stands, without `./`, or the only file that ends so (models leave
 * leading folders out, or add some).
 * @param files the paths that are there
 * @param creates the path is that of a new file, which need not be there
 * @param deletes nothing but the path says which file goes: no other that ends so is taken for it
 */
export function resolvePath(written: string, files: ReadonlySet<string>, creates: boolean, deletes = false): Resolved {
  const path = cleaned(written, files);
  const problem =
    pathProblem(path) ?? (files.has(path) || !UNSEEN.test(path) ? undefined : 'it has a character that nobody sees');
  if (problem !== undefined) {
    const message = `${JSON.stringify(written)} is not a file of this repository: ${problem}.`;
    return { ok: false, refusal: { code: 'path-escape', path: written, message } };
  }
  if (files.has(path) || creates) return { ok: true, path };
  const ends = [...files].filter((file) => file.endsWith(`/${path}`) || path.endsWith(`/${file}`));
  const [end] = deletes ? ends.filter((file) => path === `${REPOSITORY.exec(path)?.[0]}${file}`) : ends;
  if (ends.length === 1 && end !== undefined) return { ok: true, path: end };
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const alike = ends.length > 0 ? ends : [...files].filter((file) => file.toLowerCase().split('/').at(-1) === name);
  const hint =
    alike.length > 0
      ? ` It could be ${alike.slice(0, MOST_NAMED).join(', ')}; write the whole path as it stands.`
      : ' Write the path of a file of this repository.';
  return { ok: false, refusal: { code: 'file-not-found', path, message: `There is no file ${path}.${hint}` } };
}

/**
 * The folder that an answer puts the whole repository into, with its slash: the one by which paths of files that are there
 * are longer, or a word for the repository itself. Empty where there is none, or where they differ.
 */
export function outerFolder(written: readonly string[], files: ReadonlySet<string>): string {
  const outer = new Set<string>();
  for (const one of written) {
    const path = cleaned(one, files);
    if (files.has(path) || pathProblem(path) !== undefined) continue;
    const ends = [...files].filter((file) => path.endsWith(`/${file}`));
    const folder = ends.length === 1 ? path.slice(0, -(ends[0]?.length ?? 0)) : (REPOSITORY.exec(path)?.[0] ?? '');
    if (folder !== '') outer.add(folder);
  }
  const [folder = '', ...others] = outer;
  return others.length > 0 || [...files].some((file) => file.startsWith(folder)) ? '' : folder;
}

/** Without `./`, and with `/` for `\` where that stays inside: what is left of a backslash is for the check to refuse. */
function cleaned(written: string, files: ReadonlySet<string>): string {
  const slashed = files.has(written) || /^[A-Za-z]:/.test(written) ? written : written.replaceAll('\\', '/');
  return slashed.replace(/^(?:\.\/+)+/, '');
}
