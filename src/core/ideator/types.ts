import type { Base, Candidate, Idea, Move, Parent, Summary } from '../domain/index.ts';
import type { Context } from '../environment/index.ts';

/** What came of one earlier idea, as the ideator is told. */
export interface Outcome {
  readonly idea: Idea;
  readonly candidate?: Candidate;
  /** `not run`, `failed to implement`, `failed`, `worse`, `better`, … in words a person would use. */
  readonly verdict:
    | 'baseline'
    | 'better'
    | 'worse'
    | 'no different'
    | 'no baseline'
    | 'no number'
    | 'flagged'
    | 'failed to run'
    | 'failed to implement'
    | 'not run'
    | 'rejected'
    | 'dropped';
  readonly objective?: Summary;
  /** Against the baseline's mean; negative is better when minimizing. */
  readonly delta?: number;
  readonly curve?: string;
  /** Last lines of a failed run, bounded. Untrusted. */
  readonly tail?: string;
  readonly reason?: string;
}

export interface IdeaRequest {
  readonly base: Base;
  readonly round: number;
  /** How many of each move. Exploit ideas build on `parents`. */
  readonly explore: number;
  readonly exploit: number;
  /** The candidates to exploit, best first. */
  readonly parents: readonly Outcome[];
  /** Everything tried, for context. */
  readonly history: readonly Outcome[];
  readonly baseline?: Summary;
  /** The brief, read again for this round. */
  readonly brief: string;
  /** The text files of the base, by path. */
  readonly files: ReadonlyMap<string, string>;
  /** What a model sees of them. */
  readonly context: Context;
  /** Same key, same round: replays what was already paid. */
  readonly key: string;
  readonly signal?: AbortSignal;
  /** A line for a person while the model server makes us wait. */
  readonly onProgress?: (text: string) => void;
  /** Called with each idea as soon as it is whole; one at a time. */
  readonly onIdea: (idea: ProposedIdea) => Promise<void>;
}

export type ProposedIdea = Pick<Idea, 'title' | 'hypothesis' | 'details' | 'expected' | 'risk' | 'edits'> & {
  readonly move: Move;
  readonly parents: readonly Parent[];
  /** Set where the idea repeats an earlier one: it is kept, dropped, with this reason. */
  readonly dropped?: string;
};

export interface Ideator {
  readonly lane: 'model' | 'hyperparameter';
  /** For the view: the model's name, or what stands in for it. */
  readonly label: string;
  /** @throws HumanError of models, or `no-hyperparameters` naming what was looked for and where */
  propose(request: IdeaRequest): Promise<void>;
}
