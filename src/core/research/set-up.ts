import { HumanError } from '../domain/index.ts';
import { type Detected, loadDetection } from '../environment/index.ts';
import { KnownFormats } from '../metrics/index.ts';
import { environmentFile, type Parts } from './parts.ts';
import { readTexts } from './texts.ts';

/**
 * Reads the repo as it was committed last and proposes a research.yaml; writes nothing.
 * @throws HumanError `no-commits`
 */
export async function detect({ repository }: Parts): Promise<Detected> {
  const head = await repository.head();
  if (!head) {
    throw new HumanError(`The repository ${repository.root} has no commit yet. Commit your code first.`, {
      code: 'no-commits',
    });
  }
  const known = (line: string) => new KnownFormats().parse(line).map(({ name }) => name);
  const { detectEnvironment } = await loadDetection();
  return detectEnvironment(await readTexts(repository, head.commit), {
    missing: await repository.missingContent(head.commit),
    reads: known,
  });
}

/**
 * Writes research.yaml where there is none. Gives its path.
 * @throws HumanError `exists`
 */
export async function writeEnvironment(parts: Parts, yaml: string): Promise<string> {
  const file = environmentFile(parts.repository);
  if (await parts.system.files.create(file, yaml)) return file;
  throw new HumanError(`${file} is there already. Edit it, or move it away first.`, {
    code: 'exists',
    actions: [{ title: 'Open research.yaml', file: { path: file } }],
  });
}
