import type { Edit, Parent } from '../domain/index.ts';
import { type Knob, valueOfLiteral } from './hyperparameter-knobs.ts';
import type { IdeaRequest, Outcome, ProposedIdea } from './types.ts';

/** One edit with the hyperparameter it moves. */
export interface Change {
  readonly knob: Knob;
  readonly edit: Edit;
}

export interface Draft {
  readonly move: ProposedIdea['move'];
  readonly changes: readonly Change[];
  /** What it builds on, best first. */
  readonly from: readonly Outcome[];
  /** The one change that is new against what it builds on. */
  readonly fresh?: Change;
}

/** A draft as an idea in words a person reads, with its edits and the parents it names. */
export function inWords(draft: Draft, request: IdeaRequest): ProposedIdea {
  const { metric, goal } = request.base.environment.objective;
  const { baseline } = request;
  const mark = baseline ? `, ${show(baseline.mean)} ± ${show(baseline.std)}` : '';
  return {
    move: draft.move,
    parents: parentsOf(draft),
    title: titleOf(draft.changes),
    hypothesis: hypothesisOf(draft, metric),
    details: draft.changes
      .map(({ edit }) => `In ${edit.path} set \`${edit.name}\` to ${edit.to} (it is ${edit.from}).`)
      .join('\n'),
    expected: `A ${goal === 'minimize' ? 'lower' : 'higher'} ${metric} than the baseline's${mark}.`,
    risk: [...new Set(draft.changes.map(({ knob }) => knob.family.risk))].join(' '),
    edits: draft.changes.map(({ edit }) => edit),
  };
}

function parentsOf(draft: Draft): Parent[] {
  const role = draft.from.length > 1 ? 'crossover' : 'exploit';
  return draft.from.flatMap((outcome) => (outcome.candidate ? [{ candidate: outcome.candidate.id, role }] : []));
}

function titleOf(changes: readonly Change[]): string {
  const phrases = changes.map(
    (change) => `${verbOf(change)} the ${change.knob.label} ${fromTo(change, changes.length === 1)}`,
  );
  const [first = '', second, ...more] = phrases.map((phrase, index) => (index === 0 ? capital(phrase) : phrase));
  if (second === undefined) return first;
  if (more.length === 0) return `${first} and ${second}`;
  return capital(changes.map(({ knob, edit }) => `${knob.label} ${edit.to}`).join(', '));
}

function fromTo(change: Change, both: boolean): string {
  return both ? `from ${change.edit.from} to ${change.edit.to}` : `to ${change.edit.to}`;
}

function verbOf({ edit }: Change): string {
  const from = valueOfLiteral(edit.from);
  const to = valueOfLiteral(edit.to);
  if (from === undefined || to === undefined) return 'set';
  return to > from ? 'raise' : 'lower';
}

function hypothesisOf(draft: Draft, metric: string): string {
  const results = draft.from.map((outcome) => resultOf(outcome, metric)).join(' ');
  const { fresh } = draft;
  if (draft.from.length === 0) return draft.changes.map(whyOf).join(' ');
  if (draft.from.length > 1) return `${results} What each of them changed may add up.`;
  return fresh ? `${results} ${whyOf(fresh)}` : results;
}

function resultOf(outcome: Outcome, metric: string): string {
  const name = outcome.candidate ? `#${outcome.candidate.id}` : `#${outcome.idea.id}`;
  if (outcome.delta === undefined) return `${name} is built on.`;
  const sign = outcome.delta < 0 ? '−' : '+';
  const what = outcome.idea.title.charAt(0).toLowerCase() + outcome.idea.title.slice(1);
  return `${name} (${what}) moved ${metric} by ${sign}${show(Math.abs(outcome.delta))} against the baseline.`;
}

function whyOf(change: Change): string {
  const raised = verbOf(change) !== 'lower';
  return raised ? change.knob.family.up : change.knob.family.down;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function show(value: number): string {
  return String(Number(value.toPrecision(4)));
}
