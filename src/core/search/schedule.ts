import type { Idea } from '../domain/index.ts';

/** The paper's share of ideas that build on results: 50 % at first, 10 points more every second round, at most 80 %. */
export function exploitShare(round: number): number {
  return Math.min(0.5 + 0.1 * Math.floor(round / 2), 0.8);
}

export interface RoundPlan {
  readonly explore: number;
  readonly exploit: number;
  readonly share: number;
}

/**
 * How many ideas of each move a round asks for. Round 0 only explores: there is nothing to build on yet.
 * @param canExploit whether any candidate has a counted result
 */
export function planRound(round: number, count: number, canExploit: boolean): RoundPlan {
  const share = round === 0 || !canExploit ? 0 : exploitShare(round);
  const exploit = Math.round(count * share);
  return { explore: count - exploit, exploit, share };
}

/** What a round still wants when some of its ideas are there: crossovers and ablations build on results too. */
export function restOf<P extends Pick<RoundPlan, 'explore' | 'exploit'>>(
  plan: P,
  has: readonly Pick<Idea, 'move'>[],
): P {
  const left = Math.max(0, plan.explore + plan.exploit - has.length);
  const built = has.filter(({ move }) => move !== 'explore').length;
  const exploit = Math.min(left, Math.max(0, plan.exploit - built));
  return { ...plan, exploit, explore: left - exploit };
}
