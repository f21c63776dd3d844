import { better, type Edit } from '../domain/index.ts';
import type { Random } from '../system/index.ts';
import { type Knob, stepFrom, valueOfLiteral } from './hyperparameter-knobs.ts';
import type { Change, Draft } from './hyperparameter-words.ts';
import type { IdeaRequest, Outcome } from './types.ts';

export function changeOf(knob: Knob, to: string): Change {
  const { path, name, literal } = knob.at;
  return { knob, edit: { path, name, from: literal, to } };
}

function keyOf(edit: Pick<Edit, 'path' | 'name'>): string {
  return `${edit.path}\n${edit.name}`;
}

/** The same for two sets of edits that come to the same values. */
export function signature(edits: readonly Edit[]): string {
  return edits
    .map((edit) => `${keyOf(edit)}\n${valueOfLiteral(edit.to) ?? edit.to}`)
    .sort()
    .join('\n\n');
}

/** Steps that went wrong; a number that became NaN is as bad as a bad one. */
const BAD: ReadonlySet<Outcome['verdict']> = new Set(['worse', 'failed to run', 'no number']);

/** What earlier results say about one hyperparameter, from ideas that moved it alone. */
class Lessons {
  readonly #outcomes = new Map<string, { readonly direction: number; readonly verdict: Outcome['verdict'] }[]>();

  constructor(request: IdeaRequest) {
    for (const outcome of request.history) {
      const [edit, ...more] = outcome.idea.edits;
      if (!edit || more.length > 0) continue;
      const known = this.#outcomes.get(keyOf(edit)) ?? [];
      known.push({ direction: directionOf(edit), verdict: outcome.verdict });
      this.#outcomes.set(keyOf(edit), known);
    }
  }

  /** How much more or less a move is worth trying than one nothing is known about. */
  factor(change: Change): number {
    const known = this.#outcomes.get(keyOf(change.edit)) ?? [];
    return known.reduce((factor, { direction, verdict }) => {
      const same = direction === directionOf(change.edit);
      if (verdict === 'better') return factor * (same ? 1.5 : 0.3);
      if (BAD.has(verdict)) return factor * (same ? 0.2 : 1.4);
      return verdict === 'no different' ? factor * 0.4 : factor;
    }, 1);
  }
}

function directionOf(edit: Edit): number {
  return Math.sign((valueOfLiteral(edit.to) ?? 0) - (valueOfLiteral(edit.from) ?? 0));
}

/** Single changes from the base, the most promising first: by how telling they are, what results say, and chance. */
export function singles(knobs: readonly Knob[], request: IdeaRequest, random: Random): Change[] {
  const lessons = new Lessons(request);
  const ORDER = [1, 0.8, 0.4, 0.35];
  return knobs
    .flatMap((knob) =>
      knob.targets.map((to, index) => {
        const change = changeOf(knob, to);
        const weight = knob.family.weight * (ORDER[index] ?? 0.3) * lessons.factor(change);
        return { change, weight: weight * (0.75 + random.unit() / 2) };
      }),
    )
    .sort((a, b) => b.weight - a.weight)
    .map(({ change }) => change);
}

/** Pairs of single changes of different hyperparameters, for when every single one has been tried. */
export function* pairs(changes: readonly Change[]): Generator<Change[]> {
  for (let sum = 1; sum < 2 * changes.length; sum += 1) {
    for (let first = 0; first < sum - first; first += 1) {
      const [a, b] = [changes[first], changes[sum - first]];
      if (a && b && a.knob !== b.knob) yield [a, b];
    }
  }
}

/**
 * What can be built on the parents, most promising first and taking turns between kinds: two winners together, a
 * parent's change taken further (or the other way, where it lost), a parent with one more change.
 */
export function* exploits(
  parents: readonly Outcome[],
  knobs: readonly Knob[],
  fresh: readonly Change[],
  request: IdeaRequest,
): Generator<Draft> {
  const known = new Map(knobs.map((knob) => [keyOf(knob.at), knob]));
  const built = parents.flatMap((from) => {
    const changes = from.idea.edits.flatMap((edit) => {
      const knob = known.get(keyOf(edit));
      return knob ? [changeOf(knob, edit.to)] : [];
    });
    // A parent whose edits cannot all be carried over would be credited for something else.
    return changes.length > 0 && changes.length === from.idea.edits.length ? [{ from, changes }] : [];
  });
  const kinds = [
    crossovers(built, request),
    steps(built, request),
    additions(
      built.filter(({ from }) => won(from, request)),
      fresh,
    ),
  ];
  yield* taking(kinds);
}

interface Built {
  readonly from: Outcome;
  readonly changes: readonly Change[];
}

function won(outcome: Outcome, request: IdeaRequest): boolean {
  const { goal } = request.base.environment.objective;
  return outcome.delta === undefined ? outcome.verdict === 'better' : better(goal, outcome.delta, 0);
}

function* crossovers(built: readonly Built[], request: IdeaRequest): Generator<Draft> {
  const winners = built.filter(({ from }) => won(from, request));
  for (let sum = 1; sum < 2 * winners.length; sum += 1) {
    for (let first = 0; first < sum - first; first += 1) {
      const [a, b] = [winners[first], winners[sum - first]];
      if (!a || !b) continue;
      const mine = new Set(a.changes.map(({ knob }) => knob));
      // Where both moved the same one, the better parent's value stands.
      const taken = b.changes.filter(({ knob }) => !mine.has(knob));
      if (taken.length > 0) yield { move: 'crossover', changes: [...a.changes, ...taken], from: [a.from, b.from] };
    }
  }
}

function* steps(built: readonly Built[], request: IdeaRequest): Generator<Draft> {
  for (const { from, changes } of built) {
    const further = won(from, request);
    for (const moved of [...changes].reverse()) {
      const to = stepFrom(moved.knob, moved.edit.to, further);
      if (to === undefined) continue;
      const stepped = changeOf(moved.knob, to);
      const all = changes.map((change) => (change === moved ? stepped : change));
      yield { move: 'exploit', changes: all, from: [from], fresh: stepped };
    }
  }
}

function* additions(built: readonly Built[], fresh: readonly Change[]): Generator<Draft> {
  for (const change of fresh) {
    for (const { from, changes } of built) {
      if (changes.some(({ knob }) => knob === change.knob)) continue;
      yield { move: 'exploit', changes: [...changes, change], from: [from], fresh: change };
    }
  }
}

/** One of each in turn, until all are at their end. */
function* taking<T>(sources: readonly Iterator<T>[]): Generator<T> {
  let live = [...sources];
  while (live.length > 0) {
    const ended = new Set<Iterator<T>>();
    for (const source of live) {
      const next = source.next();
      if (next.done) ended.add(source);
      else yield next.value;
    }
    live = live.filter((source) => !ended.has(source));
  }
}
