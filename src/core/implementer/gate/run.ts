import type { CandidateTag, Environment, Finding } from '../../domain/index.ts';
import { movesIn } from '../patch/moves.ts';
import type { Texts, TreeEntry } from '../types.ts';
import { readChanges } from './changed.ts';
import { checkEffect } from './effect.ts';
import { checkEvaluation } from './evaluation.ts';
import { checkChanges, type SizeLimits } from './gate.ts';
import { checkHidden } from './hidden.ts';
import { checkLocalImports } from './local-imports.ts';
import { checkNetwork } from './network.ts';
import { checkConfigs, checkPython } from './ruff/check.ts';
import type { SyntaxChecker } from './ruff/checker.ts';
import { checkSecrets } from './secrets.ts';
import { checkSeed } from './seed.ts';
import { checkShadows } from './shadow.ts';

export interface GateInput {
  readonly files: Texts;
  /** New text by path; null deletes. */
  readonly changes: ReadonlyMap<string, string | null>;
  readonly environment: Environment;
  /** New path to old path, where whoever made the patch says so; what is plainly the same file is seen without. */
  readonly renames?: ReadonlyMap<string, string> | undefined;
  readonly tree?: readonly TreeEntry[] | undefined;
  readonly limits?: SizeLimits | undefined;
  /** Without one, that the syntax was not checked is a warning. */
  readonly checker?: Pick<SyntaxChecker, 'check'> | undefined;
}

export interface GateReport {
  /** In the order of the gates. */
  readonly findings: readonly Finding[];
  readonly tags: readonly CandidateTag[];
}

const NOBODY: Pick<SyntaxChecker, 'check'> = { check: async () => ({ ok: false, why: 'there is no checker here' }) };

/**
 * All static gates in their order, whoever made the patch. One that is not a change within its bounds is not read any
 * further; past that every gate looks, so that one revision can mend all.
 */
export async function runGates(input: GateInput): Promise<GateReport> {
  const { files, changes, environment, checker = NOBODY } = input;
  const renames = new Map([...movesIn(files, changes), ...(input.renames ?? [])]);
  const bounds = checkChanges(files, changes, environment, { limits: input.limits, tree: input.tree, renames });
  if (hasErrors(bounds)) return { findings: bounds, tags: [] };
  const changed = readChanges(files, changes, renames);
  const effect = checkEffect(files, changed, environment);
  const shadows = checkShadows(files, changed, environment);
  const hidden = checkHidden(changed);
  const syntax = [
    ...(await checkPython(files, changes, checker, renames)),
    ...(await checkConfigs(files, changes, checker, renames)),
    ...checkLocalImports(files, changed, environment, { renames, tree: input.tree }),
  ];
  const secrets = checkSecrets(files, changed);
  const network = checkNetwork(files, changed);
  const evaluation = checkEvaluation(files, changed, environment);
  const seed = checkSeed(changed);
  const tags: CandidateTag[] = [];
  if (seed.only) tags.push('seed-only');
  if (evaluation.some((one) => one.severity !== 'info')) tags.push('touches-evaluation');
  if (network.length > 0) tags.push('network');
  const read = [...syntax, ...secrets, ...network, ...evaluation, ...seed.findings];
  return { findings: [...effect, ...bounds, ...shadows, ...hidden, ...read], tags };
}

/** Whether any finding refuses the patch. */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((one) => one.severity === 'error');
}
