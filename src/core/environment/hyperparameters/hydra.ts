import * as path from 'node:path';
import { parse } from 'yaml';
import { programFiles } from '../context.ts';
import type { Hyperparameter } from '../types.ts';
import { shellCommands } from './from-shell.ts';

type Files = ReadonlyMap<string, string>;

/** The configs that Hydra puts together for a run. */
export interface HydraConfigs {
  /** The folder of all of them. */
  readonly root: string;
  /** The files that are chosen, with the place of their keys in the whole: `optim` for `conf/optim/adam.yaml`. */
  readonly selected: ReadonlyMap<string, string>;
}

interface Main {
  readonly root: string;
  readonly name: string;
}

/** One line of a `defaults` list: a config by its path from the root, or what another choice of a group overrides. */
interface Entry {
  readonly group: string;
  readonly option: string;
  readonly place: string;
  readonly override: boolean;
}

/** Undefined where the program uses no Hydra, or its configs cannot be told. */
export function hydraConfigs(files: Files, run: string): HydraConfigs | undefined {
  const program = programFiles(files, { run }).map((file) => [file, files.get(file) ?? ''] as const);
  const main = (program.length > 0 ? program : [...files]).flatMap(([file, text]) => mainOf(file, text, run))[0];
  if (!main || configFile(files, main.root, main.name) === undefined) return undefined;
  const scripts = program.filter(([file]) => !/\.(py|ya?ml)$/.test(file)).flatMap(([, text]) => shellCommands(text));
  const given = choicesOf(files, main.root, [run, ...scripts]);
  const first = compose(files, main, given);
  // What a chosen config overrides counts for the whole; the command has the last word.
  const { selected } = first.overrides.size > 0 ? compose(files, main, new Map([...first.overrides, ...given])) : first;
  return { root: main.root, selected };
}

/** The key by which a command sets a value of a chosen config. */
export function keyOf(
  { path: file, name }: Pick<Hyperparameter, 'path' | 'name'>,
  configs: HydraConfigs | undefined,
): string {
  return [configs?.selected.get(file) ?? '', name].filter(Boolean).join('.');
}

/** `@hydra.main(config_path='conf', config_name='config')`, and what a command says instead. */
function mainOf(file: string, text: string, run: string): Main[] {
  if (!file.endsWith('.py') || !/\bhydra\b/.test(text)) return [];
  const argument = (name: string) => new RegExp(`\\b${name}\\s*=\\s*["']([^"'\\n]+)["']`).exec(text)?.[1];
  const flag = (long: string, short: string) =>
    new RegExp(`(?:^|\\s)(?:--${long}|-${short})[=\\s]["']?([^\\s"']+)`).exec(run)?.[1];
  const name = flag('config-name', 'cn') ?? argument('config_name');
  const folder = flag('config-path', 'cp') ?? argument('config_path') ?? '.';
  if (name === undefined) return [];
  return [
    { root: path.posix.join(path.posix.dirname(file), folder).replace(/\/$/, ''), name: name.replace(/\.ya?ml$/, '') },
  ];
}

function configFile(files: Files, root: string, name: string): string | undefined {
  const base = path.posix.normalize(path.posix.join(root, name)).replace(/\.ya?ml$/, '');
  return [`${base}.yaml`, `${base}.yml`].find((file) => files.has(file));
}

/** `optim=sgd` and `+experiment=big` of the commands, where the group has such a file. */
function choicesOf(files: Files, root: string, commands: readonly string[]): Map<string, string[]> {
  const choices = new Map<string, string[]>();
  for (const [, group = '', options = ''] of commands
    .join('\n')
    .matchAll(/(?<![^\s"'])\+{0,2}([\w/-]+)(?:@[\w.]+)?=([\w./,-]+)/g)) {
    const found = options.split(',').filter((option) => configFile(files, root, `${group}/${option}`) !== undefined);
    if (found.length > 0) choices.set(group, found);
  }
  return choices;
}

function compose(
  files: Files,
  main: Main,
  choices: ReadonlyMap<string, readonly string[]>,
): { readonly selected: Map<string, string>; readonly overrides: Map<string, string[]> } {
  const selected = new Map<string, string>();
  const overrides = new Map<string, string[]>();
  const visit = (name: string, place: string): void => {
    const file = configFile(files, main.root, name);
    if (file === undefined || selected.has(file)) return;
    const text = files.get(file) ?? '';
    const own = placeOf(text, place);
    selected.set(file, own);
    for (const entry of defaultsOf(text, groupOf(name), own)) {
      if (entry.override) overrides.set(entry.group, [...(overrides.get(entry.group) ?? []), entry.option]);
      else
        for (const option of optionsOf(files, main.root, entry, choices)) visit(join(entry.group, option), entry.place);
    }
  };
  visit(main.name, '');
  for (const [group, options] of choices) for (const option of options) visit(join(group, option), dotted(group));
  return { selected, overrides };
}

/** What is chosen of a group: by the choices made elsewhere, or here; all of it where a choice is made up as it runs. */
function optionsOf(
  files: Files,
  root: string,
  { group, option }: Entry,
  choices: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const chosen = choices.get(group);
  if (chosen) return chosen;
  if (!option.includes('${')) return [option];
  const folder = `${path.posix.join(root, group)}/`;
  return [...files.keys()].filter((file) => file.startsWith(folder)).map((file) => file.slice(folder.length));
}

/** Where a file says that its keys go, in `# @package _global_` at its top; else where it was asked for. */
function placeOf(text: string, place: string): string {
  const said = /^#\s*@package:?\s+(\S+)/m.exec(text.slice(0, 2000))?.[1];
  if (said === undefined || said === '_group_') return place;
  return said === '_global_' ? '' : said;
}

function defaultsOf(text: string, group: string, place: string): Entry[] {
  const config: unknown = parsed(text);
  const list = isRecord(config) ? config.defaults : undefined;
  return (Array.isArray(list) ? list : []).flatMap((item: unknown) => {
    if (typeof item === 'string') return item === '_self_' ? [] : entriesOf('', item, group, place);
    return isRecord(item) ? Object.entries(item).flatMap(([key, value]) => entriesOf(key, value, group, place)) : [];
  });
}

/** `optional model@net: big` and the like; a path with a slash in front starts at the root. */
function entriesOf(key: string, value: unknown, group: string, place: string): Entry[] {
  const words = key.trim().split(/\s+/);
  const [name = '', at] = (words.at(-1) ?? '').split('@');
  const override = words.includes('override');
  const absolute = name.startsWith('/');
  const within = absolute ? name.slice(1) : join(group, name);
  const nested = absolute ? dotted(within) : [place, dotted(name)].filter(Boolean).join('.');
  const options = (Array.isArray(value) ? value : [value]).filter(
    (option): option is string => typeof option === 'string' && option !== '???',
  );
  return options.map((option) => {
    const [file = ''] = option.split('@');
    const rooted = file.startsWith('/');
    const entry = { group: rooted ? '' : within, option: rooted ? file.slice(1) : file, override };
    const sub = groupOf(entry.option);
    const base = rooted ? '' : nested;
    return { ...entry, place: at === undefined ? [base, dotted(sub)].filter(Boolean).join('.') : packageOf(at) };
  });
}

function packageOf(said: string): string {
  return said === '_global_' || said === '_here_' ? '' : said.replace(/^_global_\./, '');
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function groupOf(name: string): string {
  return name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '';
}

function join(group: string, option: string): string {
  return group === '' ? option : `${group}/${option}`;
}

function dotted(group: string): string {
  return group.replaceAll('/', '.');
}
