import type { Repository } from '../git/index.ts';
import type { Texts } from '../implementer/index.ts';

/** Larger files are data, not code. */
const MAX_BYTES = 200_000;

/** The text files of a commit by path: regular files, valid UTF-8, no NUL, not larger than 200 kB. */
export async function readTexts(repository: Repository, commit: string): Promise<Texts> {
  const wanted = (await repository.files(commit)).filter(
    (file) => file.mode.startsWith('100') && file.size <= MAX_BYTES,
  );
  const bytes = await repository.readMany(
    commit,
    wanted.map((file) => file.path),
  );
  const texts = new Map<string, string>();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (const [name, content] of bytes) {
    if (content.includes(0)) continue;
    try {
      texts.set(name, decoder.decode(content));
    } catch {
      // Not UTF-8: nothing we could show a model or put back byte for byte.
    }
  }
  return texts;
}
