import type { Environment } from '../../domain/index.ts';
import { programFiles } from '../../environment/index.ts';
import type { Texts } from '../types.ts';
import { type FileChange, textsAfter } from './changed.ts';

/** Python that finds its modules by other means than an import. */
export const FINDS_MODULES =
  /\b(?:importlib|__import__|pkgutil|runpy|hydra|entry_points|load_module|spec_from_file_location|SourceFileLoader|_target_)\b|\*\.py\b/;
/** Python that may start other programs, or run what is no file. */
const STARTS_OTHERS = /\b(?:subprocess|system|exec)\b/;
const TEST = /(?:^|\/)(?:tests?\/|test_[^/]*\.py$|[^/]*_test\.py$|conftest\.py$)/;

/**
 * Which files of code the commands neither start, import nor name, before a patch and after it. Where the program finds its
 * modules by itself, that is known of tests alone.
 */
export function outsideProgram(
  files: Texts,
  changed: readonly FileChange[],
  rules: Pick<Environment, 'run' | 'evaluate'>,
): (path: string) => boolean {
  let known: ((path: string) => boolean) | undefined;
  return (path) => {
    known ??= readProgram(files, changed, rules);
    return known(path);
  };
}

function readProgram(
  files: Texts,
  changed: readonly FileChange[],
  rules: Pick<Environment, 'run' | 'evaluate'>,
): (path: string) => boolean {
  const after = textsAfter(files, changed);
  const commands = [rules.run, rules.evaluate ?? ''];
  const { program, texts } = reachOf(files, after, commands);
  if (![...program].some((path) => path.endsWith('.py'))) return () => false;
  const finds = texts.some((text) => FINDS_MODULES.test(text) || STARTS_OTHERS.test(text));
  const said = [...commands, ...texts];
  return (path) => {
    if (!/\.(?:py|sh)$/.test(path) || program.has(path) || (finds && !TEST.test(path))) return false;
    const name = wholeWord(moduleOf(path));
    return !said.some((text) => name.test(text));
  };
}

/** What commands reach before a patch or after it, and the texts of it on both sides. */
export function reachOf(
  files: Texts,
  after: Texts,
  commands: readonly string[],
): { readonly program: ReadonlySet<string>; readonly texts: readonly string[] } {
  const program = new Set([files, after].flatMap((side) => programFiles(side, { run: commands })));
  return { program, texts: [...program].flatMap((path) => [files.get(path) ?? '', after.get(path) ?? '']) };
}

/** The name by which others import or start a file. */
export function moduleOf(path: string): string {
  const segments = path.replace(/\.\w{1,3}$/, '').split('/');
  const last = segments.at(-1) ?? '';
  return last === '__init__' || last === '__main__' ? (segments.at(-2) ?? last) : last;
}

/** Finds a text where it is no part of a longer name. */
export function wholeWord(text: string): RegExp {
  return new RegExp(`(?<![A-Za-z0-9_])${escaped(text)}(?![A-Za-z0-9_])`);
}

/** A text as part of an expression. */
export function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
