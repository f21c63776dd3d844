import { HumanError, type Idea, isEnd, type Run, type RunId } from '../domain/index.ts';
import { ensureBase } from './base.ts';
import type { Parts } from './parts.ts';

/** Keeps an idea of a person's in the newest round; takes the base first where there is none. */
export async function addIdeaByHand(
  parts: Parts,
  words: Pick<Idea, 'title' | 'hypothesis' | 'details'>,
): Promise<Idea> {
  const base = await ensureBase(parts);
  const round = (await parts.store.rounds(base.id)).at(-1)?.number ?? 0;
  return parts.store.addIdea({
    ...words,
    base: base.id,
    round,
    lane: 'human',
    move: 'explore',
    expected: '',
    risk: '',
    edits: [],
    parents: [],
  });
}

/**
 * Vouches for the number of a run that is flagged, or takes it back: it ranks from then on, or no longer.
 * @throws HumanError `no-run`, `no-result`, `seed-only`
 */
export async function confirmResult({ store }: Parts, id: RunId, confirmed: boolean): Promise<Run> {
  const run = await store.run(id);
  if (!run) throw new HumanError(`There is no run ${id}.`, { code: 'no-run' });
  if (!isEnd(run.state))
    throw new HumanError(`Run ${id} is still ${run.state}: it has no result yet.`, { code: 'no-result' });
  const candidate = run.candidate === undefined ? undefined : await store.candidate(run.candidate);
  if (candidate?.tags.includes('seed-only')) {
    throw new HumanError(
      `The patch of #${candidate.id} changes the seed and nothing else. Such a result is never ranked: it says how lucky a seed is.`,
      { code: 'seed-only' },
    );
  }
  return store.confirmRun(id, confirmed);
}
