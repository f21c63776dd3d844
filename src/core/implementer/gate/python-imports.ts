import * as path from 'node:path';
import { type Environment, smokeOf } from '../../domain/index.ts';
import { programFiles } from '../../environment/index.ts';
import type { Texts } from '../types.ts';
import { depthOf, MOST_LINE } from './changed.ts';

/** One module that a statement imports. Lines are 1-based. */
export interface Import {
  /** As it is written: `a.b`, `..c`. */
  readonly module: string;
  /** What `from … import` takes, each with the name it gets; undefined for a plain import. */
  readonly names?: readonly (readonly [name: string, as: string])[];
  /** The name a plain import gives the module: `a.b`, or what stands behind `as`. */
  readonly as?: string;
  readonly line: number;
  readonly endLine: number;
  readonly guard: Guard | undefined;
}

/** `checked`: only type checkers read it. `optional`: it is expected to be missing. `tried`: somewhere inside of a `try`. */
export type Guard = 'checked' | 'optional' | 'tried';
export type Commands = Pick<Environment, 'run' | 'evaluate' | 'smoke'>;

const START =
  /(?:^|[;:])[ \t\f]{0,200}(?:from[ \t]{0,20}(\.{1,10}[ \t]{0,4}[\w.]{0,200}|(?<=[ \t])[\w.]{1,200})[ \t]{0,20}(?<=[ \t.])import\b|import[ \t]+(?=[\w]))[ \t]*/g;
/** Modules that are found where no one here can tell. */
export const ELSEWHERE = /\bsys\.path\b|\bPYTHONPATH\b|\baddsitedir\b|\b__path__\b/;
/** A list of names in brackets goes over so many lines. */
const MOST_LINES = 100;

/** @param code lines without what texts and comments hold */
export function importsIn(code: readonly string[]): readonly Import[] {
  const found: Import[] = [];
  for (let index = 0; index < code.length; index += 1) {
    if (!/\b(?:import|from)\b/.test(code[index]?.slice(0, MOST_LINE) ?? '')) continue;
    const { text, last } = joined(code, index);
    for (const match of text.matchAll(START)) {
      const rest = text.slice(match.index + match[0].length);
      const bracketed = match[1] !== undefined && rest.startsWith('(');
      const listed = bracketed ? rest.slice(1).split(')')[0] : rest.split(';')[0];
      const names = (listed ?? '').split(',').flatMap((one) => {
        const [, name, as = name] = /^\s*([\w.*]+)(?:\s+as\s+(\w+))?\s*$/.exec(one) ?? [];
        return name === undefined || as === undefined ? [] : [[name, as] as const];
      });
      const place = { line: index + 1, endLine: last + 1, guard: guardOf(code, index, text.slice(0, match.index + 1)) };
      if (match[1] !== undefined) found.push({ module: match[1].replaceAll(/[ \t]/g, ''), names, ...place });
      else found.push(...names.map(([module, as]) => ({ module, as, ...place })));
    }
    index = last;
  }
  return found;
}

/** A statement that goes over lines by backslashes or by the brackets behind its `import`, in one. */
function joined(code: readonly string[], index: number): { readonly text: string; readonly last: number } {
  let text = (code[index] ?? '').slice(0, MOST_LINE);
  let last = index;
  while (last + 1 < code.length && last - index < MOST_LINES) {
    const open = /\bimport[ \t]{0,20}\([^()]*$/.test(text);
    if (!open && !/\\\s{0,4}$/.test(text)) break;
    last += 1;
    text = `${text.replace(/\\\s{0,4}$/, ' ')} ${(code[last] ?? '').slice(0, MOST_LINE)}`;
  }
  return { text: text.trimEnd(), last };
}

/** @param before what stands in front of the import on its line */
function guardOf(code: readonly string[], at: number, before: string): Guard | undefined {
  const inline = before.endsWith(':');
  let indent = depthOf(before) + (inline ? 1 : 0);
  let nearest = true;
  for (let index = inline ? at : at - 1; index >= 0 && indent > 0; index -= 1) {
    const line = code[index] ?? '';
    const own = depthOf(line);
    if (line.trim() === '' || own >= indent) continue;
    if (/^\s*if\s+(?:\w{1,40}\.)?TYPE_CHECKING\s*:/.test(line)) return 'checked';
    if (/^\s*(?:try|except\b.*|finally)\s*:/.test(line)) {
      const behind = code.slice(inline ? at + 1 : at).find((one) => one.trim() !== '' && depthOf(one) <= own);
      const expects = /^\s*except\s*(?::|.*\b(?:ImportError|ModuleNotFoundError|Exception)\b)/.test(behind ?? '');
      return nearest && /^\s*try/.test(line) && expects ? 'optional' : 'tried';
    }
    nearest = false;
    indent = own;
  }
  return undefined;
}

/** The files that a module may be, under these folders, most likely first; a relative name is looked for where it points. */
export function moduleFiles(
  importer: string,
  module: string,
  roots: readonly string[],
  known: { has(path: string): boolean },
): readonly string[] {
  return modulePlaces(importer, module, roots).flatMap((base) =>
    [`${base}/__init__.py`, `${base}.py`].filter((one) => known.has(one)),
  );
}

/** The paths, without what files end in, that a module's name stands for. */
export function modulePlaces(importer: string, module: string, roots: readonly string[]): readonly string[] {
  const dots = /^\.*/.exec(module)?.[0].length ?? 0;
  const rest = module.slice(dots).replaceAll('.', '/');
  const from = dots > 0 ? [path.posix.join(path.posix.dirname(importer), '../'.repeat(dots - 1))] : roots;
  return [...new Set(from.map((root) => path.posix.join(root, rest).replace(/\/$/, '')))];
}

/** The files that any of these commands starts, and what they import. */
export function programOf(files: Texts, commands: Commands): ReadonlySet<string> {
  return new Set(programFiles(files, { run: started(commands) }));
}

export function started(commands: Commands): readonly string[] {
  return [commands.run, commands.evaluate, smokeOf(commands)?.run].filter((one) => one !== undefined);
}

/** The folders of the scripts that these commands start by path: Python looks for modules there first. */
export function scriptFolders(files: Texts, commands: Commands, program: ReadonlySet<string>): readonly string[] {
  const shells = [...program].filter((one) => !one.endsWith('.py')).map((one) => files.get(one) ?? '');
  const said = [...started(commands), ...shells].join('\n');
  const words = new Set(said.split(/[\s;&|()'"=]+/).map((word) => word.replace(/^\.\//, '')));
  const moves = /\bcd /.test(said);
  const scripts = [...program].filter(
    (one) => one.endsWith('.py') && (words.has(one) || (moves && words.has(path.posix.basename(one)))),
  );
  const folders = scripts.map((one) => path.posix.dirname(one));
  return [...new Set(folders.length === 0 || /\s-m\s|PYTHONPATH/.test(said) ? [...folders, '.'] : folders)];
}
