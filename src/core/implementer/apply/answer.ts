import type { Op } from '../answer/ops.ts';
import { parseAnswer } from '../answer/parse.ts';
import type { BlockReport, Refusal } from '../refusal.ts';
import type { Texts } from '../types.ts';
import { applyOps, type Placed } from './apply.ts';
import { unescapedOps } from './entities.ts';
import { restOf, standingOps } from './standing.ts';

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
  | {
      readonly ok: false;
      readonly refusals: readonly Refusal[];
      readonly report: readonly BlockReport[];
      /** The edits of this answer and of those before it that need not be sent again. */
      readonly standing: readonly Op[];
    };

/** No model writes as much in one answer; reading it would only cost time. */
const MOST_CHARS = 4_000_000;

/**
 * What a model's answer makes of texts, in memory and without any gate: all that it asks for, or nothing and the
 * reasons. Takes search/replace blocks, unified diffs, `apply_patch` patches and whole files, also mixed.
 * @param options.truncated the server says that the answer was cut off at its limit
 * @param options.standing the edits of earlier answers that found their place: this answer brings the rest
 */
export function applyAnswer(
  files: Texts,
  answer: string,
  options: { readonly truncated?: boolean; readonly standing?: readonly Op[] } = {},
): AppliedAnswer {
  const { standing = [] } = options;
  const none = (refusal: Refusal): AppliedAnswer => ({ ok: false, refusals: [refusal], report: [], standing });
  if (options.truncated) {
    const message =
      'The answer was cut off at the token limit. Answer shorter: fewer unchanged lines, no long explanations.';
    return none({ code: 'truncated', message });
  }
  if (answer.length > MOST_CHARS) {
    const message = `The answer has ${answer.length} characters; more than ${MOST_CHARS} are not read.`;
    return none({ code: 'too-large', message });
  }
  const parsed = parseAnswer(answer, new Set(files.keys()), files);
  if (!parsed.ok) return none(parsed.refusal);
  const read = unescapedOps(files, parsed.ops);
  if (!read.ok) return none(read.refusal);
  const rest = restOf(standing, read.ops);
  const ops = [...read.ops, ...rest];
  const { refusals, report, refused, ...applied } = applyOps(files, ops);
  const told = report.map((row, index) =>
    index < read.ops.length ? row : { ...row, outcome: `kept: ${row.outcome}` },
  );
  if (refusals.length === 0) return { ok: true, ...applied, report: told };
  return { ok: false, refusals, report: told, standing: standingOps(ops, refused, refusals) };
}
