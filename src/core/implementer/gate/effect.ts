import { type Environment, type Finding, smokeOf } from '../../domain/index.ts';
import { programFiles } from '../../environment/index.ts';
import type { Texts } from '../types.ts';
import { type FileChange, fileKind } from './changed.ts';
import { withoutComments } from './mask.ts';

type Commands = Pick<Environment, 'run' | 'evaluate' | 'smoke' | 'setup'>;

const DOCUMENT = /(?:^|\/)(?:README|CHANGELOG|CONTRIBUTING|LICEN[CS]E|AUTHORS|CITATION)[^/]*$|^docs?\/.*\.(?:md|rst)$/i;
const HASH_COMMENTS = /\.(?:ya?ml|toml|cfg|ini)$/;
/** What a shell starts a script with, and what a batch system reads of it, are comments in name only. */
const DIRECTIVE = /^#(?:!|SBATCH|PBS|BSUB|\$)/;
/** Python that finds its modules by other means than an import. */
const FINDS_MODULES =
  /\b(?:importlib|__import__|pkgutil|runpy|hydra|entry_points|load_module|spec_from_file_location|SourceFileLoader)\b|\b_target_\b/;
/** Files that Python reads without being told, and those that a `setup` command reads. */
const UNASKED = /(?:^|\/)(?:sitecustomize|usercustomize|setup|conftest)\.py$/;
const WORDS_ABOUT = /\.(?:md|rst|ipynb)$/i;

/**
 * Whether a run of the patch could come to anything else than a run of its base. It could not where only comments and
 * documents differ, and where no file that the commands start imports or names what the patch changes: a new module that
 * is called by nobody, a test.
 */
export function checkEffect(files: Texts, changed: readonly FileChange[], commands: Commands): Finding[] {
  const [first] = changed;
  if (!first) return [];
  const line = first.added[0]?.line ?? 1;
  const finding = (message: string): Finding[] => [
    { gate: 'no-op', code: 'no-op', path: first.path, line, message, severity: 'error' },
  ];
  if (changed.every(saysNothing)) {
    return finding('The patch changes comments and documents only: a run of it would be one more run of its base.');
  }
  const unused = changed.filter((one) => !saysNothing(one));
  if (!unused.every((one) => one.path.endsWith('.py') && !UNASKED.test(one.path))) return [];
  if (isUsed(files, changed, unused, commands)) return [];
  const names = unused.map((one) => one.path).join(', ');
  return finding(
    `Nothing that \`${commands.run.trim().split('\n')[0]}\` starts imports or names ${names}: the run would be one more run of its base. Use the change where the program runs.`,
  );
}

function saysNothing({ path, from, before, after }: FileChange): boolean {
  if (DOCUMENT.test(path)) return true;
  return from === undefined && before !== undefined && after !== null && meaning(path, before) === meaning(path, after);
}

/** A file's text without comments, blank lines and blanks at the ends of lines. */
function meaning(path: string, text: string): string {
  const { python, shell } = fileKind(path);
  const hashes = shell || HASH_COMMENTS.test(path);
  const plain = python ? withoutComments(text) : text;
  return plain
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => python || !hashes || DIRECTIVE.test(line) || !/^\s*#/.test(line))
    .filter((line) => line !== '' || !(python || hashes))
    .join('\n');
}

/** Whether any of these files is part of the program, before the patch or after it, or may be: where that cannot be told, it is. */
function isUsed(
  files: Texts,
  changed: readonly FileChange[],
  unused: readonly FileChange[],
  commands: Commands,
): boolean {
  const after = new Map(files);
  for (const { path, from, after: text } of changed) {
    if (from !== undefined) after.delete(from);
    if (text === null) after.delete(path);
    else after.set(path, text);
  }
  const started = [commands.run, commands.evaluate, smokeOf(commands)?.run, commands.setup].flatMap((run) =>
    run === undefined ? [] : [...programFiles(files, { run }), ...programFiles(after, { run })],
  );
  const program = new Set(started);
  const texts = [...program].map((path) => `${files.get(path) ?? ''}\n${after.get(path) ?? ''}`);
  if (![...program].some((path) => path.endsWith('.py'))) return true;
  if (texts.some((text) => FINDS_MODULES.test(text) || /\*\.py\b/.test(text))) return true;
  const ours = new Set(unused.flatMap((one) => (one.from === undefined ? [one.path] : [one.path, one.from])));
  if ([...ours].some((path) => program.has(path))) return true;
  const others = [...after].filter(([path]) => !ours.has(path) && !WORDS_ABOUT.test(path)).map(([, text]) => text);
  const said = [commands.run, commands.evaluate ?? '', commands.setup ?? '', ...others];
  return [...ours].some((path) => {
    const name = new RegExp(`(?<![A-Za-z0-9_])${escaped(moduleOf(path))}(?![A-Za-z0-9_])`);
    return said.some((text) => name.test(text));
  });
}

/** The name by which others import a file. */
function moduleOf(path: string): string {
  const segments = path.replace(/\.py$/, '').split('/');
  const last = segments.at(-1) ?? '';
  return last === '__init__' || last === '__main__' ? (segments.at(-2) ?? last) : last;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
