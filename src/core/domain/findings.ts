/** The gates that a patch passes before it may take a GPU, in their order. */
export const GATES = [
  'no-op',
  'paths',
  'protected',
  'size',
  'syntax',
  'imports',
  'secrets',
  'network',
  'evaluation',
  'seed',
  'smoke',
] as const;
export type GateName = (typeof GATES)[number];

/** An error refuses the patch; a warning stands in the review; an info only says what was seen. */
export type Severity = 'error' | 'warning' | 'info';

/** What a gate saw in a patch. */
export interface Finding {
  readonly gate: GateName;
  /** A refusal code: stable, for statistics and for the Problems panel. */
  readonly code: string;
  readonly path: string;
  /** 1-based, in the new text; absent where it is about the whole file. */
  readonly line?: number;
  readonly endLine?: number;
  readonly message: string;
  readonly severity: Severity;
}

/** What a candidate is known for: kept with it, and read by the search's rules. */
export const CANDIDATE_TAGS = ['seed-only', 'touches-evaluation', 'network'] as const;
export type CandidateTag = (typeof CANDIDATE_TAGS)[number];
