import { programFiles } from '../context.ts';
import type { Hyperparameter } from '../types.ts';
import { shellCommands } from './from-shell.ts';
import { hydraConfigs, keyOf } from './hydra.ts';

type Files = ReadonlyMap<string, string>;

/**
 * Those that a command leaves to the files. What it says itself, by a flag or by a key of Hydra, and what a settings file
 * that it names sets, another value in the program would not change.
 */
export function withoutGiven(all: readonly Hyperparameter[], files: Files, run: string): Hyperparameter[] {
  const settings = all.filter(({ path }) => /(^|\/)configs?\/[\w/-]+\.py$/.test(path) && run.includes(path));
  const names = new Set(settings.map(({ name }) => name));
  const hydra = hydraConfigs(files, run);
  const commands = [
    run,
    ...(hydra ? scriptsOf(files, run).flatMap((file) => shellCommands(files.get(file) ?? '')) : []),
  ];
  return all.filter((one) => {
    if (hasFlag(one, run)) return false;
    const key = keyOf(one, hydra);
    const chosen = hydra?.selected.has(one.path) === true;
    if ((chosen ? commands : [run]).some((command) => hasKey(key, command))) return false;
    return settings.includes(one) || one.source !== 'module' || !names.has(one.name);
  });
}

/** Those that no script hands to their program with another value: to change such a default would change nothing. */
export function withoutOverridden(all: readonly Hyperparameter[], files: Files, run?: string): Hyperparameter[] {
  if (!all.some(({ source }) => source === 'argparse')) return [...all];
  const started = scriptsOf(files, run).flatMap((script) => commandsOf(script, files));
  return all.filter(
    (one) =>
      one.source !== 'argparse' ||
      !started.some(({ command, reaches }) => hasFlag(one, command) && reaches.has(one.path)),
  );
}

/** The shell scripts that a run goes through; all there are where no run is known, or none of its files. */
function scriptsOf(files: Files, run: string | undefined): string[] {
  const program = run === undefined ? [] : programFiles(files, { run });
  return (program.length > 0 ? program : [...files.keys()]).filter(isShell);
}

export function isShell(path: string): boolean {
  return /\.(sh|bash|sbatch)$/.test(path);
}

interface Started {
  readonly command: string;
  /** The files it may hand its flags to. */
  readonly reaches: ReadonlySet<string>;
}

/** The commands of a script. One that names no program (flags in a variable) may be for any of the script's. */
function commandsOf(script: string, files: Files): Started[] {
  const text = files.get(script) ?? '';
  const all = reachedBy(programsIn(text), files);
  const known = new Map<string, ReadonlySet<string>>();
  return shellCommands(text).map((command) => {
    const programs = programsIn(command);
    const reaches = programs === '' ? all : (known.get(programs) ?? reachedBy(programs, files));
    known.set(programs, reaches);
    return { command, reaches };
  });
}

function programsIn(text: string): string {
  const named = text.match(/[\w./-]+\.(?:py|sh|bash)\b|-m\s+[\w.]+/g) ?? [];
  return [...new Set(named)].join(' ');
}

/** A script often goes to another folder first, so that a file's own name says enough. */
function reachedBy(programs: string, files: Files): Set<string> {
  const named = [...files.keys()].filter(
    (file) => file.endsWith('.py') && programs.split(' ').some((word) => baseName(word) === baseName(file)),
  );
  return new Set([...named, ...programFiles(files, { run: [programs, ...named].join(' ') })]);
}

export function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/** Whether a command says it by a flag: by any of its names, with `_` or `-`, as `--no-x` too, with or without a value. */
function hasFlag({ name, spellings }: Hyperparameter, command: string): boolean {
  return (spellings ?? [name]).some((one) =>
    // A letter is a flag of the program only behind the program: `python -m` takes letters of its own.
    one.length === 1
      ? new RegExp(`(\\.py|-m\\s+[\\w.]+)["']?\\s(.*\\s)?-${quoted(one)}(?=[\\s=\\d.-]|$)`).test(command)
      : new RegExp(`(^|[\\s"'(])--?(no[-_])?${quoted(one)}(?![\\w.-])`).test(command),
  );
}

/** Whether a command sets a key of a config: `optim.lr=0.1`, `+optim.lr=0.1`. */
function hasKey(key: string, command: string): boolean {
  return new RegExp(`(^|[\\s"'])\\+{0,2}${quoted(key)}=`).test(command);
}

/** As part of an expression, `_` and `-` alike. */
function quoted(name: string): string {
  return name
    .split(/[-_]/)
    .map((part) => part.replaceAll(/[^\w]/g, '\\$&'))
    .join('[-_]');
}
