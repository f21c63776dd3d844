/** `#12` in the UI. */
export type IdeaId = number;

/** `12.1`: the idea's number, a dot, the candidate's number within it. `#12.1` in the UI. */
export type CandidateId = string;

/** A short sortable id made by the client; the idempotency key on the box. */
export type RunId = string;

const RUN_ID = /^[a-z0-9][a-z0-9-]{0,40}$/;

export function candidateId(idea: IdeaId, number: number): CandidateId {
  return `${idea}.${number}`;
}

export function ideaOf(candidate: CandidateId): IdeaId {
  return Number(candidate.slice(0, candidate.indexOf('.')));
}

/**
 * A run id: milliseconds since 1970 in base 36 (sorts by time until the year 5188), a dash, and chance.
 * @param chance six characters of `[a-z0-9]`
 */
export function makeRunId(now: number, chance: string): RunId {
  return `${now.toString(36).padStart(9, '0')}-${chance}`;
}

export function isRunId(text: string): text is RunId {
  return RUN_ID.test(text);
}
