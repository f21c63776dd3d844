import type { Environment, Finding } from '../../domain/index.ts';
import { matcher } from '../../environment/index.ts';
import type { Texts, TreeEntry } from '../types.ts';
import { lineChanges } from './added.ts';
import { checkPaths } from './paths.ts';
import { changedRegion } from './regions.ts';

export type { Finding } from '../../domain/index.ts';

/** How large a patch may be: beyond it, it is not one idea and no person could review it. */
export interface SizeLimits {
  readonly max_changed_files: number;
  readonly max_changed_lines: number;
  /** Characters of one new file. */
  readonly max_file_size: number;
}

export const DEFAULT_LIMITS: SizeLimits = { max_changed_files: 30, max_changed_lines: 3000, max_file_size: 400_000 };

export type GateRules = Pick<Environment, 'editable' | 'protected' | 'protected_regions'>;

export interface GateOptions {
  readonly limits?: SizeLimits | undefined;
  /** Every entry of the commit with its mode: links and submodules stand in the way. */
  readonly tree?: readonly TreeEntry[] | undefined;
  /** New path to old path: a file that moves is as large as what changes in it. */
  readonly renames?: ReadonlyMap<string, string> | undefined;
}

type Changes = ReadonlyMap<string, string | null>;

/**
 * What every patch must pass, whoever made it, before its text is read at all: a change, paths in the repository,
 * editable and not protected, protected regions byte for byte the same, text, and of a size a person can review.
 */
export function checkChanges(
  before: Texts,
  changes: Changes,
  rules: GateRules,
  { limits = DEFAULT_LIMITS, tree, renames = new Map() }: GateOptions = {},
): Finding[] {
  const [first] = changes.keys();
  const path = first ?? '';
  const same = [...changes].every(([name, text]) => (before.get(name) ?? null) === text);
  if (same) {
    return [{ gate: 'no-op', code: 'no-op', path, line: 1, message: 'The patch changes nothing.', severity: 'error' }];
  }
  const paths = checkPaths(before, changes, tree);
  const escaped = new Set(paths.filter((one) => one.severity === 'error').map((one) => one.path));
  const inside: Changes = new Map([...changes].filter(([name]) => !escaped.has(name)));
  return [...paths, ...checkProtected(before, inside, rules), ...checkSize(before, inside, limits, renames)];
}

function checkProtected(before: Texts, changes: Changes, rules: GateRules): Finding[] {
  const editable = matcher(rules.editable);
  const kept = matcher(rules.protected);
  const findings: Finding[] = [];
  for (const [path, text] of changes) {
    const add = (code: string, message: string, line: number) =>
      findings.push({ gate: 'protected', code, path, line, message, severity: 'error' });
    const old = before.get(path);
    const line = firstDifference(old ?? '', text ?? '');
    if (path === 'research.yaml' || path.startsWith('.research/') || kept(path)) {
      add('protected-path', `${path} is protected and may not be changed.`, line);
    } else if (!editable(path)) {
      add('not-editable', `${path} is not among the files that may be changed (${rules.editable.join(', ')}).`, line);
    } else {
      const region = changedRegion(path, old, text, rules.protected_regions);
      if (region) add('protected-region', region.message, region.line);
    }
  }
  return findings;
}

function checkSize(
  before: Texts,
  changes: Changes,
  limits: SizeLimits,
  renames: ReadonlyMap<string, string>,
): Finding[] {
  const moved = new Set(renames.values());
  const findings: Finding[] = [];
  const add = (code: string, path: string, message: string, line = 1) =>
    findings.push({ gate: 'size', code, path, line, message, severity: 'error' });
  const [first = ''] = changes.keys();
  if (changes.size > limits.max_changed_files) {
    add('too-large', first, `The patch changes ${changes.size} files; ${limits.max_changed_files} is the most.`);
  }
  let lines = 0;
  for (const [path, text] of changes) {
    if (text === null && moved.has(path)) continue;
    const old = before.get(renames.get(path) ?? path) ?? '';
    if (text?.includes('\0'))
      add('not-text', path, `The new ${path} holds a NUL character.`, firstDifference(old, text));
    if (text !== null && text.length > limits.max_file_size) {
      add('too-large', path, `The new ${path} has ${text.length} characters; ${limits.max_file_size} is the most.`);
    }
    const { added, removed } = lineChanges(old, text ?? '');
    lines += added.length + removed.length;
  }
  if (lines > limits.max_changed_lines) {
    const message = `The patch adds or removes ${lines} lines; ${limits.max_changed_lines} is the most that is taken for one idea.`;
    add('too-large', first, message);
  }
  return findings;
}

function firstDifference(before: string, after: string): number {
  const old = before.split('\n');
  const at = after.split('\n').findIndex((line, index) => line !== old[index]);
  return at < 0 ? 1 : at + 1;
}
