import { type Candidate, type CandidateId, candidateId, candidateMayMove, HumanError } from '../domain/index.ts';
import { type Context, type Implementation, notFound } from './context.ts';
import { toAttempt, toCandidate } from './rows.ts';
import type { Value } from './sql.ts';
import type { CandidatePatch } from './types.ts';

function find({ sql }: Context, id: CandidateId): Candidate {
  const row = sql.get('SELECT * FROM candidate WHERE id = ?', id);
  if (!row) throw notFound(`candidate #${id}`);
  return toCandidate(row);
}

function columns(patch: CandidatePatch): Record<string, Value> {
  const given: Record<string, Value> = {
    proposal: patch.proposal,
    approved: patch.approved,
    kind: patch.kind,
    patch_hash: patch.patchHash,
    duplicate_of: patch.duplicateOf,
    failure: patch.failure && JSON.stringify(patch.failure),
    reasons: patch.reasons && JSON.stringify(patch.reasons),
    findings: patch.findings && JSON.stringify(patch.findings),
    tags: patch.tags && JSON.stringify(patch.tags),
    approved_by: patch.approvedBy,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function badState(id: CandidateId, why: string): HumanError {
  return new HumanError(`Candidate #${id} ${why}`, { code: 'bad-state' });
}

/** What a state stands on: a ready candidate has a proposal, an approved one a commit, a failed one its reason. */
function checkWhole(candidate: Candidate): void {
  const { id, state } = candidate;
  if (state === 'ready' && candidate.proposal === undefined) throw badState(id, 'has no proposal to be ready with.');
  if (state === 'approved' && candidate.approved === undefined) throw badState(id, 'has no approved commit.');
  if (state === 'failed' && candidate.failure === undefined) throw badState(id, 'has no reason to have failed with.');
}

export const candidateMethods: Implementation<
  'addCandidate' | 'moveCandidate' | 'patchCandidate' | 'candidates' | 'candidate' | 'addAttempt' | 'attempts'
> = {
  addCandidate(context, given) {
    const { sql } = context;
    const idea = sql.get('SELECT base FROM idea WHERE id = ?', given.idea);
    if (!idea) throw notFound(`idea #${given.idea}`);
    if (idea.base !== given.base) throw new Error(`idea ${given.idea} is not of base ${given.base}`);
    if (given.revises !== undefined) find(context, given.revises);
    const last = sql.get('SELECT max(number) AS number FROM candidate WHERE idea = ?', given.idea);
    const number = Number(last?.number ?? 0) + 1;
    const id = candidateId(given.idea, number);
    sql.insert('candidate', {
      id,
      idea: given.idea,
      number,
      base: given.base,
      state: 'implementing',
      cut_from: given.cutFrom,
      revises: given.revises,
      by_hand: given.byHand ?? false,
      created_at: context.now,
    });
    context.changed('candidate', id);
    return find(context, id);
  },

  moveCandidate(context, id, to, patch = {}) {
    const { sql } = context;
    const { state: from } = find(context, id);
    if (!candidateMayMove(from, to)) throw badState(id, `is ${from} and cannot become ${to}.`);
    if (from === 'approved' && sql.get("SELECT 1 FROM run WHERE candidate = ? AND state <> 'cancelled'", id)) {
      throw badState(id, 'has runs of its approved commit; make a new candidate instead of taking the approval back.');
    }
    const undone = to === 'ready' ? { approved: null, approved_by: null } : {};
    sql.update('candidate', 'id', id, { ...undone, ...columns(patch), state: to });
    const moved = find(context, id);
    checkWhole(moved);
    context.changed('candidate', id);
    return moved;
  },

  patchCandidate(context, id, patch) {
    find(context, id);
    context.sql.update('candidate', 'id', id, columns(patch));
    context.changed('candidate', id);
    return find(context, id);
  },

  candidates({ sql }, filter = {}) {
    const query = 'SELECT * FROM candidate WHERE (?1 IS NULL OR base = ?1) AND (?2 IS NULL OR idea = ?2)';
    return sql.all(`${query} ORDER BY idea, number`, filter.base, filter.idea).map(toCandidate);
  },

  candidate({ sql }, id) {
    const row = sql.get('SELECT * FROM candidate WHERE id = ?', id);
    return row && toCandidate(row);
  },

  addAttempt(context, attempt) {
    const { sql } = context;
    find(context, attempt.candidate);
    // A driver that died after this answer is given it again, and what it made of it.
    const same =
      attempt.modelCall !== undefined &&
      sql.get('SELECT * FROM attempt WHERE candidate = ? AND model_call = ?', attempt.candidate, attempt.modelCall);
    if (same) return toAttempt(same);
    const last = sql.get('SELECT max(number) AS number FROM attempt WHERE candidate = ?', attempt.candidate);
    const number = Number(last?.number ?? 0) + 1;
    sql.insert('attempt', {
      candidate: attempt.candidate,
      number,
      model_call: attempt.modelCall,
      answer: attempt.answer,
      report: JSON.stringify(attempt.report),
      diff: attempt.diff,
      created_at: context.now,
    });
    context.changed('candidate', attempt.candidate);
    return { ...attempt, number, createdAt: context.now };
  },

  attempts: ({ sql }, id) => sql.all('SELECT * FROM attempt WHERE candidate = ? ORDER BY number', id).map(toAttempt),
};
