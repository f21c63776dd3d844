import { stringValue } from '../hyperparameters/python.ts';
import { statements } from './calls.ts';
import { shellCode } from './commands.ts';
import { type Finding, firstLine, isPython, isShell, lineAt, list, type Texts } from './evidence.ts';
import { builtPaths, namesOf } from './paths.ts';

/** More files of Git LFS than this are proposed by their folders. */
const MAX_NAMED = 8;
const MOST_PATHS = 6;
const DATA =
  /\.(bin|npy|npz|csv|tsv|jsonl|parquet|arrow|h5|hdf5|pkl|pickle|txt|json|tar|zip|pt|safetensors|lmdb|tfrecords?)$/i;
/** What is read, not written: the name says that it is data. */
const READ =
  /(^|[/_.-])(train|val|valid|validation|dev|test|data|dataset|corpus|input|shard|fineweb|tokens|vocab|labels|images|prompts|questions|problems)/i;
const WRITTEN =
  /(^|\/)(out|output|outputs|logs?|runs|checkpoints?|ckpts?|results?|wandb|tmp|cache)(\/|$)|(ckpt|checkpoint|results?|metrics|log|final|best|model|history|summary|pred\w*)[\w-]*\.\w+$|^\/|^~|^https?:|^s3:|^gs:/i;

export interface Missing {
  readonly path: string;
  readonly why: 'lfs' | 'submodule';
}

/** Files of Git LFS and submodules, and data that the program reads and the commit does not hold. */
export function detectInputs(program: Texts, files: Texts, missing: readonly Missing[]): Finding<string[]> | undefined {
  const kept = fromGit(missing);
  const named = fromProgram(
    program,
    files,
    missing.map(({ path }) => path),
  );
  if (named.length === 0) return kept;
  const value = [...(kept?.value ?? []), ...named.map(({ path }) => path)];
  const where = named.map(({ path, where: at }) => `${at} reads ${path}`);
  const reason = `${list(where, 3)}, not committed: it is sent from here to each box`;
  return { value, reason: kept ? `${kept.reason}; ${reason}` : reason };
}

function fromGit(missing: readonly Missing[]): Finding<string[]> | undefined {
  if (missing.length === 0) return undefined;
  const literal = (name: string) => name.replaceAll(/[\\*?[\]{}()!+@]/g, '\\$&');
  const lfs = missing.filter(({ why }) => why === 'lfs').map(({ path }) => path);
  const folders = new Set(lfs.map((name) => name.slice(0, name.lastIndexOf('/') + 1)));
  const named = lfs.length <= MAX_NAMED ? lfs.map(literal) : [...folders].map((folder) => `${literal(folder)}*`);
  const submodules = missing.filter(({ why }) => why === 'submodule').map(({ path }) => `${literal(path)}/**`);
  return {
    value: [...named, ...submodules],
    reason: 'Git LFS or submodules: a run has no content of them but what is sent; take out what it does not need',
  };
}

interface Named {
  readonly path: string;
  readonly where: string;
}

/** Paths in the texts of the program that look like data to read and are in no commit. */
function fromProgram(program: Texts, files: Texts, known: readonly string[]): Named[] {
  const found = new Map<string, string>();
  for (const { path, where } of dataFolders(program, files)) {
    if (!known.includes(path) && found.size < MOST_PATHS) found.set(path, where);
  }
  const given = new Map(
    [...program].flatMap(([file, text]) => (SETTINGS.test(file) ? [...namesOf(statements(text))] : [])),
  );
  const made = [...program].filter(([file]) => isPython(file)).flatMap(([, text]) => madePaths(text, given));
  for (const [file, text] of program) {
    const built = isPython(file) ? readPaths(text, given) : [];
    for (const { value, line, read } of [...built, ...textsOf(file, text)]) {
      // Joined to a folder that is known, the name is told already.
      if (!value.includes('/') && built.some((one) => one.value.endsWith(`/${value}`))) continue;
      const path = value.replace(/^\.\//, '');
      const whole = path.includes('/') && DATA.test(path) && !WRITTEN.test(path) && READ.test(path);
      const glob = whole ? globOf(path) : bareName(path, read, files);
      if (glob === undefined || known.includes(glob) || present(glob, files) || found.has(glob)) continue;
      if (made.includes(path)) continue;
      if (found.size < MOST_PATHS) found.set(glob, `${file}:${line}`);
    }
  }
  return [...found].map(([path, where]) => ({ path, where }));
}

/** `{split}.bin` is any name there; a path that only a program can complete is none. */
function globOf(path: string): string | undefined {
  const glob = path.replaceAll(/\{[^{}]*\}|%\w/g, '*');
  return /^[*/]|\.\.|[\s'"\\]/.test(glob) ? undefined : glob;
}

/** `train.bin`, joined to a folder elsewhere: it lies under a data folder of the repository. */
function bareName(name: string, read: boolean, files: Texts): string | undefined {
  if (
    !read ||
    name.includes('/') ||
    !/^(train|val|valid|test|dev)[\w-]*\.(bin|npy|npz|jsonl|csv|parquet|pkl|pt)$/.test(name)
  )
    return undefined;
  const folder = ['data', 'datasets'].find((one) => [...files.keys()].some((file) => file.startsWith(`${one}/`)));
  return folder && `${folder}/**/*${name.slice(name.lastIndexOf('.'))}`;
}

function present(glob: string, files: Texts): boolean {
  return glob.includes('*') ? false : files.has(glob);
}

const FOLDER =
  /(?:^|[\s"'.(-])(?:[a-z]+[_-])?data(?:set)?[_-]?(?:root|dir|path|folder)["']?\s*(?:[:=,]\s*|\s)(?:[^#\n]{0,80}?\bdefault\s*=\s*)?["']?((?:\.\/)?[A-Za-z][\w-]*(?:\/[\w.-]+)+)["']?\s*(?=$|[,)#\\\s])/i;

/** Folders that settings or flags name as the data's, and of which the commit holds nothing. */
function dataFolders(program: Texts, files: Texts): Named[] {
  const names = [...files.keys()];
  // What fetches its data itself needs none brought.
  if ([...program.values()].some((text) => /\bdownload\s*=\s*True/.test(text))) return [];
  return [...program].flatMap(([file, text]) => {
    if (!/\.(py|ya?ml|sh|bash)$/.test(file)) return [];
    const hit = firstLine(text, FOLDER);
    const path = hit?.match[1]?.replace(/^\.\//, '').replace(/\/+$/, '');
    if (!hit || !path || WRITTEN.test(path) || DATA.test(path) || !READ.test(path)) return [];
    const held = names.some((name) => name === path || name.startsWith(`${path}/`));
    return held ? [] : [{ path, where: `${file}:${hit.line}` }];
  });
}

/** Settings that a program executes over its own, as nanoGPT does. */
const SETTINGS = /(^|\/)configs?\/[\w/-]+\.py$/;

/** Paths that the program writes itself, or looks for before it makes them. */
function madePaths(text: string, given: ReadonlyMap<string, readonly string[]>): string[] {
  const lines = statements(text);
  const names = namesOf(lines, given);
  const paths = builtPaths(lines, given);
  return lines.flatMap((line) => {
    const makes = line.tokens.some(
      ({ text: one }) => one === 'exists' || one === 'isfile' || /^["'](w|wb|a|x)["']$/.test(one),
    );
    if (!makes) return [];
    const texts = line.tokens.flatMap((token) => (token.kind === 'string' ? [stringValue(token) ?? ''] : []));
    const known = line.tokens.flatMap((token) => (token.kind === 'name' ? [...(names.get(token.text) ?? [])] : []));
    const built = paths.filter((one) => one.line === line).map(({ value }) => value);
    return [...texts, ...known, ...built].map((path) => path.replace(/^\.\//, ''));
  });
}

/** Paths that statements put together to read from. */
function readPaths(text: string, given: ReadonlyMap<string, readonly string[]>): Text[] {
  return builtPaths(statements(text), given).flatMap(({ value, start, line }) => {
    const writes = line.tokens.some(({ text: one }) => /^["'](w|wb|a|x|w\+)["']$/.test(one));
    return writes ? [] : [{ value, line: lineAt(text, start), read: true }];
  });
}

/** `data.train_files=$HOME/data/train.parquet` in a shell script. */
const HOME_DATA =
  /(?:\$HOME|\$\{HOME\}|(?<=[=\s"'])~)((?:\/[\w.-]{1,80}){1,12}\.(?:parquet|jsonl?|csv|tsv|bin|npy|npz|arrow|h5))\b/;
const KEEPS_DATA = /(^|\/)\.?(cache|data|datasets?|corpus|tokeni[sz]er)(\/|$)/i;

/** Where the program keeps data outside of the repository: no input can bring it to a box. */
export function dataOutside(program: Texts): string | undefined {
  const outside = (file: string, line: number, path: string) =>
    `${file}:${line} keeps data in ${path}, outside of the repository, which inputs cannot reach: prepare it on each box, or name it in links`;
  for (const [file, text] of program) {
    const home = isShell(file) ? firstLine(shellCode(text), HOME_DATA) : undefined;
    if (home) {
      const path = `~${home.match[1] ?? ''}`;
      return outside(file, firstLine(text, HOME_DATA)?.line ?? home.line, path);
    }
    if (!isPython(file)) continue;
    const found = builtPaths(statements(text)).filter(({ value }) => /^~\//.test(value) && KEEPS_DATA.test(value));
    const [first] = found;
    if (first) {
      return outside(file, lineAt(text, first.start), first.value);
    }
  }
  return undefined;
}

interface Text {
  readonly value: string;
  readonly line: number;
  /** Whether the statement reads a file. */
  readonly read: boolean;
}

const READS = new Set([
  'memmap',
  'open',
  'load',
  'fromfile',
  'read_csv',
  'read_json',
  'read_parquet',
  'load_dataset',
  'glob',
  'join',
  'Path',
  'loadtxt',
  'read_table',
]);

function textsOf(file: string, text: string): Text[] {
  if (isPython(file)) {
    const mapped = /\bnp\.(memmap|fromfile|load)\(/.test(text);
    return statements(text).flatMap(({ tokens }) => {
      const read =
        (mapped || tokens.some(({ text: name }) => READS.has(name))) &&
        !tokens.some(({ text: one }) => /^["'](w|wb|a|x)["']$/.test(one));
      const documentation = tokens.length === 1;
      if (documentation || tokens.length > 1000) return [];
      return tokens.flatMap((token) => {
        if (token.kind !== 'string' || token.text.length > 300) return [];
        const value = stringValue(token) ?? /^[fF]["'](.*)["']$/.exec(token.text)?.[1];
        return value === undefined ? [] : [{ value, line: lineAt(text, token.start), read }];
      });
    });
  }
  if (!/\.(ya?ml|sh|bash)$/.test(file)) return [];
  return text
    .slice(0, 100_000)
    .split('\n')
    .flatMap((row, index) => {
      if (row.length > 1000 || /^\s*#/.test(row)) return [];
      // Behind a variable the path goes on from somewhere else.
      return [...row.matchAll(/(?<![\w./*{}$-])[\w./*{}-]{3,200}/g)].map(([value]) => ({
        value,
        line: index + 1,
        read: false,
      }));
    });
}
