import * as path from 'node:path';
import type { Environment } from '../domain/index.ts';

/** Files larger than this hold data. */
const MOST_BYTES = 200_000;
/** About 60,000 tokens: past it a model reads worse and costs more. */
const BUDGET = 200_000;

const SECRET =
  /(^|\/)(\.env(\.[^/]*)?|\.netrc|\.npmrc|\.pypirc|\.git-credentials|id_(rsa|dsa|ecdsa|ed25519)[^/]*|[^/]*\.(pem|key|p12|pfx|keystore)|(secrets?|credentials?)(\.[^/]*)?)$/i;
const NOT_TEXT =
  /\.(ipynb|png|jpe?g|gif|svg|pdf|zip|gz|tar|npy|npz|pt|pth|bin|safetensors|parquet|arrow|csv|tsv|jsonl|lock|min\.js|map|ico|woff2?|ttf|wasm|db|sqlite)$/i;
const NOT_CODE = /(^|\/)(\.git|\.venv|venv|node_modules|__pycache__|\.research|wandb|out|dist|build|data|datasets)\//;
const CONFIG = /\.(ya?ml|toml|json|cfg|ini|sh)$|(^|\/)(Makefile|Dockerfile|requirements[^/]*\.txt)$/;
const WORDS = /\.(md|rst|txt)$/i;

/**
 * The files a model may read, most telling first: the script the run command names, what it imports of this
 * repository breadth first, configs and shell scripts, the brief, the rest of the code. Protected files are among
 * them. Never: secrets, data, binaries, notebooks, anything over 200 kB; whole files only, up to about 60,000 tokens.
 */
export function selectContext(files: ReadonlyMap<string, string>, environment: Environment): string[] {
  const readable = [...files.keys()].filter((file) => mayRead(file, files.get(file) ?? '')).sort();
  const entries = scriptsOf(environment, readable);
  const imported = importedFrom(entries, files, new Set(readable));
  const configs = readable.filter((file) => CONFIG.test(file)).sort((a, b) => depthOf(a) - depthOf(b));
  const code = readable.filter((file) => /\.(py|pyi|c|cc|cpp|cu|h|rs|jl)$/.test(file));
  const words = readable.filter((file) => WORDS.test(file) && depthOf(file) === 0 && file !== environment.brief);
  const order = new Set([...entries, ...imported, ...configs, ...code, ...words]);
  // The brief is told apart from the files, and research.yaml is told as the environment.
  for (const known of [environment.brief, 'research.yaml']) order.delete(known);
  return withinBudget([...order], files);
}

/** The files that the run command starts and what they import, the entry first: where a change can change a result. */
export function programFiles(files: ReadonlyMap<string, string>, environment: Pick<Environment, 'run'>): string[] {
  const readable = [...files.keys()].filter((file) => mayRead(file, files.get(file) ?? '')).sort();
  const entries = [...new Set(scriptsNamed(environment.run, readable))];
  return [...entries, ...importedFrom(entries, files, new Set(readable))];
}

/** Whether a file's text may be shown to a model at all. */
function mayRead(file: string, text: string): boolean {
  if (SECRET.test(file) || NOT_TEXT.test(file) || NOT_CODE.test(file)) return false;
  return Buffer.byteLength(text) <= MOST_BYTES && !text.includes('\0');
}

function withinBudget(order: readonly string[], files: ReadonlyMap<string, string>): string[] {
  let left = BUDGET;
  return order.filter((file) => {
    const size = files.get(file)?.length ?? 0;
    if (size > left) return false;
    left -= size;
    return true;
  });
}

/** The scripts the environment's commands name, `run` first; through a shell script to what it starts. */
function scriptsOf(environment: Environment, readable: readonly string[]): string[] {
  const commands = [environment.run, environment.evaluate, environment.smoke, environment.setup];
  return [...new Set(commands.flatMap((command) => scriptsNamed(command ?? '', readable)))];
}

/** The files of the repository that a command line names, as a path or as `-m package.module`. */
export function scriptsNamed(command: string, readable: readonly string[]): string[] {
  const known = new Set(readable);
  const words = command.split(/[\s;&|()'"=]+/).map((word) => word.replace(/^\.\//, ''));
  return words.flatMap((word, index) => {
    if (known.has(word)) return [word];
    if (words[index - 1] !== '-m') return [];
    const module = word.replaceAll('.', '/');
    return ['', 'src/']
      .flatMap((root) => [`${root}${module}.py`, `${root}${module}/__main__.py`])
      .filter((file) => known.has(file));
  });
}

/** What the entries import of this repository, breadth first; for shell scripts what they start. */
function importedFrom(
  entries: readonly string[],
  files: ReadonlyMap<string, string>,
  known: ReadonlySet<string>,
): string[] {
  const seen = new Set(entries);
  const queue = [...entries];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const other of neighbours(file, files.get(file) ?? '', known)) {
      if (seen.has(other)) continue;
      seen.add(other);
      queue.push(other);
    }
  }
  return [...seen].slice(entries.length);
}

const IMPORT = /^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+\(?([\w, \t*]*)|import[ \t]+([\w., \t]+))/gm;

function neighbours(file: string, text: string, known: ReadonlySet<string>): string[] {
  if (!file.endsWith('.py')) return /\.(sh|bash)$/.test(file) ? scriptsNamed(text, [...known]) : [];
  return [...text.matchAll(IMPORT)].flatMap(([, from, names, plain]) => {
    if (from === undefined) {
      return (plain ?? '').split(',').flatMap((name) => modulesOf(file, name.trim().split(/\s/)[0] ?? '', known));
    }
    const inside = (names ?? '').split(',').map((name) => name.trim().split(/\s/)[0] ?? '');
    const joined = inside.filter(Boolean).map((name) => (from.endsWith('.') ? from + name : `${from}.${name}`));
    return [from, ...joined].flatMap((module) => modulesOf(file, module, known));
  });
}

/** The files a module name can mean: beside the importing file, or from the root or `src/`. */
function modulesOf(file: string, module: string, known: ReadonlySet<string>): string[] {
  const dots = /^\.*/.exec(module)?.[0].length ?? 0;
  const rest = module.slice(dots).replaceAll('.', '/');
  if (rest === '') return [];
  const here = path.posix.dirname(file);
  const roots = dots > 0 ? [path.posix.join(here, '../'.repeat(dots - 1))] : [here, '.', 'src'];
  for (const root of roots) {
    const base = path.posix.normalize(path.posix.join(root, rest));
    const found = [`${base}.py`, `${base}/__init__.py`].filter((candidate) => known.has(candidate));
    if (found.length > 0) return found;
  }
  return [];
}

function depthOf(file: string): number {
  return file.split('/').length - 1;
}
