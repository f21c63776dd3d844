import type { Environment } from './environment.ts';
import type { CandidateTag, Finding } from './findings.ts';
import type { CandidateId, IdeaId, RunId } from './ids.ts';
import type { CandidateState, RunState } from './states.ts';

/** Milliseconds since 1970, UTC. */
export type Millis = number;

/**
 * A commit together with the hash of the environment's result-relevant keys. Everything measured carries its
 * base; ranking, Δ and parents stay within one base.
 */
export interface Base {
  readonly id: number;
  /** 40 hex digits. */
  readonly commit: string;
  /** True where the commit is a snapshot of a dirty tree, kept by `refs/research/snapshots/…`. */
  readonly snapshot: boolean;
  readonly environmentHash: string;
  readonly environment: Environment;
  /** The branch HEAD was on; empty when detached. */
  readonly branch: string;
  readonly createdAt: Millis;
}

export const LANES = ['model', 'hyperparameter', 'best-of-n', 'human', 'imported'] as const;
/** Who proposed an idea, and under which rule. */
export type Lane = (typeof LANES)[number];
export const MOVES = ['explore', 'exploit', 'crossover', 'ablation'] as const;
export type Move = (typeof MOVES)[number];
export type IdeaKind = 'hyperparameter' | 'algorithmic';

/** A structured edit: set one hyperparameter to a literal. `EditImplementer` turns it into a patch. */
export interface Edit {
  /** Repository path with `/`. */
  readonly path: string;
  /** The name as the repo spells it: an argparse flag without dashes, a module constant, a YAML key path. */
  readonly name: string;
  /** The literal as it stands in the file, and as it shall stand. */
  readonly from: string;
  readonly to: string;
}

export interface Parent {
  readonly candidate: CandidateId;
  /** `exploit`: built on; `context`: shown; `cut-from`: the code it starts from. */
  readonly role: 'exploit' | 'context' | 'cut-from' | 'crossover';
}

/** One hypothesis in words. */
export interface Idea {
  readonly id: IdeaId;
  readonly base: number;
  readonly round: number;
  readonly lane: Lane;
  readonly move: Move;
  readonly title: string;
  readonly hypothesis: string;
  /** What to change, in words the implementer reads. */
  readonly details: string;
  readonly expected: string;
  readonly risk: string;
  readonly edits: readonly Edit[];
  readonly parents: readonly Parent[];
  readonly pinned: boolean;
  /** Set once dropped. */
  readonly dropped?: string;
  /** Why a person rejected it; the ideator is told. It is dropped then, too. */
  readonly rejection?: string;
  readonly createdAt: Millis;
}

/** One implementation of an idea. Only its approved commit runs. */
export interface Candidate {
  readonly id: CandidateId;
  readonly idea: IdeaId;
  readonly number: number;
  readonly base: number;
  readonly state: CandidateState;
  /** The commit the patch is cut from: the base's, or a parent's approved commit. */
  readonly cutFrom: string;
  readonly proposal?: string;
  readonly approved?: string;
  readonly revises?: CandidateId;
  /** A person writes or wrote it: not counted as what a model made. */
  readonly byHand?: boolean;
  readonly kind?: IdeaKind;
  /** Hash of the normalised patch; equal hashes are duplicates. */
  readonly patchHash?: string;
  readonly duplicateOf?: CandidateId;
  readonly failure?: { readonly code: string; readonly message: string };
  /** Why, per hunk, in the implementer's words: shown as a comment thread in the review. */
  readonly reasons: readonly HunkReason[];
  /** What the gates saw that did not refuse it, in their order. */
  readonly findings: readonly Finding[];
  readonly tags: readonly CandidateTag[];
  readonly approvedBy?: 'person' | 'policy';
  readonly createdAt: Millis;
}

export interface HunkReason {
  readonly path: string;
  /** A line of the new text that the hunk holds, 1-based. */
  readonly line: number;
  readonly text: string;
}

/** One answer of the implementer, kept whether it worked or not. */
export interface Attempt {
  readonly candidate: CandidateId;
  readonly number: number;
  readonly modelCall?: number;
  readonly answer: string;
  /** What came of each edit block: the rung that placed it, or the refusal. */
  readonly report: readonly { readonly path: string; readonly outcome: string; readonly detail: string }[];
  readonly diff: string;
  readonly createdAt: Millis;
}

export const PURPOSES = ['baseline', 'trial', 'smoke', 'evaluate'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** What one run's metric curve came to. NaN and Inf are values with a state, never dropped. */
export type ObjectiveValue =
  | { readonly state: 'ok'; readonly value: number }
  | { readonly state: 'nan' | 'inf' | 'missing' | 'invalid'; readonly value: number | null };

/** Why the number of a run is not believed at once. */
export interface ResultFlag {
  readonly code: 'out-of-range' | 'too-good' | 'no-curve' | 'too-few-steps' | 'seed-only' | 'touches-evaluation';
  readonly message: string;
}

/** One execution of a commit with one seed on one box. */
export interface Run {
  readonly id: RunId;
  readonly base: number;
  readonly candidate?: CandidateId;
  readonly purpose: Purpose;
  readonly commit?: string;
  readonly seed: number;
  /** 1 for the first; a retry of a lost run is a new run with the next attempt and `retries`. */
  readonly attempt: number;
  readonly retries?: RunId;
  readonly box?: string;
  /** `same base, same kind of GPU (or CPU box)`: the key of runs that may be compared. */
  readonly comparisonClass?: string;
  readonly state: RunState;
  /** Higher goes first in our queue. 0 unless a person moved it: absent is 0 too. */
  readonly priority?: number;
  /** The box a person named; every later try keeps it. */
  readonly wants?: string;
  /** The comparison class it must run in: a baseline that a class lacks. */
  readonly wantsClass?: string;
  /** Its box obeys it: it does not begin the run later, so after it the run may go elsewhere. */
  readonly startBefore?: Millis;
  /** Place in its box's own queue, 1 for the head; only while it waits there. */
  readonly position?: number;
  /** The GPUs it was given, by UUID (a cluster's as `node:index`). */
  readonly gpus?: readonly string[];
  /** What the box's name stood for when the run was sent there: kind, host and root. */
  readonly address?: string;
  /** We take it back from its box (`cancelAsked` is set too); a later try runs instead, unless the box did it after all. */
  readonly moving?: boolean;
  /** Why it ended so, in words. */
  readonly reason?: string;
  readonly exitCode?: number;
  /** Its box's one word for how it failed: `exited` where the run's own command did, `setup-failed`, `killed`, … */
  readonly cause?: string;
  readonly objective?: ObjectiveValue;
  readonly verified: boolean;
  /** How many points of the objective's metric the run reported, and the step of the last one. */
  readonly curve?: { readonly points: number; readonly end: number | null };
  /** A person vouched for the number, whatever it is flagged for. */
  readonly confirmed?: boolean;
  /** False where another attempt of the same (candidate, seed) counts instead. */
  readonly counts: boolean;
  /** A person asked for it to stop; the box has not confirmed yet. */
  readonly cancelAsked: boolean;
  /** Bytes of the run's log that are on this machine. */
  readonly logBytes: number;
  readonly lastMetric?: { readonly name: string; readonly value: number; readonly step: number | null };
  /** The box did not answer since then; an overlay that ends nothing. */
  readonly unreachableSince?: Millis;
  readonly queuedAt: Millis;
  readonly startedAt?: Millis;
  readonly endedAt?: Millis;
}

/** One batch of ideas, the paper's epoch. The first is round 0. */
export interface Round {
  readonly base: number;
  readonly number: number;
  /** `model` or `hyperparameter`, and the model's name where there is one. */
  readonly ideator: string;
  readonly exploitShare: number;
  readonly asked: number;
  readonly state: 'proposing' | 'open' | 'closed';
  readonly createdAt: Millis;
}

export interface TokenUsage {
  /** All tokens of the prompt; `cachedInput` of them came from the server's cache. */
  readonly input: number;
  readonly cachedInput: number;
  /** All tokens of the answer; `reasoning` of them were thoughts that are not in its text. */
  readonly output: number;
  readonly reasoning: number;
  /** True where the server gave no usage and we counted characters. */
  readonly estimated: boolean;
}

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ModelCall {
  readonly id: number;
  /** Same key, same question: an answered call is replayed, never paid again. */
  readonly key: string;
  readonly purpose: 'ideas' | 'patch' | 'revision' | 'detect';
  readonly server: string;
  readonly model: string;
  readonly messages: readonly Message[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly answer?: string;
  readonly usage?: TokenUsage;
  /** In the currency of the price table; undefined when the model has no price. */
  readonly cost?: number;
  readonly latencyMs?: number;
  readonly state: 'asked' | 'answered' | 'failed';
  readonly error?: string;
  readonly base?: number;
  readonly round?: number;
  readonly idea?: IdeaId;
  readonly createdAt: Millis;
}

/** A model call without its texts, for lists and sums: texts are long and there are many calls. */
export interface CallHead extends Omit<ModelCall, 'messages' | 'answer'> {
  /** Characters of the prompt, all messages together. */
  readonly promptLength: number;
  /** Characters of the answer, as far as it came. */
  readonly answerLength?: number;
}

/** One value of one metric at one step. `step` is null where the line names none. */
export interface MetricPoint {
  readonly name: string;
  readonly step: number | null;
  readonly value: number;
  /** Where NaN and Inf went: SQLite and JSON hold neither. */
  readonly state: 'ok' | 'nan' | 'inf' | '-inf';
}

export type ApprovalPolicy = 'ask' | 'policy' | 'all';

/** A search that goes on round after round until a budget or a person stops it. */
export interface Search {
  readonly id: number;
  readonly base: number;
  readonly state: 'running' | 'paused' | 'stopped' | 'finished';
  readonly approve: ApprovalPolicy;
  readonly rounds: number;
  readonly ideasPerRound: number;
  readonly seeds: number;
  readonly budgets: Budgets;
  readonly boxes: readonly string[];
  readonly startedAt: Millis;
  readonly why?: string;
}

export interface Budgets {
  readonly ideas?: number;
  readonly runs?: number;
  readonly gpuHours?: number;
  readonly money?: number;
  readonly wallHours?: number;
}
