import type { Hyperparameter } from '../types.ts';
import { fromPython } from './from-python.ts';
import { fromShell } from './from-shell.ts';
import { fromYaml } from './from-yaml.ts';
import { isShell } from './given.ts';

export { withoutGiven, withoutOverridden, withoutPassed } from './given.ts';
export { withinReach } from './reach.ts';
export { isTunable, segmentsOf } from './tunable.ts';

/** Larger files hold data, not settings. */
const MOST_CHARACTERS = 400_000;
/** Past it a name was not written for people to read; expressions are made of names. */
const LONGEST_NAME = 200;
const NOT_CONFIG = /(^|\/)(\.[^/]+\/|research\.ya?ml$|docker-compose|mkdocs|environment\.ya?ml$|\.pre-commit)/;

/**
 * The hyperparameters that stand as literals in a repository's text files: defaults of flags (argparse, click, absl,
 * fire), fields of dataclasses and config classes, module-level constants, values of YAML configs, flags in shell
 * scripts. Files in the order given, each from top to bottom.
 */
export function readHyperparameters(files: ReadonlyMap<string, string>): Hyperparameter[] {
  return [...files].flatMap(([path, text]) => {
    if (text.length > MOST_CHARACTERS) return [];
    return ofFile(path, text)
      .filter(({ name, spellings = [] }) => [name, ...spellings].every(({ length }) => length <= LONGEST_NAME))
      .sort((a, b) => a.line - b.line || a.startColumn - b.startColumn);
  });
}

function ofFile(path: string, text: string): Hyperparameter[] {
  if (path.endsWith('.py')) return fromPython(path, text);
  if (isShell(path)) return fromShell(path, text);
  return /\.ya?ml$/.test(path) && !NOT_CONFIG.test(path) ? fromYaml(path, text) : [];
}
