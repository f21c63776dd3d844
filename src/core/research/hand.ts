import { type Candidate, type CandidateId, HumanError } from '../domain/index.ts';
import type { BoxGates } from '../implementer/index.ts';
import { readCutFrom, requireGates } from './gates.ts';
import type { Parts } from './parts.ts';
import { inHand, openReview, requireCandidate } from './review.ts';
import { twinOf } from './twin.ts';
import type { ReviewHandle } from './types.ts';

/**
 * Gives a failed or rejected candidate into a person's hands: a new candidate of the same idea, marked as made by hand,
 * that begins with what the old one had. One that is in their hands already is opened again.
 * @throws HumanError `not-failed`
 */
export async function continueByHand(parts: Parts, id: CandidateId): Promise<ReviewHandle> {
  const { store, repository } = parts;
  const { candidate: old, idea } = await requireCandidate(parts, id);
  const begun = (await store.candidates({ idea: idea.id })).findLast(inHand);
  if (begun) return openReview(parts, begun.id);
  if (old.state !== 'failed' && old.state !== 'rejected') {
    throw new HumanError(`#${id} is ${old.state}. Only a candidate that failed or was rejected is continued by hand.`, {
      code: 'not-failed',
    });
  }
  const { base, cutFrom, reasons } = old;
  const fresh = await store.addCandidate({ idea: idea.id, base, cutFrom, revises: old.id, byHand: true });
  const proposal = old.proposal ?? cutFrom;
  await repository.keep(`refs/research/candidates/${fresh.id}`, proposal);
  await store.patchCandidate(fresh.id, { proposal, reasons });
  return openReview(parts, fresh.id);
}

/**
 * Takes what a person wrote in the review folder as the candidate's patch: through every gate, kept as a proposal, and
 * from then on like any other candidate. The folder stays open with all of it accepted: they wrote it themselves.
 * @throws HumanError `not-by-hand`, `no-op`, `gate-refused` with every error and its line
 */
export async function finishByHand(parts: Parts, id: CandidateId, box: BoxGates): Promise<Candidate> {
  const { candidate, idea } = await requireCandidate(parts, id);
  if (!inHand(candidate)) {
    throw new HumanError(`#${id} is ${candidate.state}; only what you write yourself is finished.`, {
      code: 'not-by-hand',
    });
  }
  const { review } = await openReview(parts, id);
  const changes = await review.changes('proposed');
  if (changes.size === 0) {
    throw new HumanError(`Nothing is changed in ${review.folder} yet. Edit the files there, then finish.`, {
      code: 'no-op',
    });
  }
  const { findings: seen, tags } = await requireGates(parts, candidate, changes);
  const { describePatch } = await import('../implementer/index.ts');
  const { files } = await readCutFrom(parts, candidate);
  const texts = new Map([...changes].map(([path, bytes]) => [path, bytes === null ? null : bytes.toString('utf8')]));
  const { kind, patchHash, findings: asked } = await describePatch(files, texts, box);
  const errors = asked.filter((one) => one.severity === 'error');
  if (errors.length > 0) {
    throw new HumanError(errors.map((one) => `${one.path}:${one.line ?? 1}: ${one.message}`).join('\n'), {
      code: 'gate-refused',
    });
  }
  return parts.turns.take('proposals', new AbortController().signal, async () => {
    const proposal = await parts.repository.propose({
      from: candidate.cutFrom,
      changes: new Map([...changes].map(([path, bytes]) => [path, bytes === null ? null : { bytes }])),
      message: `#${id} ${idea.title}\n\n${idea.hypothesis}`,
      name: id,
    });
    const duplicateOf = (await twinOf(parts, candidate, patchHash))?.id;
    const findings = [...seen, ...asked];
    const made = { proposal, kind, patchHash, findings, tags, reasons: [], duplicateOf };
    const finished = await parts.store.moveCandidate(id, 'ready', made);
    // A folder is of one proposal: it is made anew of this one, with the same bytes.
    const { review: whole } = await openReview(parts, id);
    for (const file of await whole.undecided()) await whole.acceptFile(file.path);
    return finished;
  });
}
