import type { Candidate } from '../domain/index.ts';
import type { Parts } from './parts.ts';

/** The first other candidate with the same normalised patch of the same commit, whatever became of it. */
export async function twinOf(
  { store }: Parts,
  candidate: Candidate,
  patchHash: string,
): Promise<Candidate | undefined> {
  const others = await store.candidates({ base: candidate.base });
  return others.find(
    (one) => one.id !== candidate.id && one.patchHash === patchHash && one.cutFrom === candidate.cutFrom,
  );
}
