import { HumanError } from '../domain/index.ts';
import { type Detected, loadDetection } from '../environment/index.ts';
import { KnownFormats } from '../metrics/index.ts';
import { askForOpen, asksAnything } from './ask-open.ts';
import { environmentFile, type Parts } from './parts.ts';
import { readTexts } from './texts.ts';
import type { DetectRequest } from './types.ts';

/**
 * Reads the repo as it was committed last and proposes a research.yaml; writes nothing.
 * @throws HumanError `no-commits`; with `askModel` also `no-model`, `declined` and what a model call throws
 */
export async function detect(parts: Parts, { askModel, signal }: DetectRequest = {}): Promise<Detected> {
  const { repository } = parts;
  const head = await repository.head();
  if (!head) {
    throw new HumanError(`The repository ${repository.root} has no commit yet. Commit your code first.`, {
      code: 'no-commits',
    });
  }
  const known = (line: string) => new KnownFormats().parse(line).map(({ name }) => name);
  const { detectEnvironment } = await loadDetection();
  const texts = await readTexts(repository, head.commit, (text) => parts.log('warn', text));
  const options = {
    missing: await repository.missingContent(head.commit),
    reads: known,
    notExecutable: new Set(
      (await repository.files(head.commit)).filter(({ mode }) => mode !== '100755').map(({ path }) => path),
    ),
  };
  const detected = detectEnvironment(texts, options);
  if (!askModel || !asksAnything(detected)) return detected;
  const answers = await askForOpen(parts, texts, detected, signal);
  return detectEnvironment(texts, { ...options, answers });
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
