import type { Repository, TreeFile } from '../git/index.ts';
import type { Texts } from '../implementer/index.ts';

/** Larger files are data, not code. */
const MAX_BYTES = 200_000;
/** A repository with more text than this holds data as text; what is code is read first. */
const MOST_FILES = 20_000;
const MOST_BYTES = 64_000_000;
const CODE = /\.(py|pyi|sh|ya?ml|toml|json|cfg|ini|c|cc|cpp|cu|h|rs|jl)$/i;

/** What is read of a commit, and how many text files are not because there are too many. */
interface Wanted {
  readonly files: readonly TreeFile[];
  readonly unread: number;
}

/**
 * Which files of a commit are read: regular ones of at most 200 kB; of too many, code and settings first, then those
 * nearest to the top. Pure, and the same for the same commit.
 */
export function textsToRead(
  all: readonly TreeFile[],
  { files: mostFiles, bytes: mostBytes } = { files: MOST_FILES, bytes: MOST_BYTES },
): Wanted {
  const small = all.filter((file) => file.mode.startsWith('100') && file.size <= MAX_BYTES);
  const total = small.reduce((sum, file) => sum + file.size, 0);
  if (small.length <= mostFiles && total <= mostBytes) return { files: small, unread: 0 };
  const rank = ({ path }: TreeFile) => (CODE.test(path) ? 0 : 1000) + Math.min(999, path.split('/').length);
  const order = small
    .map((file) => ({ file, rank: rank(file) }))
    .sort((a, b) => a.rank - b.rank || (a.file.path < b.file.path ? -1 : 1));
  const files: TreeFile[] = [];
  let bytes = 0;
  for (const { file } of order) {
    if (files.length >= mostFiles || bytes + file.size > mostBytes) break;
    files.push(file);
    bytes += file.size;
  }
  return { files, unread: small.length - files.length };
}

/**
 * The text files of a commit by path: valid UTF-8, no NUL, and what `textsToRead` takes.
 * @param say told where the repository has more than is read
 */
export async function readTexts(
  repository: Repository,
  commit: string,
  say: (text: string) => void = () => {},
): Promise<Texts> {
  const wanted = textsToRead(await repository.files(commit));
  if (wanted.unread > 0) {
    say(
      `${repository.root} has more text than is read: ${wanted.files.length} files are, ${wanted.unread} are not. Code and settings come first.`,
    );
  }
  const bytes = await repository.readMany(
    commit,
    wanted.files.map((file) => file.path),
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
