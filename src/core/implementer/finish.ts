import { type Finding, HumanError } from '../domain/index.ts';
import type { Placed } from './apply/apply.ts';
import { labelsOf } from './describe.ts';
import { runBoxGates } from './gate/box.ts';
import { hasErrors, runGates } from './gate/run.ts';
import { emitPatch } from './patch/emit.ts';
import type { BlockReport, RefusalCode } from './refusal.ts';
import type { Implementation, ImplementRequest } from './types.ts';

/** A finding that refuses: what goes back to whoever wrote the patch. */
export interface Refused extends Finding {
  readonly code: RefusalCode;
  /** Lines of the file as the patch makes it, around the finding. */
  readonly made?: readonly string[];
}

export type Finished =
  | {
      readonly ok: true;
      readonly implementation: Implementation;
      readonly diff: string;
      readonly notes: readonly BlockReport[];
    }
  | { readonly ok: false; readonly findings: readonly Refused[] };

/**
 * The one way from new texts to an implementation, whoever wrote them: the gates, our own diff, and git's word that it
 * gives the same bytes. What the gates saw and did not refuse goes with the implementation.
 * @throws HumanError `patch-refused` when git and we disagree about the result: never hand on such a patch
 */
export async function finish(
  request: ImplementRequest,
  changes: ReadonlyMap<string, string | null>,
  placed: readonly Placed[],
  renames: ReadonlyMap<string, string> = new Map(),
): Promise<Finished> {
  const { files, environment, tree, limits, checker, boxGates } = request;
  const report = await runGates({ files, changes, environment, renames, tree, limits, checker });
  if (hasErrors(report.findings)) return refused(report.findings, changes);
  const diff = emitPatch(files, changes, renames);
  if (!(await request.verify(diff, changes))) {
    throw new HumanError(
      `Git does not come to the same bytes as we do for ${[...changes.keys()].join(', ')}; the patch was dropped. Is one of these files not UTF-8?`,
      { code: 'patch-refused' },
    );
  }
  const findings = [...report.findings, ...(await runBoxGates(files, changes, renames, boxGates))];
  if (hasErrors(findings)) return refused(findings, changes);
  const reasons = placed
    .filter((one) => one.prose !== '' && changes.has(one.path))
    .map(({ path, line, prose }) => ({ path, line: Math.min(line, lineCount(changes.get(path))), text: prose }));
  const made = { changes, reasons, ...labelsOf(files, changes) };
  return { ok: true, implementation: { ...made, findings, tags: report.tags }, diff, notes: findings.map(note) };
}

/** The errors alone, as `file:line: message`. */
function refused(findings: readonly Finding[], changes: ReadonlyMap<string, string | null>): Finished {
  const errors = findings.filter((one) => one.severity === 'error');
  return {
    ok: false,
    findings: errors.map((one) => {
      const made = linesAround(changes.get(one.path), one.line);
      return { ...one, code: one.code as RefusalCode, message: told(one), ...(made ? { made } : {}) };
    }),
  };
}

const AROUND = 4;

/** Eight lines of the new text around a line of it, the finding's own among them. */
function linesAround(text: string | null | undefined, line: number | undefined): readonly string[] | undefined {
  if (text == null || line === undefined) return undefined;
  return text.split('\n').slice(Math.max(0, line - 1 - AROUND), line - 1 + AROUND);
}

/** A warning or remark as it stands in an attempt's report. */
function note(finding: Finding): BlockReport {
  return { path: finding.path, outcome: `${finding.severity}: ${finding.code}`, detail: told(finding) };
}

function told({ gate, path, line, message }: Finding): string {
  const placed =
    gate === 'syntax' || gate === 'imports' || gate === 'secrets' || gate === 'network' || gate === 'evaluation';
  return placed && line !== undefined ? `${path}:${line}: ${message}` : message;
}

function lineCount(text: string | null | undefined): number {
  return Math.max(1, (text ?? '').replace(/\n$/, '').split('\n').length);
}
