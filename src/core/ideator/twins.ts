import type { CandidateId, Idea } from '../domain/index.ts';
import { similarity, TWIN, type Words } from './similarity.ts';
import type { Outcome } from './types.ts';

interface Known {
  /** How a person finds it. */
  readonly name: string;
  readonly words: Words;
  /** The candidate that came of it, where there is one. */
  readonly candidate: CandidateId | undefined;
  readonly parents: readonly CandidateId[];
}

/** The ideas that a new one may repeat: those of earlier rounds and those of this one. */
export class Twins {
  readonly #known: Known[];
  readonly #byCandidate: ReadonlyMap<CandidateId, Idea>;

  constructor(history: readonly Outcome[]) {
    this.#byCandidate = new Map(
      history.flatMap(({ idea, candidate }) => (candidate ? [[candidate.id, idea] as const] : [])),
    );
    // An idea that could not be implemented was never tried, and one that was dropped is judged by its own twin:
    // proposing either again is fair.
    this.#known = history
      .filter(({ verdict }) => verdict !== 'failed to implement' && verdict !== 'dropped')
      .map(({ idea, candidate }) => ({
        name: `#${idea.id} "${idea.title}"`,
        words: idea,
        candidate: candidate?.id,
        parents: parentsOf(idea),
      }));
  }

  /** The name of the closest idea that this one is too close to. What both build on does not count. */
  find(idea: Words, parents: readonly CandidateId[]): string | undefined {
    const own = this.#ancestors(parents);
    let closest: { readonly name: string; readonly close: number } | undefined;
    for (const { name, words, candidate, parents: theirs } of this.#known) {
      const line = this.#ancestors(candidate === undefined ? theirs : [candidate, ...theirs]);
      const given = [...own].filter((one) => line.has(one)).flatMap((one) => this.#byCandidate.get(one) ?? []);
      const close = similarity(idea, words, given);
      if (close >= TWIN && close > (closest?.close ?? 0)) closest = { name, close };
    }
    return closest?.name;
  }

  /** Notes an idea of this round. */
  add(idea: Words, parents: readonly CandidateId[]): void {
    this.#known.push({ name: `"${idea.title}" of this round`, words: idea, candidate: undefined, parents });
  }

  #ancestors(from: readonly CandidateId[]): Set<CandidateId> {
    const found = new Set<CandidateId>();
    const open = [...from];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      const idea = this.#byCandidate.get(next);
      if (idea) open.push(...parentsOf(idea));
    }
    return found;
  }
}

function parentsOf(idea: Idea): CandidateId[] {
  return idea.parents.filter((parent) => parent.role !== 'context').map((parent) => parent.candidate);
}
