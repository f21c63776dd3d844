import picomatch from 'picomatch';
import type { Environment } from '../domain/index.ts';
import type { Repository } from '../git/index.ts';

export type LeftOut = Awaited<ReturnType<Repository['missingContent']>>[number];

const NAMED = 5;

/**
 * What a commit names without holding it, and neither `inputs` nor `links` bring: a run finds the pointer of a Git LFS
 * file in its place, and an empty folder for a submodule.
 */
export function leftOut(
  missing: readonly LeftOut[],
  { inputs, links }: Pick<Environment, 'inputs' | 'links'>,
): readonly LeftOut[] {
  const matches = inputs.map((glob) => picomatch(glob, { dot: true }));
  const below = (name: string, folder: string) => name === folder || name.startsWith(`${folder}/`);
  const linked = (name: string) => Object.keys(links).some((link) => below(name, link.replace(/\/+$/, '')));
  const sent = ({ path, why }: LeftOut) =>
    why === 'lfs'
      ? matches.some((match) => match(path))
      : inputs.some((glob) => below(picomatch.scan(glob).base || glob, path));
  return missing.filter((one) => !linked(one.path) && !sent(one));
}

/** The same for a person, with what to do; empty where nothing is left out. */
export function describeLeftOut(left: readonly LeftOut[]): string {
  const list = (why: LeftOut['why']) => {
    const paths = left.filter((one) => one.why === why).map(({ path }) => path);
    const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : '';
    return paths.length === 0 ? '' : `${paths.slice(0, NAMED).join(', ')}${more}`;
  };
  const [lfs, submodules] = [list('lfs'), list('submodule')];
  return [
    lfs && `A run finds Git LFS pointers instead of the content of ${lfs}.`,
    submodules && `A run finds empty folders instead of the submodules ${submodules}.`,
    (lfs || submodules) &&
      'Name what it needs in inputs of research.yaml (sent from this machine) or in links (there on the box).',
  ]
    .filter((text) => text !== '')
    .join(' ');
}

/** What runs of a commit do without, for a person. */
export async function describeMissing(
  repository: Repository,
  commit: string,
  environment: Pick<Environment, 'inputs' | 'links'>,
): Promise<string> {
  return describeLeftOut(leftOut(await repository.missingContent(commit), environment));
}
