import { programFiles } from '../context.ts';
import type { Hyperparameter } from '../types.ts';
import { baseName, isShell } from './given.ts';
import { hydraConfigs, keyOf } from './hydra.ts';

/**
 * Those that stand in a file which the run reads: code it reaches, scripts it goes through, the configs that Hydra chooses
 * or that a text of the program names. Where none does (a launcher we cannot read), any file but a script that the run
 * does not start, and a config that is not chosen, may be part of it.
 */
export function withinReach(
  all: readonly Hyperparameter[],
  files: ReadonlyMap<string, string>,
  run: string,
): readonly Hyperparameter[] {
  const program = new Set(programFiles(files, { run }));
  const texts = [run, ...[...program].map((file) => files.get(file) ?? '')];
  const hydra = hydraConfigs(files, run);
  const isOfHydra = (file: string) => hydra !== undefined && (hydra.root === '.' || file.startsWith(`${hydra.root}/`));
  // What stands under `hydra` says where outputs go and how sweeps are run.
  const isChosen = (one: Hyperparameter) =>
    hydra?.selected.has(one.path) === true && !/^hydra\./.test(keyOf(one, hydra));
  const isRead = (one: Hyperparameter) => {
    if (program.has(one.path)) return true;
    if (one.source !== 'yaml') return false;
    return isOfHydra(one.path) ? isChosen(one) : isNamed(one.path, texts, files);
  };
  const read = all.filter(isRead);
  if (read.length > 0) return read;
  const isOut = (one: Hyperparameter) =>
    one.source === 'yaml' ? isOfHydra(one.path) && !isChosen(one) : isShell(one.path) && program.size > 0;
  return all.filter((one) => !isOut(one));
}

/** Whether a text names a file, by its path, or by its own name where no other file of that name is meant. */
function isNamed(file: string, texts: readonly string[], files: ReadonlyMap<string, string>): boolean {
  const named = (name: string) => texts.some((text) => text.includes(name));
  if (named(file)) return true;
  const name = baseName(file);
  if (!named(name)) return false;
  return ![...files.keys()].some((other) => other.includes('/') && baseName(other) === name && named(other));
}
