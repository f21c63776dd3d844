import { HumanError, type Idea, type IdeaId, isEnd, type Run, type RunId } from '../domain/index.ts';
import { ensureBase } from './base.ts';
import type { Parts } from './parts.ts';
import { requireRun } from './requests/runs.ts';
import { rejectCandidate } from './review.ts';
import type { IdeaWords } from './types.ts';

/** Keeps an idea of a person's in the newest round; takes the base first where there is none. */
export async function addIdeaByHand(parts: Parts, words: IdeaWords): Promise<Idea> {
  const title = words.title.trim();
  if (title === '') throw new HumanError('An idea needs a title.', { code: 'no-title' });
  const base = await ensureBase(parts);
  const round = (await parts.store.rounds(base.id)).at(-1)?.number ?? 0;
  return parts.store.addIdea({
    title,
    hypothesis: words.hypothesis ?? '',
    details: words.details ?? '',
    expected: words.expected ?? '',
    risk: words.risk ?? '',
    base: base.id,
    round,
    lane: 'human',
    move: 'explore',
    edits: [],
    parents: [],
  });
}

/** Changes the words of an idea. @throws HumanError `no-title`, `not-found` */
export function editIdeaByHand({ store }: Parts, id: IdeaId, words: Partial<IdeaWords>): Promise<Idea> {
  if (words.title?.trim() === '') throw new HumanError('An idea needs a title.', { code: 'no-title' });
  return store.editIdea(id, words);
}

/**
 * Rejects an idea for a person's reason, which the ideator is told, and with it the patch that still waits for a
 * decision. What ran keeps its result.
 * @throws HumanError `no-reason`, `not-found`
 */
export async function rejectIdeaByHand(parts: Parts, id: IdeaId, reason: string): Promise<void> {
  const why = reason.trim();
  if (why === '') throw new HumanError('Say why: the ideator reads it before the next round.', { code: 'no-reason' });
  await parts.store.rejectIdea(id, why);
  for (const { id: candidate, state, byHand } of await parts.store.candidates({ idea: id })) {
    if (state === 'ready' || (state === 'implementing' && byHand)) await rejectCandidate(parts, candidate, why);
  }
}

/**
 * Vouches for the number of a run that is flagged, or takes it back: it ranks from then on, or no longer.
 * @throws HumanError `no-run`, `no-result`, `seed-only`
 */
export async function confirmResult({ store }: Parts, id: RunId, confirmed: boolean): Promise<Run> {
  const run = await requireRun(store, id);
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
