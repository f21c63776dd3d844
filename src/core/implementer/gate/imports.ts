import type { Texts } from '../types.ts';
import { codeLines, type FileChange } from './changed.ts';

export interface NewImport {
  readonly module: string;
  readonly path: string;
  readonly line: number;
}

const PLAIN = /^(\s{0,200})import\s+(.{1,400})$/;
const FROM = /^(\s{0,200})from\s+([A-Za-z_][\w.]{0,200})\s+import\b/;
/** Modules that come with every Python 3.10 or newer, and that training code uses: no box need be asked. */
export const STANDARD: ReadonlySet<string> = new Set(
  (
    '__future__ abc argparse array ast asyncio atexit base64 bisect builtins bz2 calendar cmath codecs collections ' +
    'concurrent configparser contextlib contextvars copy csv ctypes dataclasses datetime decimal difflib dis email enum ' +
    'errno faulthandler filecmp fileinput fnmatch fractions functools gc getpass glob graphlib gzip hashlib heapq hmac ' +
    'html http importlib inspect io itertools json keyword linecache locale logging lzma marshal math mimetypes mmap ' +
    'multiprocessing numbers operator os pathlib pickle pkgutil platform pprint profile pstats queue random re resource ' +
    'runpy sched secrets select shelve shlex shutil signal site socket sqlite3 stat statistics string struct subprocess ' +
    'sys sysconfig tarfile tempfile textwrap threading time timeit tokenize trace traceback tracemalloc types typing ' +
    'unicodedata unittest urllib uuid warnings weakref xml zipfile zlib'
  ).split(' '),
);

/** The packages that a patch imports and that its files did not import before: for the box to look for. */
export function newImports(files: Texts, changed: readonly FileChange[]): readonly NewImport[] {
  const local = new Set([...files.keys(), ...changed.map((one) => one.path)].flatMap(modulesOf));
  const found = new Map<string, NewImport>();
  for (const { path, before, after, python, shell, added } of changed) {
    if (!python || after === null) continue;
    const old = new Set(importsOf(codeLines(before ?? '', { python, shell })).map((one) => one.module));
    const ours = new Set(added.map((one) => one.line));
    for (const { module, line } of importsOf(codeLines(after, { python, shell }))) {
      if (old.has(module) || local.has(module) || STANDARD.has(module) || !ours.has(line) || found.has(module))
        continue;
      found.set(module, { module, path, line });
    }
  }
  return [...found.values()];
}

/** The names by which a file of the repository may be imported: itself, and the folders it lies in. */
function modulesOf(path: string): readonly string[] {
  if (!/\.(?:pyw?|so|pyx)$/.test(path)) return [];
  const segments = path.split('/');
  return segments.map((segment) => segment.split('.')[0] ?? '');
}

function importsOf(lines: readonly string[]): readonly { readonly module: string; readonly line: number }[] {
  const found: { module: string; line: number }[] = [];
  for (const [index, text] of lines.entries()) {
    const from = FROM.exec(text);
    const plain = from ? null : PLAIN.exec(text);
    const indent = (from?.[1] ?? plain?.[1] ?? '').length;
    const modules = from
      ? [from[2] ?? '']
      : (plain?.[2] ?? '').split(',').map((one) => one.trim().split(/\s/)[0] ?? '');
    for (const module of modules) {
      const root = module.split('.')[0] ?? '';
      if (/^[A-Za-z_]\w*$/.test(root) && !guarded(lines, index, indent)) found.push({ module: root, line: index + 1 });
    }
  }
  return found;
}

/** `try: import x` with an `except` that expects it to be missing, and what only type checkers read. */
function guarded(lines: readonly string[], at: number, indent: number): boolean {
  if (indent === 0) return false;
  for (let index = at - 1; index >= 0; index -= 1) {
    const line = lines[index] ?? '';
    const own = /^\s*/.exec(line)?.[0].length ?? 0;
    if (line.trim() === '' || own >= indent) continue;
    if (/^\s*if\s+(?:typing\.)?TYPE_CHECKING\s*:/.test(line)) return true;
    if (!/^\s*try\s*:/.test(line)) return false;
    const except = lines.slice(at).find((one) => one.trim() !== '' && (/^\s*/.exec(one)?.[0].length ?? 0) <= own);
    return /^\s*except\s*(?::|.*\b(?:ImportError|ModuleNotFoundError|Exception)\b)/.test(except ?? '');
  }
  return false;
}
