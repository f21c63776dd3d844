import * as path from 'node:path';
import type { Finding } from '../../domain/index.ts';
import type { Texts, TreeEntry } from '../types.ts';
import { type FileChange, textsAfter } from './changed.ts';
import { maskPython } from './mask.ts';
import {
  type Commands,
  ELSEWHERE,
  type Import,
  importsIn,
  moduleFiles,
  modulePlaces,
  programOf,
  scriptFolders,
  started,
} from './python-imports.ts';

/** Where a module's names come from elsewhere than its text says. */
const DYNAMIC =
  /\bimport[ \t]{0,8}\*|__getattr__|\b(?:globals|locals|vars|exec|setattr)[ \t]{0,8}\(|\bsys\.modules\b|\blazy\w{0,40}|\battach\(/i;
/** What a build makes. */
const BUILT = /^_|_pb2(?:_grpc)?$|^version$/;
const MODULE = /\.(?:pyw?|pyx|pyd|so|ipynb)$/;
/** Libraries whose names repositories also give to folders of theirs; without `__init__.py` the library wins. */
const LIBRARY =
  /^(?:accelerate|apex|clip|datasets|diffusers|einops|evaluate|lightning|peft|requests|timm|tokenizers|torch|transformers|triton|trl|wandb)$/;

/** What of a repository can be imported: paths without what files end in. */
interface State {
  readonly texts: Texts;
  /** Modules of one file, and packages with an `__init__.py`. */
  readonly modules: ReadonlySet<string>;
  /** Folders with modules below them. */
  readonly folders: ReadonlySet<string>;
  /** Where scripts start. */
  readonly scripts: readonly string[];
  readonly program: ReadonlySet<string>;
  /** Submodules and links: nobody knows what is in there. */
  readonly opaque: readonly string[];
  readonly elsewhere: boolean;
}

interface Fault {
  readonly importer: string;
  readonly from: Import;
  readonly key: string;
  /** The files that should hold it. */
  readonly files: readonly string[];
  readonly message: string;
}

interface Options {
  /** New path to old path. */
  readonly renames?: ReadonlyMap<string, string> | undefined;
  readonly tree?: readonly TreeEntry[] | undefined;
}

/**
 * Imports between the files of the program that cannot work after the patch and did before, or are new: of a module that
 * is no file here, of a name that its file does not hold. The program would end as soon as it came there.
 */
export function checkLocalImports(
  files: Texts,
  changed: readonly FileChange[],
  commands: Commands,
  { renames = new Map(), tree = [] }: Options = {},
): Finding[] {
  if (!changed.some((one) => one.python)) return [];
  const texts = textsAfter(files, changed);
  const before = stateOf(files, commands, tree, new Set());
  const gone = new Set([...files.keys()].filter((one) => !texts.has(one)));
  const after = stateOf(texts, commands, tree, gone);
  const findings: Finding[] = [];
  for (const importer of after.program) {
    const text = texts.get(importer) ?? '';
    if (!importer.endsWith('.py')) continue;
    const now = faultsOf(importer, text, after, before);
    if (now.length === 0) continue;
    const then = renames.get(importer) ?? importer;
    const old = new Set(faultsOf(then, files.get(then) ?? '', before, after).map((one) => one.key));
    for (const fault of now) {
      if (!old.has(fault.key)) findings.push(findingOf(fault, changed, renames));
    }
  }
  return findings;
}

function findingOf(fault: Fault, changed: readonly FileChange[], renames: ReadonlyMap<string, string>): Finding {
  const { importer, from, message, files } = fault;
  const own = changed.find((one) => one.path === importer);
  const written = own?.added.find(({ line }) => line >= from.line && line <= from.endLine);
  const lost =
    changed.find((one) => files.includes(one.path)) ??
    changed.find((one) => files.includes(renames.get(one.path) ?? '')) ??
    own ??
    changed[0];
  const place = written
    ? { path: importer, line: written.line }
    : { path: lost?.path ?? importer, line: lost?.added[0]?.line ?? 1 };
  return { gate: 'syntax', code: 'undefined-name', ...place, message, severity: 'error' };
}

function stateOf(texts: Texts, commands: Commands, tree: readonly TreeEntry[], gone: ReadonlySet<string>): State {
  const modules = new Set<string>();
  const folders = new Set<string>();
  const paths = [...texts.keys(), ...tree.map((one) => one.path).filter((one) => !gone.has(one))];
  for (const file of paths) {
    if (!MODULE.test(file)) continue;
    const folder = path.posix.dirname(file);
    const name = path.posix.basename(file).split('.')[0] ?? '';
    modules.add(name === '__init__' ? folder : path.posix.join(folder, name));
    for (let up = folder; up !== '.' && !folders.has(up); up = path.posix.dirname(up)) folders.add(up);
  }
  const program = programOf(texts, commands);
  const said = [...started(commands), ...[...program].map((one) => texts.get(one) ?? '')];
  return {
    texts,
    modules,
    folders,
    scripts: scriptFolders(texts, commands, program),
    program,
    opaque: tree.filter(({ mode }) => mode === '120000' || mode === '160000').map((one) => one.path),
    elsewhere: said.some((text) => ELSEWHERE.test(text)),
  };
}

/** @param other the repository on the other side of the patch: what is local there is meant to be local here */
function faultsOf(importer: string, text: string, state: State, other: State): readonly Fault[] {
  const faults: Fault[] = [];
  const roots = rootsOf(importer, state);
  for (const from of importsIn(maskPython(text).split('\n'))) {
    if (from.guard !== undefined || !(isLocal(importer, from.module, state) || isLocal(importer, from.module, other)))
      continue;
    const add = (name: string, held: readonly string[], message: string) =>
      faults.push({ importer, from, key: `${from.module} ${name}`, files: held, message });
    if (!found(importer, from.module, roots, state)) {
      const held = moduleFiles(importer, from.module, rootsOf(importer, other), other.texts);
      const message = `${importer} imports ${from.module} in line ${from.line}, and no file of that name is there: the program would end.`;
      if (!BUILT.test(from.module.split('.').at(-1) ?? '')) add('', held, message);
      continue;
    }
    const held = moduleFiles(importer, from.module, roots, state.texts);
    for (const [name] of from.names ?? []) {
      const inside = from.module.endsWith('.') ? from.module + name : `${from.module}.${name}`;
      if (name === '*' || BUILT.test(name) || found(importer, inside, roots, state)) continue;
      if (held.length === 0 && !isFolder(importer, from.module, roots, state)) continue;
      if (held.some((file) => holds(state.texts.get(file) ?? '', name))) continue;
      const where = held[0] ?? from.module;
      const message = `${importer} imports ${name} from ${where} in line ${from.line}, and it is not defined there: the program would end.`;
      add(name, [...held, ...moduleFiles(importer, inside, rootsOf(importer, other), other.texts)], message);
    }
  }
  return faults;
}

/** Every folder from which the module may be taken: where one is found too many, nothing is said. */
function rootsOf(importer: string, state: State): readonly string[] {
  const above: string[] = [];
  for (let up = path.posix.dirname(importer); up !== '.'; up = path.posix.dirname(up)) above.push(up);
  return [...new Set([...state.scripts, '.', 'src', ...above])];
}

/** Whether the first part of a module's name is surely a module of the repository, and no library. */
function isLocal(importer: string, module: string, state: State): boolean {
  if (module.startsWith('.')) return true;
  const name = module.split('.')[0] ?? '';
  return modulePlaces(importer, name, state.scripts).some(
    (place) => state.modules.has(place) || (state.folders.has(place) && !LIBRARY.test(name)),
  );
}

function found(importer: string, module: string, roots: readonly string[], state: State): boolean {
  const places = modulePlaces(importer, module, roots);
  if (places.some((place) => place === '' || place === '.' || state.modules.has(place) || state.folders.has(place)))
    return true;
  if (places.some((place) => state.opaque.some((one) => place === one || place.startsWith(`${one}/`)))) return true;
  if (!state.elsewhere || module.startsWith('.')) return false;
  const end = `/${module.replaceAll('.', '/')}`;
  return [...state.modules, ...state.folders].some((one) => one.endsWith(end));
}

/** Whether a module is a folder without an `__init__.py`, and nothing else. */
function isFolder(importer: string, module: string, roots: readonly string[], state: State): boolean {
  const places = modulePlaces(importer, module, roots);
  return (
    places.some((place) => state.folders.has(place)) &&
    !places.some((place) => state.modules.has(place) || state.opaque.some((one) => place.startsWith(one)))
  );
}

function holds(text: string, name: string): boolean {
  const code = maskPython(text);
  return DYNAMIC.test(code) || new RegExp(`(?<![A-Za-z0-9_])${name}(?![A-Za-z0-9_])`).test(code);
}
