import type { Hyperparameter } from '../types.ts';
import { fromPython } from './from-python.ts';
import { fromShell } from './from-shell.ts';
import { fromYaml } from './from-yaml.ts';

/** Larger files hold data, not settings. */
const MOST_CHARACTERS = 400_000;
const NOT_CONFIG = /(^|\/)(\.[^/]+\/|research\.ya?ml$|docker-compose|mkdocs|environment\.ya?ml$|\.pre-commit)/;

/**
 * The hyperparameters that stand as literals in a repository's text files: defaults of flags (argparse, click, absl,
 * fire), fields of dataclasses and config classes, module-level constants, values of YAML configs, flags in shell
 * scripts. Files in the order given, each from top to bottom. A default that a shell script overrides is left out: to
 * change it would change nothing.
 */
export function readHyperparameters(files: ReadonlyMap<string, string>): Hyperparameter[] {
  const found = [...files].flatMap(([path, text]) => {
    if (text.length > MOST_CHARACTERS) return [];
    return ofFile(path, text).sort((a, b) => a.line - b.line || a.startColumn - b.startColumn);
  });
  const shells = found.filter(({ source }) => source === 'shell');
  return found.filter((one) => one.source !== 'argparse' || !shells.some((flag) => overrides(flag, one, files)));
}

/** Whether a script hands the program of a default another value. */
function overrides(flag: Hyperparameter, one: Hyperparameter, files: ReadonlyMap<string, string>): boolean {
  const same = flag.name.replaceAll('-', '_') === one.name.replaceAll('-', '_');
  const script = files.get(flag.path) ?? '';
  const module = one.path
    .replace(/^src\//, '')
    .replace(/\.py$/, '')
    .replaceAll('/', '.');
  return same && (script.includes(one.path.slice(one.path.lastIndexOf('/') + 1)) || script.includes(`-m ${module}`));
}

/**
 * Those that a command leaves to the files. What it says itself, by a flag or by a key of Hydra, and what a settings file
 * that it names sets, another value in the program would not change.
 */
export function withoutGiven(all: readonly Hyperparameter[], run: string): Hyperparameter[] {
  const settings = all.filter(({ path }) => /(^|\/)configs?\/[\w/-]+\.py$/.test(path) && run.includes(path));
  const names = new Set(settings.map(({ name }) => name));
  return all.filter(
    (one) => !isGiven(one, run) && (settings.includes(one) || one.source !== 'module' || !names.has(one.name)),
  );
}

function isGiven({ name }: Hyperparameter, run: string): boolean {
  const word = name
    .split(/[-_]/)
    .map((part) => part.replaceAll(/[^\w]/g, '\\$&'))
    .join('[-_]');
  return new RegExp(`(^|\\s)(--?${word}(=|\\s)|\\+{0,2}${word}=)`).test(run);
}

function ofFile(path: string, text: string): Hyperparameter[] {
  if (path.endsWith('.py')) return fromPython(path, text);
  if (/\.(sh|bash|sbatch)$/.test(path)) return fromShell(path, text);
  return /\.ya?ml$/.test(path) && !NOT_CONFIG.test(path) ? fromYaml(path, text) : [];
}
