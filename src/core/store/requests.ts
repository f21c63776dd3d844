import { HumanError } from '../domain/index.ts';
import { type Context, type Implementation, notFound } from './context.ts';
import { checkLease } from './lease.ts';
import { toRequest } from './rows.ts';
import type { Request } from './types.ts';

const ENDED: ReadonlySet<Request['state']> = new Set(['done', 'failed', 'cancelled']);

function find({ sql }: Context, id: number): Request {
  const row = sql.get('SELECT * FROM request WHERE id = ?', id);
  if (!row) throw notFound(`request ${id}`);
  return toRequest(row);
}

function set(context: Context, id: number, columns: Parameters<Context['sql']['update']>[3]): void {
  context.sql.update('request', 'id', id, columns);
  context.changed('request', id);
}

export const requestMethods: Implementation<
  | 'addRequest'
  | 'requests'
  | 'request'
  | 'askToCancelRequest'
  | 'takeRequest'
  | 'requeueTaken'
  | 'setRequestProgress'
  | 'endRequest'
> = {
  addRequest(context, kind, payload) {
    const id = context.sql.insert('request', {
      kind,
      payload: JSON.stringify(payload ?? null),
      state: 'asked',
      created_at: context.now,
    });
    context.changed('request', id);
    return find(context, id);
  },

  requests({ sql }, filter) {
    const states = filter?.states && JSON.stringify(filter.states);
    const query = 'SELECT * FROM request WHERE ?1 IS NULL OR state IN (SELECT value FROM json_each(?1)) ORDER BY id';
    return sql.all(query, states).map(toRequest);
  },

  request({ sql }, id) {
    const row = sql.get('SELECT * FROM request WHERE id = ?', id);
    return row && toRequest(row);
  },

  // Nobody works on one that was only asked, so it ends here; a taken one is the driver's to stop.
  askToCancelRequest(context, id) {
    const request = find(context, id);
    if (ENDED.has(request.state)) return;
    set(context, id, request.state === 'asked' ? { cancel_asked: true, state: 'cancelled' } : { cancel_asked: true });
  },

  takeRequest(context, lease, id) {
    checkLease(context, lease);
    if (find(context, id).state !== 'asked') return false;
    set(context, id, { state: 'taken', taken_by: lease.generation });
    return true;
  },

  requeueTaken(context, lease) {
    checkLease(context, lease);
    const left = context.sql
      .all("SELECT * FROM request WHERE state = 'taken' AND taken_by < ? ORDER BY id", lease.generation)
      .map(toRequest);
    for (const request of left) {
      const state = request.cancelAsked ? 'cancelled' : 'asked';
      set(context, request.id, { state, taken_by: null, progress: null });
    }
    return left.filter((request) => !request.cancelAsked).length;
  },

  setRequestProgress(context, lease, id, progress) {
    checkLease(context, lease);
    if (find(context, id).state !== 'taken') return;
    set(context, id, { progress: JSON.stringify(progress) });
  },

  endRequest(context, lease, id, end) {
    checkLease(context, lease);
    const request = find(context, id);
    if (request.state === end.state) return;
    if (ENDED.has(request.state)) {
      throw new HumanError(`Request ${id} has ended already (${request.state}).`, { code: 'bad-state' });
    }
    set(context, id, {
      state: end.state,
      result: end.result === undefined ? null : JSON.stringify(end.result),
      error: end.error && JSON.stringify(end.error),
    });
  },
};
