import type {
  CandidateId,
  Goal,
  IdeaId,
  IdeaKind,
  Lane,
  Millis,
  Move,
  Parent,
  Purpose,
  ResultFlag,
  Round,
  Run,
  RunId,
  RunState,
  Summary,
} from '../domain/index.ts';

/*
 * The leaderboard as plain data. Apart from types.ts because the page imports it too, and what the page imports may
 * not lead to Node's types.
 */

/** What a row of the leaderboard is about: the baseline of a comparison class, or a candidate. */
export type RowStatus =
  | 'implementing'
  | 'failed-to-implement'
  | 'ready'
  | 'rejected'
  | 'approved'
  | 'duplicate'
  /** It ran to a number that is not ranked until somebody confirms it. */
  | 'flagged'
  | RunState;

export interface RunCell {
  readonly id: RunId;
  readonly seed: number;
  readonly state: RunState;
  readonly box?: string;
  readonly value?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly purpose: Purpose;
  /** `evaluate` printed the number; else it is what the run itself reported. */
  readonly verified: boolean;
  /** Why the number is not believed at once; none where it is. */
  readonly flags?: readonly ResultFlag[];
  readonly confirmed?: 'person' | 'seed';
  readonly attempt: number;
  readonly counts: boolean;
  readonly startedAt?: Millis;
  readonly endedAt?: Millis;
  readonly unreachableSince?: Millis;
  readonly lastMetric?: Run['lastMetric'];
  readonly logBytes: number;
}

/** One line of the leaderboard. Plain data: crosses to the webview and to `--json` as it is. */
export interface LeaderboardRow {
  /** `baseline/<class>` or the candidate's id. */
  readonly key: string;
  readonly candidate?: CandidateId;
  readonly idea?: IdeaId;
  readonly round?: number;
  readonly title: string;
  readonly hypothesis: string;
  readonly lane?: Lane;
  readonly move?: Move;
  readonly kind?: IdeaKind;
  /** A person wrote the patch. */
  readonly byHand?: boolean;
  readonly parents: readonly Parent[];
  readonly status: RowStatus;
  readonly reason?: string;
  readonly comparisonClass?: string;
  readonly runs: readonly RunCell[];
  readonly objective?: Summary;
  /** Against the baseline's mean of the same comparison class. */
  readonly delta?: number;
  /** The difference in units of the baseline's spread; undefined without a spread. */
  readonly sigmas?: number;
  readonly improved?: boolean;
  /** 1 for the best of its comparison class; undefined for what cannot be ranked. */
  readonly rank?: number;
  /** At most 60 values of the objective's metric over the run, evenly thinned by min/max. */
  readonly spark: readonly number[];
  readonly startedAt?: Millis;
  readonly elapsedMs?: number;
}

export interface Leaderboard {
  readonly goal: Goal;
  readonly metric: string;
  readonly baseId: number;
  readonly baseCommit: string;
  readonly behind: boolean;
  readonly rows: readonly LeaderboardRow[];
  /**
   * Each with the share of its ideas that came to a counted result by a patch that was made for them, and how many more
   * came to one by a person's hands.
   */
  readonly rounds: readonly (Round & {
    readonly completion: number;
    readonly byHand?: number;
    readonly best?: number;
  })[];
}
