import {
  type Base,
  type Candidate,
  type CandidateId,
  HumanError,
  type Idea,
  isHumanError,
  messageOf,
} from '../../domain/index.ts';
import { readContext } from '../../environment/index.ts';
import type { Implementation } from '../../implementer/index.ts';
import { contextLine } from '../context-words.ts';
import { limitsOf } from '../gates.ts';
import { makeImplementer } from '../make.ts';
import { modelConfig, type Parts, requireBase } from '../parts.ts';
import { readTexts } from '../texts.ts';
import { twinOf } from '../twin.ts';
import type { Job } from './index.ts';
import { implementPayload } from './payloads.ts';
import { boxGatesOf, bytesOf } from './smoke.ts';

/** Turns an idea into a proposal commit. Gives the candidate's id; a failed one is kept, and its failure is thrown. */
export async function implementIdea(job: Job): Promise<CandidateId> {
  const { idea: id, feedback, revises } = implementPayload.parse(job.request.payload);
  const candidate = await implement(job, id, { feedback, revises });
  if (candidate.state === 'failed') {
    throw new HumanError(
      `Idea #${id} could not be implemented: ${candidate.failure?.message ?? 'no reason was given'}`,
      {
        code: candidate.failure?.code ?? 'failed',
        actions: [{ title: 'Continue by Hand', command: 'research.continueByHand', args: [candidate.id] }],
      },
    );
  }
  return candidate.id;
}

/**
 * One candidate of an idea, ready or failed. A candidate that a dead driver left in the middle is gone on with; of two
 * who ask at once, the second is given what the first one's asking made.
 */
export function implement(
  job: Job,
  id: number,
  options: { readonly feedback?: string; readonly revises?: CandidateId } = {},
): Promise<Candidate> {
  return job.parts.turns.take(`idea ${id}`, job.signal, async (waited) => {
    const revision = options.feedback !== undefined || options.revises !== undefined;
    const newest = waited && !revision ? (await job.parts.store.candidates({ idea: id })).at(-1) : undefined;
    return newest && newest.state !== 'implementing' ? newest : implementNow(job, id, options);
  });
}

async function implementNow(
  job: Job,
  id: number,
  options: { readonly feedback?: string; readonly revises?: CandidateId },
): Promise<Candidate> {
  const { parts, request, lease, signal } = job;
  const { store } = parts;
  const idea = await store.idea(id);
  if (!idea) throw new HumanError(`There is no idea #${id}.`, { code: 'no-idea' });
  if (idea.dropped !== undefined) {
    throw new HumanError(`Idea #${id} was dropped: ${idea.dropped}. Restore it first.`, { code: 'dropped' });
  }
  const base = await requireBase(parts, idea.base);
  const candidate = await openCandidate(parts, idea, base, options.revises);
  try {
    const implementer = await makeImplementer(parts, idea);
    const config = await modelConfig(parts);
    const files = await readTexts(parts.repository, candidate.cutFrom);
    const context = readContext(files, base.environment, config.models.context_tokens);
    if (idea.edits.length === 0) parts.log('info', contextLine(context));
    const made = await implementer.implement({
      idea,
      environment: base.environment,
      files,
      tree: await parts.repository.files(candidate.cutFrom),
      limits: limitsOf(config.implementer),
      checker: await parts.checkers.syntax(),
      boxGates: await boxGatesOf(job, base, candidate),
      context,
      feedback: options.feedback,
      key: `candidate-${candidate.id}`,
      signal,
      onProgress: (text) => {
        void store.setRequestProgress(lease(), request.id, { text: `#${id}: ${text}` }).catch(() => {});
      },
      onAttempt: async (attempt) => {
        await store.addAttempt({ candidate: candidate.id, ...attempt });
      },
      verify: (patch, after) => verifyThroughGit(parts, candidate.cutFrom, patch, after),
    });
    // One at a time: two equal patches that end together must see each other, or both would run.
    return await parts.turns.take('proposals', signal, () => propose(parts, idea, candidate, made));
  } catch (error) {
    if (signal.aborted || !isHumanError(error) || TRANSIENT.has(error.code)) throw error;
    return store.moveCandidate(candidate.id, 'failed', { failure: { code: error.code, message: messageOf(error) } });
  }
}

/** Faults of the way, not of the answer: the candidate stays as it is and the request may be made again. */
const TRANSIENT = new Set([
  'lease-lost',
  'closing',
  'cancelled',
  'model-unreachable',
  'model-auth',
  'model-rate-limited',
  'model-cut',
  'model-unavailable',
  'database-busy',
  'disk-full',
  'budget',
  'consent',
]);

async function openCandidate(
  parts: Parts,
  idea: Idea,
  base: Base,
  revises: CandidateId | undefined,
): Promise<Candidate> {
  const own = await parts.store.candidates({ idea: idea.id });
  const unfinished = own.findLast((candidate) => candidate.state === 'implementing' && !candidate.byHand);
  if (unfinished) return unfinished;
  const parent = idea.parents.find((one) => one.role === 'cut-from');
  const cutFrom = parent ? (await parts.store.candidate(parent.candidate))?.approved : undefined;
  return parts.store.addCandidate({ idea: idea.id, base: base.id, cutFrom: cutFrom ?? base.commit, revises });
}

async function propose(parts: Parts, idea: Idea, candidate: Candidate, made: Implementation): Promise<Candidate> {
  const { repository, store } = parts;
  const proposal = await repository.propose({
    from: candidate.cutFrom,
    changes: bytesOf(made.changes),
    message: `#${candidate.id} ${idea.title}\n\n${idea.hypothesis}`,
    name: candidate.id,
  });
  const twin = await twinOf(parts, candidate, made.patchHash);
  const { reasons, kind, patchHash, findings, tags } = made;
  return store.moveCandidate(candidate.id, 'ready', {
    ...{ proposal, reasons, kind, patchHash, findings, tags },
    duplicateOf: twin?.id,
  });
}

/** Our patch, applied by git itself, must give our bytes: else the patch is wrong, not git. */
async function verifyThroughGit(
  parts: Parts,
  from: string,
  patch: string,
  after: ReadonlyMap<string, string | null>,
): Promise<boolean> {
  const paths = [...after.keys()];
  const applied = await parts.repository.applyThroughGit(from, Buffer.from(patch, 'utf8'), paths);
  return paths.every((path) => {
    const wanted = after.get(path);
    const got = applied.get(path);
    return wanted === null || wanted === undefined
      ? got === undefined
      : got?.equals(Buffer.from(wanted, 'utf8')) === true;
  });
}
