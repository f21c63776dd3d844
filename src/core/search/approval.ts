import type { ApprovalPolicy, Candidate } from '../domain/index.ts';

/**
 * Whether a search approves a patch that no person has read: under `all` every one, under `policy` one that changes
 * hyperparameters alone and none of those that a gate has a word for (a seed, how the objective is measured, the network).
 */
export function approvesUnread(policy: ApprovalPolicy, { kind, tags }: Pick<Candidate, 'kind' | 'tags'>): boolean {
  return policy === 'all' || (policy === 'policy' && kind === 'hyperparameter' && tags.length === 0);
}
