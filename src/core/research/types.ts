import type {
  ApprovalPolicy,
  Attempt,
  Base,
  Budgets,
  CallHead,
  Candidate,
  CandidateId,
  Environment,
  Finding,
  Goal,
  Idea,
  IdeaId,
  MetricPoint,
  Millis,
  ModelCall,
  Round,
  Run,
  RunId,
  Search,
  Summary,
} from '../domain/index.ts';
import type { Detected, Diagnostic } from '../environment/index.ts';
import type { FileDiff, Review } from '../git/index.ts';
import type { CandidateResult, Funnel, Judged } from '../search/index.ts';
import type { Request } from '../store/index.ts';
import type { Disposable } from '../system/index.ts';
import type { BoxReport, Fetched } from '../workers/index.ts';
import type { Brief } from './brief.ts';
import type { Leaderboard, RowStatus } from './leaderboard-types.ts';

export type * from './leaderboard-types.ts';

/** What a person says of an idea; only the title is needed. */
export type IdeaWords = Pick<Idea, 'title'> & Partial<Pick<Idea, 'hypothesis' | 'details' | 'expected' | 'risk'>>;

export interface IdeaNode {
  readonly idea: Idea;
  readonly candidates: readonly Candidate[];
  /** Derived from the newest candidate and its runs; `proposed` and `dropped` have none. */
  readonly status: 'proposed' | 'dropped' | RowStatus;
}

export interface BoxNode {
  readonly name: string;
  readonly kind: 'local' | 'ssh' | 'slurm';
  readonly where: string;
  /** It is asked how it is, at this moment. */
  readonly checking?: boolean;
  readonly report?: BoxReport;
  readonly unreachableSince?: Millis;
  /** It needs attention: a host key or a login that only a person can settle, by *Check Boxes*. */
  readonly problem?: string;
  readonly running: number;
  readonly waiting: number;
  /** A person drained it: nothing new goes there. */
  readonly drained?: boolean;
  /** A person gave it up: as drained, and what it has may run elsewhere without its word. */
  readonly givenUp?: boolean;
}

/** Our queue: runs that no box has yet, and what is known of how long runs take. */
export interface QueueState {
  /** Nothing new is sent to any box. */
  readonly paused: boolean;
  /** The runs that no box has yet, in the order in which they are sent. */
  readonly order: readonly RunId[];
  /** Seconds a live run takes in all, by what runs of its base took in its class. Absent: nothing was measured yet. */
  readonly seconds: Readonly<Record<RunId, number>>;
  /** Classes in which trials of the base ran, run or wait, and no baseline did: their results compare with nothing. */
  readonly withoutBaseline: readonly {
    readonly comparisonClass: string;
    readonly trials: number;
    readonly boxes: readonly string[];
  }[];
}

/** How a repository is read for a proposal. */
export interface DetectRequest {
  /** Whether a model may be asked for what stays open; a person agrees first to what is sent. */
  readonly askModel?: boolean;
  readonly signal?: AbortSignal;
}

/** What a candidate came to, and whether somebody still has to confirm it: then it is neither ranked nor better. */
export type ShownResult = CandidateResult & { readonly doubted: boolean };

/** Everything the views show, in one value. */
export interface ResearchState {
  readonly root: string;
  readonly environment:
    | { readonly ok: true; readonly value: Environment }
    | { readonly ok: false; readonly missing: boolean; readonly diagnostics: readonly Diagnostic[] };
  readonly base?: Base;
  /** HEAD moved or a result-relevant key changed since the base was taken. */
  readonly behind?: 'head' | 'environment';
  readonly ideator: { readonly lane: 'model' | 'hyperparameter'; readonly label: string };
  readonly rounds: readonly { readonly round: Round; readonly ideas: readonly IdeaNode[] }[];
  readonly runs: readonly Run[];
  /** Runs whose number is not believed at once, by id, with who confirmed it all the same. */
  readonly judged: Readonly<Record<RunId, Judged>>;
  /** What candidates came to, by id: the numbers of the leaderboard. */
  readonly results: Readonly<Record<CandidateId, ShownResult>>;
  readonly queue: QueueState;
  readonly boxes: readonly BoxNode[];
  readonly boxesProblems: readonly Diagnostic[];
  readonly search?: Search;
  readonly requests: readonly Request[];
  /** Who drives: this process, another one by name, or nobody yet. */
  readonly driver: { readonly here: boolean; readonly holder?: string; readonly pid?: number };
}

export interface ReviewHandle {
  readonly candidate: Candidate;
  readonly idea: Idea;
  readonly review: Review;
  /** HEAD against the proposal, for the list of files and totals. */
  readonly files: readonly FileDiff[];
  /** What the gates see in it as it stands now: accepted, or all that is in the worktree. Smoke and packages as they were found. */
  check(side: 'accepted' | 'proposed'): Promise<readonly Finding[]>;
}

export interface Progress {
  report(step: { readonly text: string; readonly share?: number }): void;
}

export interface Ask {
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface SearchOptions {
  readonly approve: ApprovalPolicy;
  readonly rounds: number;
  readonly ideasPerRound: number;
  /** Seeds per candidate. */
  readonly seeds: number;
  readonly baselineSeeds: number;
  readonly boxes: readonly string[];
  readonly budgets: Budgets;
}

export interface SearchResult {
  readonly goal: Goal;
  readonly baseline: Summary;
  readonly rounds: readonly {
    readonly number: number;
    readonly ideas: readonly {
      readonly id: IdeaId;
      readonly title: string;
      readonly status: string;
      readonly value: number | null;
      readonly delta: number | null;
      readonly parents: readonly CandidateId[];
    }[];
    readonly completion: number;
    readonly best: number | null;
  }[];
  readonly best: {
    readonly idea: IdeaId;
    readonly candidate: CandidateId;
    readonly value: number;
    readonly delta: number;
    readonly improved: boolean;
  } | null;
}

/**
 * One open repo: the face that the extension and the terminal call. Work that spends (models, boxes) becomes a
 * request that the driving process does, so that two windows and a terminal never do it twice; these methods
 * resolve when the request ended, here or there.
 */
export interface Research {
  readonly root: string;
  state(): Promise<ResearchState>;
  /** Fires after anything `state()` shows may have changed, at most every 100 ms. */
  onDidChange(listener: () => void): Disposable;

  /** Reads the repo and proposes a `research.yaml`; writes nothing. */
  detect(request?: DetectRequest): Promise<Detected>;
  /** Writes `research.yaml`, refusing to overwrite. Gives its path. */
  writeEnvironment(yaml: string): Promise<string>;
  newBase(options?: { readonly includeUncommitted?: boolean }): Promise<Base>;

  generateIdeas(options?: Ask & { readonly count?: number }): Promise<readonly IdeaId[]>;
  nextRound(options?: Ask & { readonly count?: number }): Promise<readonly IdeaId[]>;
  addIdea(words: IdeaWords): Promise<Idea>;
  editIdea(id: IdeaId, words: Partial<IdeaWords>): Promise<Idea>;
  /** Drops an idea, and its undecided patch, for a person's reason that the ideator is told. @throws HumanError `no-reason` */
  rejectIdea(id: IdeaId, reason: string): Promise<void>;
  restoreIdea(id: IdeaId): Promise<void>;
  /** A pinned idea is tried first, built on first, and kept by a clean-up. */
  pinIdea(id: IdeaId, pinned: boolean): Promise<void>;
  /** What to aim for as it stands now, and the file where it is edited; the next round reads it again. */
  brief(): Promise<Brief>;
  implement(id: IdeaId, options?: Ask): Promise<Candidate>;
  /**
   * A new candidate of a failed or rejected one, marked as made by hand and opened for a person to write.
   * @throws HumanError `not-failed`
   */
  continueByHand(candidate: CandidateId): Promise<ReviewHandle>;
  /**
   * Takes what a person wrote as the candidate's patch, through every gate: from then on it is reviewed and approved as
   * any other. @throws HumanError `not-by-hand`, `no-op`, `gate-refused`
   */
  finishByHand(candidate: CandidateId, options?: Ask): Promise<Candidate>;

  /** The idea's newest reviewable candidate; implements it first where there is none. */
  openReview(idea: IdeaId, options?: Ask): Promise<ReviewHandle>;
  /** Open reviews by candidate, after a restart too. */
  reviews(): Promise<readonly ReviewHandle[]>;
  /** Commits what was accepted; every hunk must be decided. */
  approve(candidate: CandidateId): Promise<Candidate>;
  /** Accepts every hunk as proposed, without opening a review (policy, `approve --all`). */
  approveAll(candidate: CandidateId, by: 'person' | 'policy'): Promise<Candidate>;
  reject(candidate: CandidateId, reason: string): Promise<Candidate>;

  runBaseline(options?: Ask & { readonly box?: string; readonly seeds?: number }): Promise<readonly RunId[]>;
  /** Queues the approved commit; the scheduler picks a box where none is named. */
  run(
    candidate: CandidateId,
    options?: Ask & { readonly box?: string; readonly seeds?: number; readonly baselineSeeds?: number },
  ): Promise<readonly RunId[]>;
  replicate(run: RunId, seeds: number): Promise<readonly RunId[]>;
  /** The same commit and seed once more, as a new run. */
  rerun(run: RunId): Promise<RunId>;
  /**
   * A person vouches for the number of a flagged run, so that it ranks; or takes it back.
   * @throws HumanError `no-run`, `no-result`, `seed-only`
   */
  confirmRun(run: RunId, confirmed: boolean): Promise<Run>;
  /** With every later try of it that is live. */
  cancelRun(run: RunId): Promise<void>;
  /** Before or behind all others that no box has yet. @throws HumanError `not-queued` */
  moveInQueue(runs: readonly RunId[], to: 'front' | 'back'): Promise<void>;
  /** Nothing new is sent to any box; what boxes have goes on. */
  pauseQueue(paused: boolean): Promise<void>;
  /** `drain`: nothing new, its waiting runs go elsewhere; `give-up`: also what it has; `resume`: it takes runs again. */
  setBox(name: string, to: 'drain' | 'resume' | 'give-up'): Promise<void>;
  /** A shell in a run's folder on its box, as a command line. @throws HumanError `no-terminal` */
  terminal(run: RunId): Promise<{ readonly program: string; readonly args: readonly string[] }>;
  /**
   * Resolves when none of the runs is live any more, nor the next try of one that its box lost. Gives one row for each:
   * the try that speaks for it.
   */
  waitForRuns(runs: readonly RunId[], options?: Ask): Promise<readonly Run[]>;

  leaderboard(): Promise<Leaderboard>;
  /** How far the ideas of the base came, of one round or of all, each loss with its reason. */
  funnel(round?: number): Promise<Funnel>;
  curve(run: RunId, metric: string): Promise<readonly MetricPoint[]>;
  metricNames(run: RunId): Promise<readonly string[]>;
  /** The local copy of a run's log, byte for byte the box's as far as it got. */
  logFile(run: RunId): string;
  readLog(run: RunId, offset: number, limit: number): Promise<Buffer>;
  /**
   * Says which runs are on screen, until it is disposed of: where this process drives, their logs come as they are
   * written and not with the next poll.
   */
  watch(runs: readonly RunId[]): Disposable;

  startSearch(options: SearchOptions & Ask): Promise<SearchResult>;
  pauseSearch(): Promise<void>;
  stopSearch(): Promise<void>;

  /** Makes a branch of the approved commit; `merge` only on a clean tree. */
  applyToBranch(
    candidate: CandidateId,
    options: { readonly branch?: string; readonly merge: boolean },
  ): Promise<{ readonly branch: string; readonly merged: boolean; readonly commit: string }>;
  export(format: 'json' | 'csv' | 'markdown'): Promise<string>;

  boxes(): Promise<readonly BoxNode[]>;
  /** Asks the boxes how they are, all at once. Those that answered before an abort keep their report. */
  checkBoxes(options?: Ask & { readonly names?: readonly string[] }): Promise<readonly BoxReport[]>;
  /** Looks again at the GPUs and disks of boxes that answered lately, for whoever looks at them; the state changes later. */
  glanceAtBoxes(): void;
  /** A shell on a box, as a command line. @throws HumanError `no-such-box` */
  boxTerminal(name: string): Promise<{ readonly program: string; readonly args: readonly string[] }>;
  attempts(candidate: CandidateId): Promise<readonly Attempt[]>;
  /** The same to be read: every answer, what came of its edits, and the patch. @throws HumanError `no-candidate` */
  attemptsText(candidate: CandidateId): Promise<string>;
  /** Every question that went to a model, in order, without its texts; of one idea where one is named. */
  modelCalls(idea?: IdeaId): Promise<readonly CallHead[]>;
  /** The same to be read, newest first, with what they cost in all. */
  modelCallsText(idea?: IdeaId): Promise<string>;
  /** One call with its prompt and answer. @throws HumanError `no-call` */
  modelCall(id: number): Promise<ModelCall>;
  /** The same to be read. @throws HumanError `no-call` */
  modelCallText(id: number): Promise<string>;
  /**
   * Brings the files that `artifacts` of research.yaml names of a run from its box: whole, checked by hash, gone on with
   * where an earlier fetch was cut. Nothing that is here already is written over.
   * @param options `to`: an absolute folder, default `.research/artifacts/RUN`; `maxBytes`: default 1 GB
   * @throws HumanError `no-run`, `no-artifacts`, `artifact-changed`, `unreachable`
   */
  fetchArtifacts(
    run: RunId,
    options?: Ask & { readonly to?: string; readonly maxBytes?: number },
  ): Promise<Fetched & { readonly folder: string }>;
  /** Sizes of logs, refs, worktrees and box folders, and what a clean-up would remove. */
  measureHousekeeping(): Promise<
    readonly { readonly what: string; readonly bytes: number; readonly items: number; readonly id: string }[]
  >;
  cleanUp(ids: readonly string[]): Promise<number>;

  close(): Promise<void>;
}
