import { type Funnel, foldBase, foldFunnel, foldResults } from '../search/index.ts';
import type { Parts } from './parts.ts';

/** How far the ideas of the current base came; all at nothing where there is no base yet. */
export async function readFunnel({ store }: Parts, round?: number): Promise<Funnel> {
  const base = await store.currentBase();
  if (!base) return foldFunnel([], [], [], foldResults('minimize', [], []));
  const candidates = await store.candidates({ base: base.id });
  const runs = await store.runs({ base: base.id });
  const ideas = (await store.ideas(base.id)).filter((idea) => round === undefined || idea.round === round);
  return foldFunnel(ideas, candidates, runs, foldBase(base.environment, candidates, runs));
}
