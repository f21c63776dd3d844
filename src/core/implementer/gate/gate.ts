import type { Environment } from '../../domain/index.ts';
import { matcher } from '../../environment/index.ts';
import { pathProblem } from '../../git/index.ts';
import type { RefusalCode } from '../refusal.ts';
import type { Texts } from '../types.ts';
import { changedRegion } from './regions.ts';

/** Something a patch may not do. */
export interface Finding {
  readonly path: string;
  /** 1-based line of the new text. */
  readonly line: number;
  readonly code: RefusalCode;
  readonly message: string;
}

/** A patch larger than this is not one idea; a person could not review it either. */
const MAX_CHANGED_LINES = 3000;
const MAX_FILE_CHARS = 400_000;

export type GateRules = Pick<Environment, 'editable' | 'protected' | 'protected_regions'>;

/**
 * What every patch must pass, whoever made it: paths in the repository, editable and not protected; protected regions
 * byte for byte the same; text; of a size a person can review; and a change at all. Gives all findings, worst first.
 */
export function checkChanges(before: Texts, changes: ReadonlyMap<string, string | null>, rules: GateRules): Finding[] {
  const editable = matcher(rules.editable);
  const kept = matcher(rules.protected);
  const findings: Finding[] = [];
  let size = 0;
  for (const [path, text] of changes) {
    const add = (code: RefusalCode, message: string, line = 1) => findings.push({ path, line, code, message });
    const old = before.get(path);
    const problem = pathProblem(path);
    if (problem !== undefined) {
      add('path-escape', `${JSON.stringify(path)} is not a file of this repository: ${problem}.`);
      continue;
    }
    const line = firstDifference(old ?? '', text ?? '');
    if (path === 'research.yaml' || path.startsWith('.research/') || kept(path)) {
      add('protected-path', `${path} is protected and may not be changed.`, line);
      continue;
    }
    if (!editable(path)) {
      add('not-editable', `${path} is not among the files that may be changed (${rules.editable.join(', ')}).`, line);
      continue;
    }
    const region = changedRegion(path, old, text, rules.protected_regions);
    if (region) add('protected-region', region.message, region.line);
    if (text?.includes('\0')) add('not-text', `The new ${path} holds a NUL character.`, line);
    if (text !== null && text.length > MAX_FILE_CHARS)
      add('too-large', `The new ${path} has ${text.length} characters.`);
    size += Math.abs(lineCount(text ?? '') - lineCount(old ?? '')) + 1;
  }
  const same = [...changes].every(([path, text]) => (before.get(path) ?? null) === text);
  const [first] = changes.keys();
  if (same) findings.push({ path: first ?? '', line: 1, code: 'no-op', message: 'The patch changes nothing.' });
  if (size > MAX_CHANGED_LINES) {
    const message = `The patch adds or removes more than ${MAX_CHANGED_LINES} lines; no person could review it.`;
    findings.push({ path: first ?? '', line: 1, code: 'too-large', message });
  }
  return findings;
}

function lineCount(text: string): number {
  return text.split('\n').length;
}

function firstDifference(before: string, after: string): number {
  const old = before.split('\n');
  const at = after.split('\n').findIndex((line, index) => line !== old[index]);
  return at < 0 ? 1 : at + 1;
}
