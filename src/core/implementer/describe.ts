import type { Finding, IdeaKind } from '../domain/index.ts';
import { runBoxGates } from './gate/box.ts';
import { hashPatch } from './patch/emit.ts';
import { kindOf } from './patch/kind.ts';
import type { BoxGates, Texts } from './types.ts';

/** What is known of a patch that a person wrote, past the static gates: its kind, its hash, and what a box says of it. */
export async function describePatch(
  files: Texts,
  changes: ReadonlyMap<string, string | null>,
  box: BoxGates,
): Promise<{ readonly kind: IdeaKind; readonly patchHash: string; readonly findings: readonly Finding[] }> {
  const findings = await runBoxGates(files, changes, new Map(), box);
  return { kind: kindOf(files, changes), patchHash: hashPatch(files, changes), findings };
}
