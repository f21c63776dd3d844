import {
  type Base,
  type Candidate,
  candidateId,
  environmentSchema,
  type Goal,
  type Idea,
  type Run,
} from '../../src/core/domain/index.ts';

/** Rows with sensible defaults, for tests of the pure functions over them. */
export function baseRow(goal: Goal = 'minimize'): Base {
  const environment = environmentSchema.parse({ name: 'test', run: 'true', objective: { metric: 'val_loss', goal } });
  return {
    id: 1,
    commit: 'a'.repeat(40),
    snapshot: false,
    environmentHash: 'h',
    environment,
    branch: 'main',
    createdAt: 0,
  };
}

export function ideaRow(id: number, more: Partial<Idea> = {}): Idea {
  return {
    id,
    base: 1,
    round: 0,
    lane: 'hyperparameter',
    move: 'explore',
    title: `Idea ${id}`,
    hypothesis: '',
    details: '',
    expected: '',
    risk: '',
    edits: [],
    parents: [],
    pinned: false,
    createdAt: id,
    ...more,
  };
}

export function candidateRow(idea: number, more: Partial<Candidate> = {}): Candidate {
  return {
    id: candidateId(idea, 1),
    idea,
    number: 1,
    base: 1,
    state: 'approved',
    cutFrom: 'a'.repeat(40),
    approved: 'b'.repeat(40),
    reasons: [],
    findings: [],
    tags: [],
    createdAt: idea,
    ...more,
  };
}

let runNumber = 0;

/** A run that succeeded with a value; none: it failed. */
export function runRow(candidate: string | undefined, value: number | undefined, more: Partial<Run> = {}): Run {
  runNumber += 1;
  return {
    id: `run-${String(runNumber).padStart(6, '0')}`,
    base: 1,
    candidate,
    purpose: candidate === undefined ? 'baseline' : 'trial',
    commit: 'b'.repeat(40),
    seed: 1,
    attempt: 1,
    box: 'here',
    comparisonClass: 'cpu',
    state: value === undefined ? 'failed' : 'succeeded',
    objective: value === undefined ? undefined : { state: 'ok', value },
    verified: false,
    counts: true,
    cancelAsked: false,
    logBytes: 100,
    queuedAt: 0,
    startedAt: 1000,
    endedAt: 2000,
    ...more,
  };
}
