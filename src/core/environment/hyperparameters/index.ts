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

function ofFile(path: string, text: string): Hyperparameter[] {
  if (path.endsWith('.py')) return fromPython(path, text);
  if (/\.(sh|bash|sbatch)$/.test(path)) return fromShell(path, text);
  return /\.ya?ml$/.test(path) && !NOT_CONFIG.test(path) ? fromYaml(path, text) : [];
}
