import type { CandidateId, Move, Parent } from '../domain/index.ts';
import type { Random } from '../system/index.ts';
import type { AnsweredIdea } from './answer.ts';
import type { Outcome } from './types.ts';

/**
 * How many ideas of each kind are still wanted, and which parents they build on. An exploit idea names one of the
 * round's parents; one that names none gets the parent used least in this round so far, by chance among equals.
 */
export class Slots {
  explore: number;
  exploit: number;
  readonly #parents: readonly CandidateId[];
  readonly #known: ReadonlyMap<string, CandidateId>;
  readonly #random: Random;
  readonly #used = new Map<CandidateId, number>();

  constructor(
    wanted: { readonly explore: number; readonly exploit: number },
    parents: readonly Outcome[],
    history: readonly Outcome[],
    random: Random,
  ) {
    this.#parents = parents.flatMap((parent) => parent.candidate?.id ?? []);
    // With nothing to build on, everything explores.
    const exploit = this.#parents.length === 0 ? 0 : wanted.exploit;
    this.exploit = exploit;
    this.explore = wanted.explore + wanted.exploit - exploit;
    this.#known = names([...history, ...parents]);
    this.#random = random;
  }

  get open(): number {
    return this.explore + this.exploit;
  }

  /** The candidates an idea says it builds on; names of no candidate we know are dropped. */
  named(idea: Pick<AnsweredIdea, 'builds_on'>): CandidateId[] {
    return [...new Set(idea.builds_on.flatMap((name) => this.#known.get(name.trim().replace(/^#/, '')) ?? []))];
  }

  /** Takes a slot for an idea, or undefined when none of any kind is left. */
  take(idea: AnsweredIdea): { readonly move: Move; readonly parents: readonly Parent[] } | undefined {
    if (this.open === 0) return undefined;
    const named = this.named(idea);
    const wantsExploit = idea.move !== 'explore';
    const exploits = wantsExploit ? this.exploit > 0 : this.explore === 0;
    if (exploits) this.exploit -= 1;
    else this.explore -= 1;
    if (!exploits) return { move: 'explore', parents: named.map((candidate) => ({ candidate, role: 'context' })) };
    return this.#exploit(idea.move, named);
  }

  #exploit(asked: Move, named: readonly CandidateId[]): { readonly move: Move; readonly parents: readonly Parent[] } {
    const own = named.filter((candidate) => this.#parents.includes(candidate));
    const others = named.filter((candidate) => !own.includes(candidate));
    if (own.length === 0) own.push(this.#leastUsed());
    const move = asked === 'explore' || (asked === 'crossover' && own.length < 2) ? 'exploit' : asked;
    const [first, ...rest] = own;
    for (const candidate of own) this.#used.set(candidate, (this.#used.get(candidate) ?? 0) + 1);
    const role = move === 'crossover' ? 'crossover' : 'exploit';
    return {
      move,
      parents: [
        ...(first === undefined ? [] : [{ candidate: first, role } as const]),
        ...rest.map((candidate) => ({ candidate, role: move === 'crossover' ? 'crossover' : 'context' }) as const),
        ...others.map((candidate) => ({ candidate, role: 'context' }) as const),
      ],
    };
  }

  #leastUsed(): CandidateId {
    const uses = this.#parents.map((candidate) => this.#used.get(candidate) ?? 0);
    const least = this.#parents.filter((_, index) => uses[index] === Math.min(...uses));
    return least[Math.floor(this.#random.unit() * least.length)] ?? (this.#parents[0] as CandidateId);
  }
}

/** Every way a candidate may be named: `12.1`, or its idea's number. */
function names(outcomes: readonly Outcome[]): Map<string, CandidateId> {
  const found = new Map<string, CandidateId>();
  for (const { idea, candidate } of outcomes) {
    if (!candidate) continue;
    found.set(candidate.id, candidate.id);
    found.set(String(idea.id), candidate.id);
  }
  return found;
}
