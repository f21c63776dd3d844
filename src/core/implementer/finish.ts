import { HumanError } from '../domain/index.ts';
import type { Placed } from './apply/apply.ts';
import { checkChanges, type Finding } from './gate/gate.ts';
import { emitPatch, hashPatch } from './patch/emit.ts';
import { kindOf } from './patch/kind.ts';
import type { Implementation, ImplementRequest } from './types.ts';

export type Finished =
  | { readonly ok: true; readonly implementation: Implementation; readonly diff: string }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/**
 * The one way from new texts to an implementation, whoever wrote them: the gate, our own diff, and git's word that it
 * gives the same bytes.
 * @throws HumanError `patch-refused` when git and we disagree about the result: never hand on such a patch
 */
export async function finish(
  request: ImplementRequest,
  changes: ReadonlyMap<string, string | null>,
  placed: readonly Placed[],
): Promise<Finished> {
  const { files, environment } = request;
  const findings = checkChanges(files, changes, environment);
  if (findings.length > 0) return { ok: false, findings };
  const diff = emitPatch(files, changes);
  if (!(await request.verify(diff, changes))) {
    throw new HumanError(
      `Git does not come to the same bytes as we do for ${[...changes.keys()].join(', ')}; the patch was dropped. Is one of these files not UTF-8?`,
      { code: 'patch-refused' },
    );
  }
  const reasons = placed
    .filter((one) => one.prose !== '' && changes.has(one.path))
    .map(({ path, line, prose }) => ({ path, line: Math.min(line, lineCount(changes.get(path))), text: prose }));
  const implementation = { changes, reasons, kind: kindOf(files, changes), patchHash: hashPatch(files, changes) };
  return { ok: true, implementation, diff };
}

function lineCount(text: string | null | undefined): number {
  return Math.max(1, (text ?? '').replace(/\n$/, '').split('\n').length);
}
