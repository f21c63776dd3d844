import { parseAnswer } from '../answer/parse.ts';
import type { BlockReport, Refusal } from '../refusal.ts';
import type { Texts } from '../types.ts';
import { applyOps, type Placed } from './apply.ts';

export type AppliedAnswer =
  | {
      readonly ok: true;
      /** New text by path; null for a file that is deleted or moved away. */
      readonly changes: ReadonlyMap<string, string | null>;
      /** The old path by the new one. */
      readonly renames: ReadonlyMap<string, string>;
      readonly placed: readonly Placed[];
      readonly report: readonly BlockReport[];
    }
  | { readonly ok: false; readonly refusals: readonly Refusal[]; readonly report: readonly BlockReport[] };

/** No model writes as much in one answer; reading it would only cost time. */
const MOST_CHARS = 4_000_000;

/**
 * What a model's answer makes of texts, in memory and without any gate: all that it asks for, or nothing and the
 * reasons. Takes search/replace blocks, unified diffs, `apply_patch` patches and whole files, also mixed.
 * @param options.truncated the server says that the answer was cut off at its limit
 */
export function applyAnswer(
  files: Texts,
  answer: string,
  options: { readonly truncated?: boolean } = {},
): AppliedAnswer {
  if (options.truncated) {
    const message =
      'The answer was cut off at the token limit. Answer shorter: fewer unchanged lines, no long explanations.';
    return { ok: false, refusals: [{ code: 'truncated', message }], report: [] };
  }
  if (answer.length > MOST_CHARS) {
    const message = `The answer has ${answer.length} characters; more than ${MOST_CHARS} are not read.`;
    return { ok: false, refusals: [{ code: 'too-large', message }], report: [] };
  }
  const parsed = parseAnswer(answer, new Set(files.keys()));
  if (!parsed.ok) return { ok: false, refusals: [parsed.refusal], report: [] };
  const { refusals, report, ...applied } = applyOps(files, parsed.ops);
  return refusals.length > 0 ? { ok: false, refusals, report } : { ok: true, ...applied, report };
}
