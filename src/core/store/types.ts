import type {
  Attempt,
  Base,
  CallHead,
  Candidate,
  CandidateId,
  CandidateState,
  Environment,
  Idea,
  IdeaId,
  MetricPoint,
  Millis,
  ModelCall,
  Round,
  Run,
  RunId,
  RunState,
  Search,
} from '../domain/index.ts';
import type { Disposable } from '../system/index.ts';

/** What one process may do because it drives: the generation every decision's write carries. */
export interface Lease {
  readonly generation: number;
  readonly pid: number;
  /** What the holder is, for a person: `VS Code`, `terminal`. */
  readonly holder: string;
  readonly until: Millis;
}

export const REQUEST_KINDS = [
  'generate-ideas',
  'implement',
  'run',
  'baseline',
  'next-round',
  'search',
  'queue',
  'box',
  'priority',
  'smoke',
  'mend',
] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** What a person asked for. Written by any window or terminal, done by the one that drives. */
export interface Request {
  readonly id: number;
  readonly kind: RequestKind;
  readonly payload: unknown;
  readonly state: 'asked' | 'taken' | 'done' | 'failed' | 'cancelled';
  /** True once the person who asked no longer wants it; the driver stops the work and ends it `cancelled`. */
  readonly cancelAsked: boolean;
  /** A line for a progress bar, and its share done in [0, 1] where it is known. */
  readonly progress?: { readonly text: string; readonly share?: number };
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly code: string };
  readonly createdAt: Millis;
}

/** A row that changed, in this process or another. */
export interface Change {
  readonly seq: number;
  readonly table:
    | 'base'
    | 'round'
    | 'idea'
    | 'candidate'
    | 'run'
    | 'metric'
    | 'model_call'
    | 'request'
    | 'search'
    | 'box_state'
    | 'lease';
  /**
   * The row's id as text; for `metric` the run's id, for `round` base and number as `3/0`. Empty when this listener
   * fell so far behind that the list is gone: then any row of the table may have changed.
   */
  readonly key: string;
}

export type NewIdea = Omit<Idea, 'id' | 'createdAt' | 'dropped' | 'rejection' | 'pinned'>;
export type NewCandidate = Pick<Candidate, 'idea' | 'base' | 'cutFrom'> &
  Partial<Pick<Candidate, 'revises' | 'byHand'>>;
export type CandidatePatch = Partial<
  Pick<
    Candidate,
    | 'proposal'
    | 'approved'
    | 'kind'
    | 'patchHash'
    | 'duplicateOf'
    | 'failure'
    | 'reasons'
    | 'findings'
    | 'tags'
    | 'approvedBy'
  >
>;
export type NewRun = Pick<Run, 'id' | 'base' | 'purpose' | 'commit' | 'seed' | 'attempt'> &
  Partial<Pick<Run, 'candidate' | 'retries' | 'verified' | 'priority' | 'wantsClass' | 'queuedAt'>> & {
    /** The box a person named: it stays `wants` of the row. */
    readonly box?: string;
  };
/** `counts` is ignored: which attempt counts is a rule of the store (`counting.ts`). */
export type RunPatch = Partial<
  Pick<
    Run,
    | 'box'
    | 'comparisonClass'
    | 'exitCode'
    | 'cause'
    | 'objective'
    | 'verified'
    | 'curve'
    | 'counts'
    | 'logBytes'
    | 'lastMetric'
    | 'startedAt'
    | 'endedAt'
    | 'gpus'
  >
> & {
  readonly position?: number | null;
  readonly unreachableSince?: Millis | null;
  /** Null takes back what was said: the run no longer waits for it. */
  readonly reason?: string | null;
};

/** A metric file of a run. */
export interface RunFileState {
  readonly path: string;
  /** Bytes that were read. */
  readonly bytes: number;
  /** What its reader must know to go on from there. */
  readonly state: string;
}

/** What a person said about one box. */
export interface BoxState {
  readonly name: string;
  /** Nothing new is sent to it, and its waiting runs are taken back. */
  readonly drained: boolean;
  /** The person does not expect it back: what is on it may run elsewhere without its word. */
  readonly givenUp: boolean;
}

export interface Schedule {
  /** Nothing new is sent to any box. */
  readonly paused: boolean;
  readonly boxes: readonly BoxState[];
}

/**
 * The research database of one repository, behind an async face: SQLite runs in a worker thread.
 * Writes are short `BEGIN IMMEDIATE` transactions. Methods that take a `Lease` are decisions: they fail with the
 * HumanError code `lease-lost` when another process drives by now.
 */
export interface Store {
  readonly file: string;
  /** True where the file system needs the rollback journal instead of WAL (network drives). */
  readonly rollbackJournal: boolean;
  /** Where a damaged database was set aside when this one was opened fresh in its place; a person must be told. */
  readonly setAside?: string;
  /** Calls back after any committed change, of any process (within 300 ms). */
  onDidChange(listener: (changes: readonly Change[]) => void): Disposable;
  close(): Promise<void>;

  // ---- who drives
  /**
   * Takes or renews the lease; undefined where another live process has it. Lapses after 20 s, or at once when its
   * process on this machine is gone. A generation other than `previous`'s means that it was lost in between.
   */
  acquireLease(holder: string, previous?: Lease): Promise<Lease | undefined>;
  releaseLease(lease: Lease): Promise<void>;
  lease(): Promise<Lease | undefined>;

  // ---- requests
  addRequest(kind: RequestKind, payload: unknown): Promise<Request>;
  requests(filter?: { readonly states?: readonly Request['state'][] }): Promise<Request[]>;
  request(id: number): Promise<Request | undefined>;
  askToCancelRequest(id: number): Promise<void>;
  /** A taken request of a driver that died is offered to the next driver as `asked` again by `requeueTaken`. */
  takeRequest(lease: Lease, id: number): Promise<boolean>;
  requeueTaken(lease: Lease): Promise<number>;
  setRequestProgress(lease: Lease, id: number, progress: NonNullable<Request['progress']>): Promise<void>;
  endRequest(
    lease: Lease,
    id: number,
    end: {
      readonly state: 'done' | 'failed' | 'cancelled';
      readonly result?: unknown;
      readonly error?: Request['error'];
    },
  ): Promise<void>;

  // ---- bases and rounds
  /** Gives the existing base of the same commit and environment hash, or makes one. */
  addBase(base: Omit<Base, 'id' | 'createdAt'> & { readonly environment: Environment }): Promise<Base>;
  bases(): Promise<Base[]>;
  currentBase(): Promise<Base | undefined>;
  setCurrentBase(id: number): Promise<void>;
  addRound(lease: Lease, round: Omit<Round, 'createdAt'>): Promise<Round>;
  setRoundState(lease: Lease, base: number, number: number, state: Round['state']): Promise<void>;
  rounds(base: number): Promise<Round[]>;

  // ---- ideas and candidates
  addIdea(idea: NewIdea): Promise<Idea>;
  editIdea(
    id: IdeaId,
    words: Partial<Pick<Idea, 'title' | 'hypothesis' | 'details' | 'expected' | 'risk'>>,
  ): Promise<Idea>;
  dropIdea(id: IdeaId, reason: string): Promise<void>;
  /** Drops it for a person's reason. */
  rejectIdea(id: IdeaId, reason: string): Promise<void>;
  restoreIdea(id: IdeaId): Promise<void>;
  pinIdea(id: IdeaId, pinned: boolean): Promise<void>;
  ideas(base?: number): Promise<Idea[]>;
  idea(id: IdeaId): Promise<Idea | undefined>;
  addCandidate(candidate: NewCandidate): Promise<Candidate>;
  /** @throws HumanError `bad-state` when design §3 has no such move */
  moveCandidate(id: CandidateId, to: CandidateState, patch?: CandidatePatch): Promise<Candidate>;
  patchCandidate(id: CandidateId, patch: CandidatePatch): Promise<Candidate>;
  candidates(filter?: { readonly base?: number; readonly idea?: IdeaId }): Promise<Candidate[]>;
  candidate(id: CandidateId): Promise<Candidate | undefined>;
  addAttempt(attempt: Omit<Attempt, 'createdAt' | 'number'>): Promise<Attempt>;
  attempts(candidate: CandidateId): Promise<Attempt[]>;

  // ---- runs
  /** All or none; one that exists already is given as it is. @throws HumanError `not-approved` */
  addRuns(lease: Lease, runs: readonly NewRun[]): Promise<Run[]>;
  /**
   * Moves forward only (`runMayMove`); gives the row as it is now, moved or not. The patch of a refused move is not
   * taken; one that comes with the state the run has already is. Times of start and end are filled in where none is given.
   */
  moveRun(lease: Lease, id: RunId, to: RunState, patch?: RunPatch): Promise<Run>;
  patchRun(lease: Lease, id: RunId, patch: RunPatch): Promise<Run>;
  /** Any window may ask; the driver does it. A run that is being moved then moves no more. */
  askToCancelRun(id: RunId): Promise<void>;
  /** A person vouches for the number of a run that has one, or takes it back. Any window may. @throws HumanError `no-result` */
  confirmRun(id: RunId, confirmed: boolean): Promise<Run>;
  /**
   * Queued runs go to their boxes, all in one transaction: on disk before the first byte leaves. Leaves out those that
   * are queued no more, or that a person cancelled meanwhile.
   */
  placeRuns(
    lease: Lease,
    placements: readonly {
      readonly run: RunId;
      readonly box: string;
      readonly address: string;
      readonly startBefore?: Millis;
    }[],
  ): Promise<void>;
  /** Why runs wait, in one transaction; null takes back what was said. */
  explainRuns(lease: Lease, reasons: readonly { readonly run: RunId; readonly reason: string | null }[]): Promise<void>;
  /** Asks for a live run back from its box, so that it may go to another one. */
  takeBackRun(lease: Lease, id: RunId): Promise<void>;
  /** Moves queued runs before all others or behind them, keeping their order among themselves. Gives how many moved. */
  setPriority(lease: Lease, ids: readonly RunId[], to: 'front' | 'back'): Promise<number>;
  runs(filter?: {
    readonly base?: number;
    readonly states?: readonly RunState[];
    readonly candidate?: CandidateId;
    readonly ids?: readonly RunId[];
    /** Only the later attempts of these runs. */
    readonly retries?: readonly RunId[];
    /** Only so many, the ones queued last; still oldest first. */
    readonly newest?: number;
  }): Promise<Run[]>;
  run(id: RunId): Promise<Run | undefined>;

  // ---- what a person said about the queue and the boxes
  /** Boxes nothing was said about are not named. */
  schedule(): Promise<Schedule>;
  setQueuePaused(lease: Lease, paused: boolean): Promise<void>;
  setBoxState(lease: Lease, name: string, state: Pick<BoxState, 'drained' | 'givenUp'>): Promise<void>;

  // ---- metrics
  /**
   * Appends points and moves the run's log bytes in one transaction, so that a crash between the two cannot
   * double a line: points are only taken when `fromByte` equals the bytes already read.
   */
  addMetrics(
    lease: Lease,
    run: RunId,
    points: readonly MetricPoint[],
    fromByte: number,
    toByte: number,
  ): Promise<boolean>;
  /** How far the metric files of a run were read. */
  runFiles(run: RunId): Promise<RunFileState[]>;
  /**
   * The same for one metric file. Names that come from a file hide what the log gives of them. `fresh`: the file was
   * replaced, so that the points it gave before go, and it is read from its beginning.
   */
  addFileMetrics(
    lease: Lease,
    run: RunId,
    points: readonly MetricPoint[],
    file: {
      readonly path: string;
      readonly from: number;
      readonly to: number;
      readonly state: string;
      readonly fresh?: boolean;
    },
  ): Promise<boolean>;
  metrics(
    run: RunId,
    options?: { readonly names?: readonly string[]; readonly after?: number },
  ): Promise<(MetricPoint & { readonly rowid: number })[]>;
  metricNames(base: number): Promise<string[]>;
  /** The finite values of one metric by run, thinned to at most `count` evenly spaced ones, the last among them. */
  sparks(runs: readonly RunId[], metric: string, count: number): Promise<Record<RunId, number[]>>;

  // ---- model calls
  /** Opens a call, or gives the answered call of the same key: then nothing is to be paid. */
  openCall(
    call: Omit<ModelCall, 'id' | 'createdAt' | 'state' | 'answer' | 'usage' | 'cost' | 'latencyMs' | 'error'>,
  ): Promise<ModelCall>;
  closeCall(
    id: number,
    end: Pick<ModelCall, 'state'> & Partial<Pick<ModelCall, 'answer' | 'usage' | 'cost' | 'latencyMs' | 'error'>>,
  ): Promise<void>;
  /** In the order in which they were asked. `since` is a moment: those asked then or later. */
  calls(filter?: { readonly base?: number; readonly idea?: IdeaId; readonly since?: Millis }): Promise<CallHead[]>;
  /** One with its texts. */
  call(id: number): Promise<ModelCall | undefined>;

  // ---- search
  addSearch(search: Omit<Search, 'id' | 'startedAt'>): Promise<Search>;
  setSearchState(id: number, state: Search['state'], why?: string): Promise<void>;
  searches(): Promise<Search[]>;
}

export interface StoreOptions {
  /** `<git common dir>/research/research.db`. */
  readonly file: string;
  /** The worker bundle; default `store-worker.js` beside the running bundle. */
  readonly workerFile?: string;
  readonly pid: number;
}
