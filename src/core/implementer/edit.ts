import { type Edit, HumanError } from '../domain/index.ts';
import type { Hyperparameter } from '../environment/index.ts';
import type { Placed } from './apply/apply.ts';
import { finish } from './finish.ts';
import type { Refusal } from './refusal.ts';
import type { Implementation, Implementer, ImplementRequest, Texts } from './types.ts';

export interface EditImplementerOptions {
  /** The environment room's reader: where each hyperparameter's literal stands. */
  readonly readHyperparameters: (files: Texts) => readonly Hyperparameter[];
}

const LITERAL =
  /^(?:[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?|[+-]?inf|True|False|None|true|false|null|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')$/;
const BARE_WORD = /^[A-Za-z_][\w.+-]*$/;

/** Applies an idea's structured edits: no model, the same gate and the same way to a proposal as any other patch. */
export function createEditImplementer(options: EditImplementerOptions): Implementer {
  return {
    label: 'structured edits',
    async implement(request: ImplementRequest): Promise<Implementation> {
      const answer = JSON.stringify(request.idea.edits);
      const edited = applyEdits(request.files, request.idea.edits, options.readHyperparameters(request.files));
      const result = edited.ok ? await finish(request, edited.changes, edited.placed) : undefined;
      const refusals = edited.ok ? (result?.ok === false ? result.findings : []) : [edited.refusal];
      await request.onAttempt({
        answer,
        report: [
          ...request.idea.edits.map((edit) => ({
            path: edit.path,
            outcome: refusals[0]?.code ?? 'exact',
            detail: refusals[0]?.message ?? `${edit.name}: ${edit.from} -> ${edit.to}`,
          })),
          ...(result?.ok ? result.notes : []),
        ],
        diff: result?.ok ? result.diff : '',
      });
      if (result?.ok) return result.implementation;
      const [first] = refusals;
      throw new HumanError(refusals.map((one) => one.message).join(' ') || 'The edits could not be applied.', {
        code: first?.code ?? 'no-edits',
      });
    },
  };
}

type Edited =
  | { readonly ok: true; readonly changes: ReadonlyMap<string, string>; readonly placed: readonly Placed[] }
  | { readonly ok: false; readonly refusal: Refusal };

interface Spot extends Hyperparameter {
  readonly edit: Edit;
}

function applyEdits(files: Texts, edits: readonly Edit[], known: readonly Hyperparameter[]): Edited {
  if (edits.length === 0) {
    return refused('no-edits', 'The idea has no structured edits; a model or a person must implement it.');
  }
  const spots: Spot[] = [];
  for (const edit of edits) {
    const spot = locate(edit, known);
    if ('code' in spot) return { ok: false, refusal: spot };
    const twin = spots.find(
      (one) => one.path === spot.path && one.line === spot.line && one.startColumn === spot.startColumn,
    );
    if (!twin) spots.push({ ...spot, edit });
    else if (twin.edit.to !== edit.to) {
      return refused('overlap', `${edit.path}:${spot.line}: ${edit.name} is set to ${twin.edit.to} and to ${edit.to}.`);
    }
  }
  const changes = new Map<string, string>();
  const placed: Placed[] = [];
  // From the right, so that columns of the same line stay true.
  for (const spot of spots.toSorted((a, b) => b.startColumn - a.startColumn)) {
    const lines = (changes.get(spot.path) ?? files.get(spot.path) ?? '').split('\n');
    const line = lines[spot.line - 1] ?? '';
    if (line.slice(spot.startColumn, spot.endColumn) !== spot.literal) {
      return refused('stale-edit', `${spot.path}:${spot.line} no longer holds ${spot.literal}.`);
    }
    lines[spot.line - 1] = line.slice(0, spot.startColumn) + spot.edit.to + line.slice(spot.endColumn);
    changes.set(spot.path, lines.join('\n'));
  }
  for (const { path, line, edit } of spots)
    placed.push({ path, line, prose: `${edit.name}: ${edit.from} → ${edit.to}` });
  return { ok: true, changes, placed };
}

function locate(edit: Edit, known: readonly Hyperparameter[]): Hyperparameter | Refusal {
  const named = known.filter((one) => one.path === edit.path && one.name === edit.name);
  const current = named.filter((one) => one.literal === edit.from);
  const [spot, second] = current;
  if (!spot) {
    const now = named.map((one) => `${one.literal} (line ${one.line})`).join(', ');
    const message =
      named.length === 0
        ? `${edit.path} has no hyperparameter ${edit.name}.`
        : `${edit.name} in ${edit.path} is ${now}, not ${edit.from} as the idea says.`;
    return { code: 'stale-edit', path: edit.path, message };
  }
  if (second) {
    const lines = current.map((one) => one.line).join(', ');
    return { code: 'ambiguous', path: edit.path, message: `${edit.name} stands in ${edit.path} at lines ${lines}.` };
  }
  const bare = spot.source === 'yaml' && BARE_WORD.test(edit.to);
  if (!LITERAL.test(edit.to) && !bare) {
    const message = `${JSON.stringify(edit.to)} is not a number, a quoted string or a boolean (${edit.path}, ${edit.name}).`;
    return { code: 'bad-literal', path: edit.path, message };
  }
  return spot;
}

function refused(code: Refusal['code'], message: string): Edited {
  return { ok: false, refusal: { code, message } };
}
