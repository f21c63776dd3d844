import type {
  Attempt,
  Base,
  CallHead,
  Candidate,
  Idea,
  MetricPoint,
  ModelCall,
  ObjectiveValue,
  Parent,
  Round,
  Run,
  Search,
} from '../domain/index.ts';
import type { Row } from './sql.ts';
import type { Request } from './types.ts';

/**
 * Rows to domain records: the one place that knows how columns are named. Words with a fixed list of values were
 * checked by the compiler when they were written, so they are read as they stand.
 */

function text<T extends string = string>(row: Row, column: string): T {
  const value = row[column];
  if (typeof value !== 'string') throw new Error(`research.db: column ${column} holds no text`);
  return value as T;
}

function number(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new Error(`research.db: column ${column} holds no number`);
  return value;
}

const flag = (row: Row, column: string): boolean => row[column] === 1;

/** An object with the column's value under `name`, or an empty one for NULL: optional fields stay absent. */
function optional<N extends string, T>(
  row: Row,
  column: string,
  name: N,
  read: (row: Row, column: string) => T,
): { readonly [K in N]?: T } {
  return (row[column] ?? null) === null ? {} : ({ [name]: read(row, column) } as { readonly [K in N]?: T });
}

const words = (row: Row, column: string): readonly string[] => text(row, column).split(' ').filter(Boolean);

function json(row: Row, column: string): unknown {
  try {
    return JSON.parse(text(row, column));
  } catch (error) {
    throw new Error(`research.db: column ${column} holds no JSON`, { cause: error });
  }
}

function list<T>(row: Row, column: string): readonly T[] {
  const value = json(row, column);
  if (!Array.isArray(value)) throw new Error(`research.db: column ${column} holds no list`);
  return value;
}

function object<T>(row: Row, column: string): T {
  const value = json(row, column);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`research.db: column ${column} holds no object`);
  }
  return value as T;
}

export function toBase(row: Row): Base {
  return {
    id: number(row, 'id'),
    commit: text(row, 'sha'),
    snapshot: flag(row, 'snapshot'),
    environmentHash: text(row, 'environment_hash'),
    environment: object(row, 'environment'),
    branch: text(row, 'branch'),
    createdAt: number(row, 'created_at'),
  };
}

export function toRound(row: Row): Round {
  return {
    base: number(row, 'base'),
    number: number(row, 'number'),
    ideator: text(row, 'ideator'),
    exploitShare: number(row, 'exploit_share'),
    asked: number(row, 'asked'),
    state: text(row, 'state'),
    createdAt: number(row, 'created_at'),
  };
}

export function toParent(row: Row): Parent {
  return { candidate: text(row, 'candidate'), role: text(row, 'role') };
}

export function toIdea(row: Row, parents: readonly Parent[]): Idea {
  return {
    id: number(row, 'id'),
    base: number(row, 'base'),
    round: number(row, 'round'),
    lane: text(row, 'lane'),
    move: text(row, 'move'),
    title: text(row, 'title'),
    hypothesis: text(row, 'hypothesis'),
    details: text(row, 'details'),
    expected: text(row, 'expected'),
    risk: text(row, 'risk'),
    edits: list(row, 'edits'),
    parents,
    pinned: flag(row, 'pinned'),
    ...optional(row, 'dropped', 'dropped', text),
    ...optional(row, 'rejection', 'rejection', text),
    createdAt: number(row, 'created_at'),
  };
}

export function toCandidate(row: Row): Candidate {
  return {
    id: text(row, 'id'),
    idea: number(row, 'idea'),
    number: number(row, 'number'),
    base: number(row, 'base'),
    state: text(row, 'state'),
    cutFrom: text(row, 'cut_from'),
    ...optional(row, 'proposal', 'proposal', text),
    ...optional(row, 'approved', 'approved', text),
    ...optional(row, 'revises', 'revises', text),
    ...(number(row, 'by_hand') === 1 ? { byHand: true } : {}),
    ...optional(row, 'kind', 'kind', text<NonNullable<Candidate['kind']>>),
    ...optional(row, 'patch_hash', 'patchHash', text),
    ...optional(row, 'duplicate_of', 'duplicateOf', text),
    ...optional(row, 'failure', 'failure', object<NonNullable<Candidate['failure']>>),
    reasons: list(row, 'reasons'),
    findings: list(row, 'findings'),
    tags: list(row, 'tags'),
    ...optional(row, 'approved_by', 'approvedBy', text<NonNullable<Candidate['approvedBy']>>),
    createdAt: number(row, 'created_at'),
  };
}

export function toAttempt(row: Row): Attempt {
  return {
    candidate: text(row, 'candidate'),
    number: number(row, 'number'),
    ...optional(row, 'model_call', 'modelCall', number),
    answer: text(row, 'answer'),
    report: list(row, 'report'),
    diff: text(row, 'diff'),
    createdAt: number(row, 'created_at'),
  };
}

function toObjective(row: Row): { readonly objective?: ObjectiveValue } {
  if (row.objective_state === null) return {};
  const state = text<ObjectiveValue['state']>(row, 'objective_state');
  if (state === 'ok') return { objective: { state, value: number(row, 'objective_value') } };
  return { objective: { state, value: row.objective_value === null ? null : number(row, 'objective_value') } };
}

function toLastMetric(row: Row): Pick<Run, 'lastMetric'> {
  if (row.last_name === null) return {};
  // SQLite keeps NaN as NULL.
  const value = row.last_value === null ? Number.NaN : number(row, 'last_value');
  const step = row.last_step === null ? null : number(row, 'last_step');
  return { lastMetric: { name: text(row, 'last_name'), value, step } };
}

function toCurve(row: Row): Pick<Run, 'curve'> {
  if (row.curve_points === null) return {};
  return {
    curve: { points: number(row, 'curve_points'), end: row.curve_end === null ? null : number(row, 'curve_end') },
  };
}

export function toRun(row: Row): Run {
  return {
    id: text(row, 'id'),
    base: number(row, 'base'),
    ...optional(row, 'candidate', 'candidate', text),
    purpose: text(row, 'purpose'),
    ...optional(row, 'sha', 'commit', text),
    seed: number(row, 'seed'),
    attempt: number(row, 'attempt'),
    ...optional(row, 'retries', 'retries', text),
    ...optional(row, 'box', 'box', text),
    ...optional(row, 'class', 'comparisonClass', text),
    priority: number(row, 'priority'),
    ...optional(row, 'wants', 'wants', text),
    ...optional(row, 'wants_class', 'wantsClass', text),
    ...optional(row, 'start_before', 'startBefore', number),
    ...optional(row, 'position', 'position', number),
    ...optional(row, 'gpus', 'gpus', words),
    ...optional(row, 'address', 'address', text),
    moving: flag(row, 'moving'),
    state: text(row, 'state'),
    ...optional(row, 'reason', 'reason', text),
    ...optional(row, 'exit_code', 'exitCode', number),
    ...optional(row, 'cause', 'cause', text),
    ...toObjective(row),
    verified: flag(row, 'verified'),
    ...toCurve(row),
    ...(flag(row, 'confirmed') ? { confirmed: true } : {}),
    counts: flag(row, 'counts'),
    cancelAsked: flag(row, 'cancel_asked'),
    logBytes: number(row, 'log_bytes'),
    ...toLastMetric(row),
    ...optional(row, 'unreachable_since', 'unreachableSince', number),
    queuedAt: number(row, 'queued_at'),
    ...optional(row, 'started_at', 'startedAt', number),
    ...optional(row, 'ended_at', 'endedAt', number),
  };
}

const LOST_VALUES: Readonly<Record<MetricPoint['state'], number>> = {
  ok: Number.NaN,
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
};

export function toMetricPoint(row: Row): MetricPoint & { readonly rowid: number } {
  const state = text<MetricPoint['state']>(row, 'state');
  return {
    rowid: number(row, 'id'),
    name: text(row, 'name'),
    step: row.step === null ? null : number(row, 'step'),
    value: row.value === null ? LOST_VALUES[state] : number(row, 'value'),
    state,
  };
}

export function toRequest(row: Row): Request {
  return {
    id: number(row, 'id'),
    kind: text(row, 'kind'),
    payload: json(row, 'payload'),
    state: text(row, 'state'),
    cancelAsked: flag(row, 'cancel_asked'),
    ...optional(row, 'progress', 'progress', object<NonNullable<Request['progress']>>),
    ...optional(row, 'result', 'result', json),
    ...optional(row, 'error', 'error', object<NonNullable<Request['error']>>),
    createdAt: number(row, 'created_at'),
  };
}

export function toModelCall(row: Row): ModelCall {
  return { ...callOf(row), messages: list(row, 'messages'), ...optional(row, 'answer', 'answer', text) };
}

export function toCallHead(row: Row): CallHead {
  return {
    ...callOf(row),
    promptLength: number(row, 'prompt_length'),
    ...optional(row, 'answer_length', 'answerLength', number),
  };
}

function callOf(row: Row): Omit<ModelCall, 'messages' | 'answer'> {
  return {
    id: number(row, 'id'),
    key: text(row, 'key'),
    purpose: text(row, 'purpose'),
    server: text(row, 'server'),
    model: text(row, 'model'),
    params: object(row, 'params'),
    ...optional(row, 'usage', 'usage', object<NonNullable<ModelCall['usage']>>),
    ...optional(row, 'cost', 'cost', number),
    ...optional(row, 'latency_ms', 'latencyMs', number),
    state: text(row, 'state'),
    ...optional(row, 'error', 'error', text),
    ...optional(row, 'base', 'base', number),
    ...optional(row, 'round', 'round', number),
    ...optional(row, 'idea', 'idea', number),
    createdAt: number(row, 'created_at'),
  };
}

export function toSearch(row: Row): Search {
  return {
    id: number(row, 'id'),
    base: number(row, 'base'),
    state: text(row, 'state'),
    approve: text(row, 'approve'),
    rounds: number(row, 'rounds'),
    ideasPerRound: number(row, 'ideas_per_round'),
    seeds: number(row, 'seeds'),
    budgets: object(row, 'budgets'),
    boxes: list(row, 'boxes'),
    startedAt: number(row, 'started_at'),
    ...optional(row, 'why', 'why', text),
  };
}
