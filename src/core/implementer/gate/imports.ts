import type { Texts } from '../types.ts';
import { codeLines, type FileChange } from './changed.ts';
import { ELSEWHERE, importsIn } from './python-imports.ts';

export interface NewImport {
  readonly module: string;
  readonly path: string;
  readonly line: number;
}

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

/** A project that says where its packages lie. */
const LAYOUT = /\bpackage[-_]dir\b|\bwhere[ \t]*=/;

/** The packages that a patch imports and that its files did not import before: for the box to look for. */
export function newImports(files: Texts, changed: readonly FileChange[]): readonly NewImport[] {
  const paths = [...files.keys(), ...changed.map((one) => one.path)].filter((path) => /\.(?:pyw?|so|pyx)$/.test(path));
  const texts = [...files.values(), ...changed.map((one) => one.after ?? '')];
  const anywhere = texts.some((text) => ELSEWHERE.test(text) || LAYOUT.test(text));
  const found = new Map<string, NewImport>();
  for (const { path, before, after, python, shell, added } of changed) {
    if (!python || after === null) continue;
    const old = new Set(rootsIn(codeLines(before ?? '', { python, shell })).map((one) => one.module));
    const ours = new Set(added.map((one) => one.line));
    const fresh = rootsIn(codeLines(after, { python, shell })).flatMap(({ module, lines }) => {
      const line = lines.find((one) => ours.has(one));
      return line === undefined || old.has(module) || STANDARD.has(module) ? [] : [{ module, path, line }];
    });
    if (fresh.length === 0) continue;
    const local = new Set(paths.flatMap((one) => modulesOf(one, path, anywhere)));
    for (const one of fresh) {
      if (!local.has(one.module) && !found.has(one.module)) found.set(one.module, one);
    }
  }
  return [...found.values()];
}

/** The names by which a file of the repository may be imported: from its root, from `src`, from above the importer. */
function modulesOf(path: string, importer: string, anywhere: boolean): readonly string[] {
  const segments = path.split('/');
  const name = (at: number) => segments[at]?.split('.')[0] ?? '';
  if (anywhere) return segments.map((_, at) => name(at));
  const above = importer.split('/').slice(0, -1);
  const shared = above.findIndex((one, at) => one !== segments[at]);
  const depth = shared < 0 ? above.length : shared;
  const names = Array.from({ length: depth + 1 }, (_, at) => name(at));
  return segments[0] === 'src' ? [...names, name(1)] : names;
}

function rootsIn(lines: readonly string[]): readonly { readonly module: string; readonly lines: readonly number[] }[] {
  return importsIn(lines).flatMap(({ module, line, endLine, guard }) => {
    const root = module.split('.')[0] ?? '';
    if (root === '' || guard === 'optional' || guard === 'checked') return [];
    return [{ module: root, lines: Array.from({ length: endLine - line + 1 }, (_, at) => line + at) }];
  });
}
