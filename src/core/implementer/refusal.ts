/** Why an answer, or one block of it, was not taken. The words are stable: attempts, tests and statistics use them. */
export type RefusalCode =
  | 'no-edits'
  | 'malformed'
  | 'truncated'
  | 'elided-code'
  | 'empty-search'
  | 'file-not-found'
  | 'file-exists'
  | 'no-match'
  | 'ambiguous'
  | 'already-applied'
  | 'overlap'
  | 'no-op'
  | 'path-escape'
  | 'protected-path'
  | 'protected-region'
  | 'not-editable'
  | 'not-text'
  | 'too-large'
  | 'hidden-text'
  | 'patch-refused'
  | 'stale-edit'
  | 'bad-literal'
  | 'syntax'
  | 'undefined-name'
  | 'missing-import'
  | 'secret-added'
  | 'network-added'
  | 'touches-evaluation'
  | 'smoke-failed'
  | 'case-twin'
  | 'shadowed-module';

export interface Refusal {
  readonly code: RefusalCode;
  /** What is wrong, where, and what would be right: read by a person and by the model alike. */
  readonly message: string;
  readonly path?: string;
  /** The SEARCH text as it was sent, where one could not be placed. */
  readonly search?: readonly string[];
  /** Lines of the file as the answer makes it, around what a gate found. */
  readonly made?: readonly string[];
}

/** What came of each block of an answer, in its order; kept with the attempt. */
export interface BlockReport {
  readonly path: string;
  readonly outcome: string;
  readonly detail: string;
}
