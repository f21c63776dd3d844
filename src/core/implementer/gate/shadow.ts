import * as path from 'node:path';
import type { Environment, Finding } from '../../domain/index.ts';
import { matcher } from '../../environment/index.ts';
import type { Texts } from '../types.ts';
import { codeLines, type FileChange, fileKind, MOST_LINE, textsAfter } from './changed.ts';
import { STANDARD } from './imports.ts';
import { type Commands, importsIn, moduleFiles, programOf, scriptFolders } from './python-imports.ts';

type Rules = Commands & Pick<Environment, 'protected' | 'protected_regions'>;
type Add = (severity: Finding['severity'], gate: 'paths' | 'protected', code: string, message: string) => void;

/** Python runs these by itself, before the program, also before what is protected. */
const UNASKED = /(?:^|\/)(?:sitecustomize|usercustomize)\.py$/;

/**
 * New modules that Python takes instead of others: a package beside a file of its name, what is named like a module of
 * Python's or like a package that the program imports. A change of what a protected file defines, made from outside, is
 * a warning.
 */
export function checkShadows(files: Texts, changed: readonly FileChange[], rules: Rules): Finding[] {
  const after = textsAfter(files, changed);
  const findings: Finding[] = [];
  const scripts = scriptFolders(after, rules, programOf(after, rules));
  const folders = moduleFolders(after, rules, scripts);
  for (const change of changed) {
    if (!change.python || change.after === null) continue;
    const { path: file, added } = change;
    const line = added[0]?.line ?? 1;
    const add: Add = (severity, gate, code, message) =>
      findings.push({ gate, code, path: file, line, message, severity });
    if (!files.has(file)) newModule(file, files, after, folders, rules, add);
    for (const { line: at, name } of bentNames(change, after, rules, scripts)) {
      const message = `This changes ${name}, which a protected file defines: see that what is protected does the same.`;
      findings.push({ gate: 'protected', code: 'protected-name', path: file, line: at, message, severity: 'warning' });
    }
  }
  return findings;
}

/** Where Python looks for the program's modules; `src` only where it is no package itself. */
function moduleFolders(files: Texts, commands: Commands, scripts: readonly string[]): readonly string[] {
  const packaged = files.has('src/__init__.py') || /\bsrc\.\w/.test(commands.run);
  const imports = /^[ \t]*(?:from|import)[ \t]+src\b/m;
  const isPackage = packaged || [...files].some(([file, text]) => file.endsWith('.py') && imports.test(text));
  return [...new Set(['.', ...scripts, ...(isPackage ? [] : ['src'])])];
}

function newModule(
  file: string,
  before: Texts,
  after: Texts,
  folders: readonly string[],
  rules: Rules,
  add: Add,
): void {
  if (UNASKED.test(file)) {
    add('error', 'paths', 'shadowed-module', `Python runs ${file} before every program; a patch may not bring it.`);
    return;
  }
  const base = file.replace(/(?:\/__init__)?\.pyw?$/, '');
  const twin = file.endsWith('/__init__.py') ? `${base}.py` : `${base}/__init__.py`;
  if (after.has(twin)) {
    const kept =
      matcher(rules.protected)(twin) || rules.protected_regions.some((region) => matcher([region.file])(twin));
    const taken = file.endsWith('/__init__.py') ? file : twin;
    const message = `${file} and ${twin} are one module to Python, which takes ${taken} and never reads the other. ${kept ? `${twin} is protected: use another name.` : 'Use another name, or change the one that is there.'}`;
    add('error', kept ? 'protected' : 'paths', kept ? 'protected-path' : 'shadowed-module', message);
    return;
  }
  const name = path.posix.basename(base);
  if (!folders.includes(path.posix.dirname(base))) return;
  if (STANDARD.has(name)) {
    const message = `${file} would be imported wherever Python’s own module ${name} is meant, also by libraries. Use another name.`;
    add('error', 'paths', 'shadowed-module', message);
  } else if (importedFromElsewhere(name, before)) {
    const message = `${file} would be imported instead of the package ${name} that the program uses. Use another name.`;
    add('error', 'paths', 'shadowed-module', message);
  }
}

/** Whether a file of the base imports a module of this name that is no file or folder of the base. */
function importedFromElsewhere(name: string, files: Texts): boolean {
  const ours = [...files.keys()].some((file) => file.split('/').some((part) => part.split('.')[0] === name));
  if (ours) return false;
  return [...files].some(([file, text]) => {
    if (!file.endsWith('.py') || !text.includes(name)) return false;
    return importsIn(codeLines(text, fileKind(file))).some((one) => one.module.split('.')[0] === name);
  });
}

/** Names of protected files that an added line gives another value. */
function bentNames(
  change: FileChange,
  files: Texts,
  rules: Rules,
  scripts: readonly string[],
): readonly { readonly line: number; readonly name: string }[] {
  const kept = matcher(rules.protected);
  if (![...files.keys()].some((file) => file.endsWith('.py') && kept(file))) return [];
  const code = codeLines(change.after ?? '', change);
  const roots = ['.', 'src', path.posix.dirname(change.path), ...scripts];
  const isKept = (module: string) => moduleFiles(change.path, module, roots, files).some((file) => kept(file));
  const modules = new Set<string>();
  const names = new Set<string>();
  for (const one of importsIn(code)) {
    if (one.as !== undefined && isKept(one.module)) modules.add(one.as);
    for (const [name, as] of one.names ?? []) {
      if (isKept(one.module.endsWith('.') ? one.module + name : `${one.module}.${name}`)) modules.add(as);
      else if (isKept(one.module)) names.add(as);
    }
  }
  const bent = [...[...modules, ...names].map((name) => [name, attribute(name)] as const)];
  for (const name of names) bent.push([name, bound(name)]);
  return change.added.flatMap(({ line }) => {
    const text = (code[line - 1] ?? '').slice(0, MOST_LINE);
    const found = bent.find(([name, pattern]) => text.includes(name) && pattern.test(text));
    return found ? [{ line, name: found[0] }] : [];
  });
}

const OPERATOR = '\\s{0,20}(?:[-+*/%@&|^]|//|\\*\\*|<<|>>)?=(?!=)';

function attribute(name: string): RegExp {
  const own = `(?<![\\w.])${name.replaceAll('.', '\\.')}`;
  return new RegExp(
    `${own}(?:\\.\\w{1,80}){1,5}(?:\\[[^\\]\\n]{0,80}\\])?${OPERATOR}|\\b(?:setattr|vars|object)\\(\\s{0,4}${own}\\b`,
  );
}

function bound(name: string): RegExp {
  return new RegExp(`^(?:def|class)\\s+${name}\\b|^${name}\\s{0,4}(?::[^=]{0,100})?=(?!=)`);
}
