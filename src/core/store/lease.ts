import { HumanError } from '../domain/index.ts';
import type { Context, Implementation } from './context.ts';
import type { Lease } from './types.ts';

/** How long a lease lasts without renewal. */
export const LEASE_MS = 20_000;

interface LeaseRow extends Lease {
  readonly token: string | null;
  readonly machine: string;
  readonly started: string | undefined;
}

function readLease({ sql }: Context): LeaseRow | undefined {
  const row = sql.get('SELECT * FROM lease WHERE id = 1');
  if (!row) return undefined;
  return {
    generation: Number(row.generation),
    pid: Number(row.pid),
    holder: String(row.holder),
    until: Number(row.until),
    token: row.token === null ? null : String(row.token),
    machine: String(row.machine),
    started: row.started === null ? undefined : String(row.started),
  };
}

/** Whether somebody drives: not released, not lapsed, and not a process of this machine that is gone. */
function held(context: Context, row: LeaseRow): boolean {
  if (row.token === null || row.until <= context.now) return false;
  return row.machine !== context.owner.machine || context.alive(row.pid, row.started);
}

/**
 * Guards a decision: the lease's generation must still be the newest.
 * @throws HumanError `lease-lost`
 */
export function checkLease(context: Context, lease: Lease): void {
  const row = readLease(context);
  if (row && row.token !== null && row.generation === lease.generation) return;
  const now = row && row.token !== null ? `${row.holder} (process ${row.pid})` : 'nobody';
  throw new HumanError(
    `This ${lease.holder} no longer drives the research of this repository: ${now} does. Nothing was changed; ` +
      'ask again, and the one that drives will do it.',
    { code: 'lease-lost' },
  );
}

export const leaseMethods: Implementation<'acquireLease' | 'releaseLease' | 'lease'> = {
  acquireLease(context, holder, previous) {
    const { sql, now, owner } = context;
    const row = readLease(context);
    const until = now + LEASE_MS;
    const mine = row?.token === owner.token && (previous === undefined || previous.generation === row.generation);
    if (row && mine) {
      sql.update('lease', 'id', 1, { until, holder });
      return { generation: row.generation, pid: owner.pid, holder, until };
    }
    if (row && held(context, row)) return undefined;
    const generation = (row?.generation ?? 0) + 1;
    const { token, pid, machine, started } = owner;
    const next = { generation, pid, started, machine, token, holder, until };
    if (row) sql.update('lease', 'id', 1, next);
    else sql.insert('lease', { id: 1, ...next });
    context.changed('lease', generation);
    return { generation, pid, holder, until };
  },

  releaseLease(context, lease) {
    const row = readLease(context);
    if (row?.token !== context.owner.token || row.generation !== lease.generation) return;
    context.sql.update('lease', 'id', 1, { token: null, until: 0 });
    context.changed('lease', row.generation);
  },

  lease(context) {
    const row = readLease(context);
    if (!row || !held(context, row)) return undefined;
    const { generation, pid, holder, until } = row;
    return { generation, pid, holder, until };
  },
};
