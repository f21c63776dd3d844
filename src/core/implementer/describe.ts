import type { Finding, IdeaKind } from '../domain/index.ts';
import { runBoxGates } from './gate/box.ts';
import { hashPatch } from './patch/emit.ts';
import { kindOf } from './patch/kind.ts';
import type { BoxGates, Texts } from './types.ts';

/** What a patch is by its own lines: its kind, and the hash by which its like is found. */
export interface PatchLabels {
  readonly kind: IdeaKind;
  readonly patchHash: string;
}

export function labelsOf(files: Texts, changes: ReadonlyMap<string, string | null>): PatchLabels {
  return { kind: kindOf(files, changes), patchHash: hashPatch(files, changes) };
}

/** What is known of a patch that a person wrote, past the static gates: its kind, its hash, and what a box says of it. */
export async function describePatch(
  files: Texts,
  changes: ReadonlyMap<string, string | null>,
  box: BoxGates,
): Promise<PatchLabels & { readonly findings: readonly Finding[] }> {
  const findings = await runBoxGates(files, changes, new Map(), box);
  return { ...labelsOf(files, changes), findings };
}
