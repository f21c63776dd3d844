import type { Finding } from '../../domain/index.ts';
import { pathProblem } from '../../git/index.ts';
import type { Texts, TreeEntry } from '../types.ts';

const WINDOWS_NAME = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\.|$)|[<>:"|?*]|[. ]$/i;

type Changes = ReadonlyMap<string, string | null>;

/**
 * Whether each changed path is a place in this repository: relative, not in `.git`, not through a symbolic link, a
 * submodule or a file, and not the twin of another path where upper and lower case are one.
 */
export function checkPaths(before: Texts, changes: Changes, tree: readonly TreeEntry[] = []): Finding[] {
  const findings: Finding[] = [];
  const modes = new Map(tree.map(({ path, mode }) => [path, mode]));
  const folded = new Map<string, string>();
  const stays = [...before.keys(), ...modes.keys()].filter((path) => changes.get(path) !== null);
  for (const path of stays) folded.set(fold(path), path);
  for (const [path, text] of changes) {
    const add = (code: string, message: string, severity: Finding['severity'] = 'error') =>
      findings.push({ gate: 'paths', code, path, line: 1, message, severity });
    const problem = pathProblem(path) ?? inTheWay(path, before, changes, modes);
    if (problem !== undefined) {
      add('path-escape', `${JSON.stringify(path)} is not a file of this repository: ${problem}.`);
      continue;
    }
    if (text === null || before.has(path) || modes.has(path)) continue;
    const twin = folded.get(fold(path));
    if (twin !== undefined && twin !== path) {
      add('case-twin', `${path} and ${twin} differ in upper and lower case only; macOS and Windows keep one of them.`);
    }
    folded.set(fold(path), path);
    if (path.split('/').some((segment) => WINDOWS_NAME.test(segment))) {
      add('windows-name', `${path} cannot be checked out on Windows.`, 'warning');
    }
  }
  return findings;
}

function fold(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

function inTheWay(
  path: string,
  before: Texts,
  changes: Changes,
  modes: ReadonlyMap<string, string>,
): string | undefined {
  if (modes.get(path) === '120000') return 'it is a symbolic link';
  if (modes.get(path) === '160000') return 'it is a submodule';
  const segments = path.split('/');
  for (let count = 1; count < segments.length; count += 1) {
    const folder = segments.slice(0, count).join('/');
    const mode = modes.get(folder);
    if (mode === '120000') return `${folder} is a symbolic link`;
    if (mode === '160000') return `${folder} is a submodule, a repository of its own`;
    const file =
      typeof changes.get(folder) === 'string' ||
      ((mode !== undefined || before.has(folder)) && changes.get(folder) !== null);
    if (file) return `${folder} is a file, not a folder`;
  }
  return undefined;
}
