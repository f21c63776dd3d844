import { type Base, type Environment, HumanError } from '../domain/index.ts';
import { environmentHash } from '../environment/index.ts';
import { describeMissing } from './left-out.ts';
import { type Parts, requireEnvironment } from './parts.ts';

/**
 * Takes a new base: HEAD, or a snapshot of the tree as it is on disk, with the environment as it is now.
 * @throws HumanError `no-commits`, `no-environment`, `bad-environment`
 */
export async function takeBase(parts: Parts, includeUncommitted: boolean): Promise<Base> {
  const environment = await requireEnvironment(parts);
  const { repository, store } = parts;
  const head = await repository.head();
  if (!head) {
    throw new HumanError(
      `The repository ${repository.root} has no commit yet. Commit your code first: ideas are compared to a commit.`,
      { code: 'no-commits' },
    );
  }
  const commit = includeUncommitted ? await repository.snapshot('Snapshot for research') : head.commit;
  const missing = await describeMissing(repository, commit, environment);
  if (missing !== '') parts.log('warn', missing);
  const base = await store.addBase({
    commit,
    snapshot: commit !== head.commit,
    environmentHash: environmentHash(environment),
    environment,
    branch: head.branch,
  });
  await repository.keep(`refs/research/bases/${base.id}`, commit);
  await store.setCurrentBase(base.id);
  return base;
}

/** The base in use; takes the first one where there is none. */
export async function ensureBase(parts: Parts): Promise<Base> {
  return (await parts.store.currentBase()) ?? takeBase(parts, false);
}

/** Why results of the base no longer speak of the repo as it is now; undefined while they do. */
export async function whyBehind(
  parts: Parts,
  base: Base,
  environment: Environment | undefined,
): Promise<'head' | 'environment' | undefined> {
  if (environment && environmentHash(environment) !== base.environmentHash) return 'environment';
  if (base.snapshot) return undefined;
  const head = await parts.repository.head();
  return head && head.commit !== base.commit ? 'head' : undefined;
}
