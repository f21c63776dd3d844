import { type Candidate, type CandidateId, HumanError, type Idea, type IdeaId } from '../domain/index.ts';
import type { Review } from '../git/index.ts';
import { type CutFrom, gateBytes, readCutFrom, requireGates } from './gates.ts';
import type { Parts } from './parts.ts';
import type { ReviewHandle } from './types.ts';

/** `research/12-raise-the-learning-rate`: short, lower case, safe as a git ref. */
export function branchName(idea: Idea): string {
  const slug = idea.title
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return `research/${idea.id}-${slug || 'idea'}`;
}

export async function requireCandidate(parts: Parts, id: CandidateId): Promise<{ candidate: Candidate; idea: Idea }> {
  const candidate = await parts.store.candidate(id);
  const idea = candidate && (await parts.store.idea(candidate.idea));
  if (!candidate || !idea) throw new HumanError(`There is no candidate #${id}.`, { code: 'no-candidate' });
  return { candidate, idea };
}

/** What a review of a candidate shows: its proposal, or what a person began to write from; undefined where it has none. */
function reviewed(candidate: Candidate): string | undefined {
  if (inHand(candidate)) return candidate.proposal ?? candidate.cutFrom;
  return candidate.state === 'ready' ? candidate.proposal : undefined;
}

/** True while a person writes it. */
export function inHand({ state, byHand }: Candidate): boolean {
  return state === 'implementing' && byHand === true;
}

/**
 * The candidate of an idea that a person looks at; undefined where one must be made first.
 * @throws HumanError `already-approved`
 */
export async function reviewableOf(parts: Parts, idea: IdeaId): Promise<Candidate | undefined> {
  const own = await parts.store.candidates({ idea });
  const open = own.findLast((candidate) => reviewed(candidate) !== undefined);
  const approved = own.findLast((candidate) => candidate.state === 'approved');
  if (open || !approved) return open;
  throw new HumanError(
    `#${approved.id} is approved already: there is nothing left to decide. ` +
      `"git show ${approved.approved?.slice(0, 10)}" shows its patch.`,
    { code: 'already-approved' },
  );
}

/** Opens the review worktree of a ready candidate, or of one in a person's hands. @throws HumanError `not-reviewable` */
export async function openReview(parts: Parts, id: CandidateId): Promise<ReviewHandle> {
  const { candidate, idea } = await requireCandidate(parts, id);
  const proposal = reviewed(candidate);
  if (proposal === undefined) {
    throw new HumanError(`Candidate #${id} is ${candidate.state}: there is nothing to review.`, {
      code: 'not-reviewable',
    });
  }
  const review = await parts.repository.openReview(id, candidate.cutFrom, proposal);
  return handleOf(parts, candidate, proposal, idea, review);
}

async function handleOf(
  parts: Parts,
  candidate: Candidate,
  proposal: string,
  idea: Idea,
  review: Review,
): Promise<ReviewHandle> {
  const files = await parts.repository.diff(candidate.cutFrom, proposal);
  // Read with the first question, and once: a person's every edit asks again.
  let cutFrom: Promise<CutFrom> | undefined;
  const check: ReviewHandle['check'] = async (side) => {
    cutFrom ??= readCutFrom(parts, candidate);
    return (await gateBytes(parts, candidate, await review.changes(side), await cutFrom)).findings;
  };
  return { candidate, idea, review, files, check };
}

/** The reviews that are open on disk, of candidates still to be decided. */
export async function openReviews(parts: Parts): Promise<readonly ReviewHandle[]> {
  const handles: ReviewHandle[] = [];
  for (const review of await parts.repository.reviews()) {
    const candidate = await parts.store.candidate(review.candidate);
    const idea = candidate && (await parts.store.idea(candidate.idea));
    const proposal = candidate && reviewed(candidate);
    if (!idea || proposal === undefined) continue;
    handles.push(await handleOf(parts, candidate, proposal, idea, review));
  }
  return handles;
}

/**
 * Commits what a person accepted, once the gates let it pass: with only some hunks, or edited, it is another patch than
 * the one they saw. What it is and what is seen in it now is kept with the candidate.
 * @throws HumanError `undecided`, `empty`, `not-reviewable`, `gate-refused` with every error and its line
 */
export async function approveReviewed(parts: Parts, id: CandidateId): Promise<Candidate> {
  const { review, idea, candidate } = await openReview(parts, id);
  if (inHand(candidate)) throw notFinished(id);
  // What is undecided or empty is told by approve itself.
  const open = (await review.undecided()).length > 0;
  const gated = await requireGates(parts, candidate, open ? new Map() : await review.changes('accepted'));
  const approved = await review.approve(messageFor(candidate, idea), branchName(idea));
  const after = await parts.store.moveCandidate(id, 'approved', { approved, approvedBy: 'person', ...gated });
  await review.close();
  return after;
}

/** Approves every hunk as proposed: the proposal is the approved commit. */
export async function approveWhole(parts: Parts, id: CandidateId, by: 'person' | 'policy'): Promise<Candidate> {
  const { candidate, idea } = await requireCandidate(parts, id);
  if (inHand(candidate)) throw notFinished(id);
  if (candidate.state !== 'ready' || !candidate.proposal) {
    throw new HumanError(`Candidate #${id} is ${candidate.state}: there is nothing to approve.`, {
      code: 'not-reviewable',
    });
  }
  // What the implementer made has passed; what a person wrote has not.
  if (candidate.patchHash === undefined)
    await requireGates(parts, candidate, await proposedBytes(parts, candidate.cutFrom, candidate.proposal));
  const open = (await parts.repository.reviews()).find((review) => review.candidate === id);
  await parts.repository.keep(`refs/research/approved/${id}`, candidate.proposal);
  if (by === 'person') await parts.repository.makeBranch(branchName(idea), candidate.proposal);
  const after = await parts.store.moveCandidate(id, 'approved', { approved: candidate.proposal, approvedBy: by });
  await open?.close();
  return after;
}

async function proposedBytes(
  parts: Parts,
  from: string,
  proposal: string,
): Promise<ReadonlyMap<string, Buffer | null>> {
  const files = await parts.repository.diff(from, proposal);
  const paths = files.flatMap((file) => (file.oldPath === undefined ? [file.path] : [file.path, file.oldPath]));
  const bytes = await parts.repository.readMany(proposal, paths);
  return new Map(paths.map((path) => [path, bytes.get(path) ?? null] as const));
}

export async function rejectCandidate(parts: Parts, id: CandidateId, reason: string): Promise<Candidate> {
  const { candidate } = await requireCandidate(parts, id);
  // What a person began and gave up was never a patch.
  const [to, code] = inHand(candidate) ? (['failed', 'given-up'] as const) : (['rejected', 'rejected'] as const);
  const after = await parts.store.moveCandidate(id, to, { failure: { code, message: reason } });
  const open = (await parts.repository.reviews()).find((review) => review.candidate === id);
  await open?.close();
  return after;
}

function notFinished(id: CandidateId): HumanError {
  return new HumanError(
    `#${id} is still in your hands. Finish it first: then the gates look at it, as at every patch.`,
    {
      code: 'not-finished',
      actions: [{ title: 'Finish', command: 'research.finishByHand', args: [{ candidate: id }] }],
    },
  );
}

/**
 * Brings an approved commit to the person as a branch and, when asked, merges it.
 * @throws HumanError `not-approved`, `dirty`, `conflict`, `detached`; the branch is there all the same
 */
export async function applyToBranch(
  parts: Parts,
  id: CandidateId,
  options: { readonly branch?: string; readonly merge: boolean },
): Promise<{ readonly branch: string; readonly merged: boolean; readonly commit: string }> {
  const { candidate, idea } = await requireCandidate(parts, id);
  if (!candidate.approved) {
    throw new HumanError(`Candidate #${id} is not approved, so there is nothing to apply.`, { code: 'not-approved' });
  }
  const branch = await parts.repository.makeBranch(options.branch ?? branchName(idea), candidate.approved);
  if (!options.merge) return { branch, merged: false, commit: candidate.approved };
  const commit = await parts.repository.merge(branch, `Merge ${branch}: ${idea.title}`);
  return { branch, merged: true, commit };
}

function messageFor(candidate: Candidate, idea: Idea): string {
  return `${idea.title}\n\n${idea.hypothesis}\n\nResearch-Idea: #${candidate.id}`;
}
