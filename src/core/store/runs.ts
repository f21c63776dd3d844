import { HumanError, isEnd, type Run, type RunId, type RunState, runMayMove } from '../domain/index.ts';
import { type Context, type Implementation, notFound } from './context.ts';
import { recount } from './counting.ts';
import { checkLease } from './lease.ts';
import { toRun } from './rows.ts';
import type { Value } from './sql.ts';
import type { NewRun, RunPatch } from './types.ts';

function find({ sql }: Context, id: RunId): Run {
  const row = sql.get('SELECT * FROM run WHERE id = ?', id);
  if (!row) throw notFound(`run ${id}`);
  return toRun(row);
}

/** `counts` is not among them: which attempt counts is a rule (counting.ts), not a wish. */
function columns(patch: RunPatch): Record<string, Value> {
  const given: Record<string, Value> = {
    box: patch.box,
    class: patch.comparisonClass,
    reason: patch.reason,
    exit_code: patch.exitCode,
    cause: patch.cause,
    verified: patch.verified,
    log_bytes: patch.logBytes,
    started_at: patch.startedAt,
    ended_at: patch.endedAt,
    unreachable_since: patch.unreachableSince,
    position: patch.position,
    gpus: patch.gpus?.join(' '),
    ...(patch.curve && { curve_points: patch.curve.points, curve_end: patch.curve.end }),
    ...(patch.objective && { objective_state: patch.objective.state, objective_value: patch.objective.value ?? null }),
    ...(patch.lastMetric && {
      last_name: patch.lastMetric.name,
      last_value: patch.lastMetric.value,
      last_step: patch.lastMetric.step,
    }),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Only approved commits run (design §3). Imported results have no commit. */
function checkCommit({ sql }: Context, run: NewRun): void {
  if (run.candidate === undefined) return;
  const row = sql.get('SELECT state, approved, base FROM candidate WHERE id = ?', run.candidate);
  if (!row) throw notFound(`candidate #${run.candidate}`);
  if (row.base !== run.base) throw new Error(`candidate ${run.candidate} is not of base ${run.base}`);
  if (run.commit === undefined) return;
  // What its gates ask a box, while it is made; who may ask that is decided before (research/smoke.ts).
  if (run.purpose === 'smoke' && row.state === 'implementing') return;
  if (row.state === 'approved' && row.approved === run.commit) return;
  throw new HumanError(
    `Candidate #${run.candidate} is ${row.state}, and only an approved commit runs. Review and approve it first.`,
    { code: 'not-approved' },
  );
}

function addRun(context: Context, run: NewRun): Run {
  const known = context.sql.get('SELECT * FROM run WHERE id = ?', run.id);
  if (known) {
    const same = toRun(known);
    if (same.candidate === run.candidate && same.seed === run.seed && same.purpose === run.purpose) return same;
    throw new Error(`run ${run.id} exists already and is another run`);
  }
  checkCommit(context, run);
  context.sql.insert('run', {
    id: run.id,
    base: run.base,
    candidate: run.candidate,
    purpose: run.purpose,
    sha: run.commit,
    seed: run.seed,
    attempt: run.attempt,
    retries: run.retries,
    box: run.box,
    wants: run.box,
    wants_class: run.wantsClass,
    priority: run.priority ?? 0,
    state: 'queued',
    verified: run.verified ?? false,
    queued_at: run.queuedAt ?? context.now,
  });
  context.changed('run', run.id);
  return find(context, run.id);
}

/** Times nobody gave, and what an end makes untrue. */
function consequences(run: Run, to: RunState, patch: RunPatch, now: number): Record<string, Value> {
  const set: Record<string, Value> = { state: to };
  if (to !== 'waiting') set.position = null;
  if (to === 'running' && run.startedAt === undefined && patch.startedAt === undefined) set.started_at = now;
  if (isEnd(to)) {
    set.unreachable_since = null;
    if (run.endedAt === undefined && patch.endedAt === undefined) set.ended_at = now;
  }
  // The exit that was found replaces why we thought it lost.
  if (run.state === 'lost') set.reason = null;
  return set;
}

/** What a patch changes of a row: a poll that found nothing new must not wake every window. */
function news({ sql }: Context, id: RunId, set: Record<string, Value>): Record<string, Value> {
  const row = sql.get('SELECT * FROM run WHERE id = ?', id) ?? {};
  const plain = (value: Value) => (typeof value === 'boolean' ? Number(value) : value);
  return Object.fromEntries(Object.entries(set).filter(([column, value]) => row[column] !== plain(value)));
}

/** Of several runs asked for in one call, those that are there; each once. */
function findAll(context: Context, ids: readonly RunId[]): Run[] {
  return [...new Set(ids)].map((id) => find(context, id));
}

export const runMethods: Implementation<
  | 'addRuns'
  | 'moveRun'
  | 'patchRun'
  | 'askToCancelRun'
  | 'confirmRun'
  | 'placeRuns'
  | 'explainRuns'
  | 'takeBackRun'
  | 'setPriority'
  | 'runs'
  | 'run'
> = {
  addRuns(context, lease, runs) {
    checkLease(context, lease);
    const added = runs.map((run) => addRun(context, run));
    for (const run of added) recount(context, run);
    return added.map((run) => find(context, run.id));
  },

  // A patch that comes with the state the run has already is taken; one that comes with a refused move is not.
  moveRun(context, lease, id, to, patch = {}) {
    checkLease(context, lease);
    const run = find(context, id);
    const moves = runMayMove(run.state, to);
    if (!moves && run.state !== to) return run;
    const wanted = { ...(moves ? consequences(run, to, patch, context.now) : {}), ...columns(patch) };
    const set = news(context, id, wanted);
    if (Object.keys(set).length === 0) return run;
    context.sql.update('run', 'id', id, set);
    context.changed('run', id);
    recount(context, run);
    return find(context, id);
  },

  patchRun(context, lease, id, patch) {
    checkLease(context, lease);
    const run = find(context, id);
    const set = news(context, id, columns(patch));
    if (Object.keys(set).length === 0) return run;
    context.sql.update('run', 'id', id, set);
    context.changed('run', id);
    recount(context, run);
    return find(context, id);
  },

  askToCancelRun(context, id) {
    const run = find(context, id);
    if (isEnd(run.state) || (run.cancelAsked && !run.moving)) return;
    context.sql.update('run', 'id', id, { cancel_asked: true, moving: false });
    context.changed('run', id);
  },

  confirmRun(context, id, confirmed) {
    const run = find(context, id);
    const { objective } = run;
    if (run.state !== 'succeeded' || objective?.value == null) {
      throw new HumanError(`Run ${id} is ${run.state} and has no number that could be confirmed.`, {
        code: 'no-result',
      });
    }
    if ((run.confirmed ?? false) === confirmed) return run;
    context.sql.update('run', 'id', id, { confirmed });
    context.changed('run', id);
    return find(context, id);
  },

  placeRuns(context, lease, placements) {
    checkLease(context, lease);
    for (const { run: id, box, address, startBefore } of placements) {
      const run = find(context, id);
      if (run.state !== 'queued' || run.cancelAsked) continue;
      context.sql.update('run', 'id', id, {
        state: 'shipping',
        box,
        address,
        start_before: startBefore,
        reason: null,
      });
      context.changed('run', id);
    }
  },

  explainRuns(context, lease, reasons) {
    checkLease(context, lease);
    for (const { run: id, reason } of reasons) {
      if ((find(context, id).reason ?? null) === reason) continue;
      context.sql.update('run', 'id', id, { reason });
      context.changed('run', id);
    }
  },

  takeBackRun(context, lease, id) {
    checkLease(context, lease);
    const run = find(context, id);
    if (isEnd(run.state) || run.cancelAsked) return;
    context.sql.update('run', 'id', id, { cancel_asked: true, moving: true });
    context.changed('run', id);
  },

  setPriority(context, lease, ids, to) {
    checkLease(context, lease);
    const queued = findAll(context, ids).filter((run) => run.state === 'queued');
    const edge = context.sql.get(
      `SELECT ${to === 'front' ? 'max' : 'min'}(priority) AS edge FROM run WHERE state = 'queued'`,
    );
    const priority = Number(edge?.edge ?? 0) + (to === 'front' ? 1 : -1);
    for (const { id } of queued) {
      context.sql.update('run', 'id', id, { priority });
      context.changed('run', id);
    }
    return queued.length;
  },

  runs({ sql }, filter = {}) {
    const { base, candidate, newest } = filter;
    const [states, ids, retries] = [filter.states, filter.ids, filter.retries].map(
      (some) => some && JSON.stringify(some),
    );
    // Plain conditions, so that an index is used; json_each keeps one prepared statement for every length of a list.
    const named = ids === undefined ? '' : 'id IN (SELECT value FROM json_each(?4)) AND';
    // Not where only the newest are wanted: a walk from the end finds those sooner.
    const among = states === undefined || newest !== undefined ? '?3 IS NULL OR' : '';
    const where = `${named} (?1 IS NULL OR base = ?1) AND (?2 IS NULL OR candidate = ?2)
      AND (${among} state IN (SELECT value FROM json_each(?3)))
      AND (?5 IS NULL OR retries IN (SELECT value FROM json_each(?5)))`;
    const order = newest === undefined ? 'ORDER BY row LIMIT ?6' : 'ORDER BY row DESC LIMIT ?6';
    const rows = sql.all(
      `SELECT * FROM run WHERE ${where} ${order}`,
      base,
      candidate,
      states,
      ids,
      retries,
      newest ?? -1,
    );
    return (newest === undefined ? rows : rows.reverse()).map(toRun);
  },

  run({ sql }, id) {
    const row = sql.get('SELECT * FROM run WHERE id = ?', id);
    return row && toRun(row);
  },
};
