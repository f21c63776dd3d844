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
      !started.some(({ commands, reaches }) => reaches.has(one.path) && hasFlag(one, commands)),
  );
}

/**
 * Those that the program leaves to the class they are fields of. Where it builds a config of its own values
 * (`dict(block_size=block_size)`, `GPTConfig(dropout=0.1)`), another default would change nothing.
 */
export function withoutPassed(all: readonly Hyperparameter[], files: Files, run: string): Hyperparameter[] {
  if (!all.some(({ source }) => source === 'dataclass')) return [...all];
  const texts = programFiles(files, { run })
    .filter((file) => file.endsWith('.py'))
    .map((file) => (files.get(file) ?? '').slice(0, LONGEST_FILE));
  const passed = (one: Hyperparameter) => {
    const name = quoted(one.name.split('.').at(-1) ?? one.name);
    // A value that is read from the field itself hands it on.
    const call = new RegExp(
      `${BUILDS}\\([^()]{0,2000}?(?<![\\w.])${name}\\s{0,4}=(?!=)(?!\\s{0,4}[\\w.]{1,80}\\.${name}\\b)`,
    );
    return texts.some((text) => call.test(text));
  };
  return all.filter((one) => one.source !== 'dataclass' || !passed(one));
}

/** What builds a config by its name: what else takes an argument of the same name may have it from the field. */
const BUILDS = String.raw`\b(?:\w{0,40}(?:args|config|cfg|kwargs|params)\s{0,4}=\s{0,4}dict|[A-Z]\w{0,60}(?:Config|Args|Arguments|Params|Settings|Options))`;
const LONGEST_FILE = 200_000;

/** The shell scripts that a run goes through; all there are where no run is known, or none of its files. */
function scriptsOf(files: Files, run: string | undefined): string[] {
  const program = run === undefined ? [] : programFiles(files, { run });
  return (program.length > 0 ? program : [...files.keys()]).filter(isShell);
}

export function isShell(path: string): boolean {
  return /\.(sh|bash|sbatch)$/.test(path);
}

interface Started {
  /** One a line. */
  readonly commands: string;
  /** The files that they may hand their flags to. */
  readonly reaches: ReadonlySet<string>;
}

/** The commands of a script by what they start. One that names no program (flags in a variable) may be for any of them. */
function commandsOf(script: string, files: Files): Started[] {
  const text = files.get(script) ?? '';
  const byPrograms = Map.groupBy(shellCommands(text), programsIn);
  return [...byPrograms].map(([programs, commands]) => ({
    commands: commands.join('\n'),
    reaches: reachedBy(programs === '' ? programsIn(text) : programs, files),
  }));
}

function programsIn(text: string): string {
  const words = text.split(/[\s"'=;&|()]+/);
  const named = words.flatMap((word, index) => {
    if (word === '-m') return [`-m ${words[index + 1] ?? ''}`];
    return /\.(py|sh|bash)$/.test(word) ? [word] : [];
  });
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

/** Whether commands say it by a flag: by any of its names, with `_` or `-`, as `--no-x` too, with or without a value. */
function hasFlag({ name, spellings }: Hyperparameter, commands: string): boolean {
  return (spellings ?? [name]).some((one) =>
    one.length === 1
      ? new RegExp(`\\s-${quoted(one)}(?=[\\s=\\d.-]|$)`, 'm').test(behindPrograms(commands))
      : new RegExp(`(^|[\\s"'(])--?(no[-_])?${quoted(one)}(?![\\w.-])`).test(commands),
  );
}

/** A letter is a flag of the program only behind it: `python -m` takes letters of its own. */
function behindPrograms(commands: string): string {
  return commands
    .split('\n')
    .map((command) => {
      const program = /\.py(?=["'\s])|(?<=\s)-m\s+\S+/.exec(command);
      return program ? command.slice(program.index + program[0].length) : '';
    })
    .join('\n');
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
