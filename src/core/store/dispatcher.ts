import { HumanError } from '../domain/index.ts';
import type { Context, Owner } from './context.ts';
import { METHODS, type MethodName } from './method-list.ts';
import { methods } from './methods.ts';
import { SQLITE, type Sql, sqliteCode } from './sql.ts';
import type { Change } from './types.ts';

/** How often a write is tried; each try waits up to 5 s for the other writers. */
const TRIES = 4;
/** How many changes are kept for readers that fall behind, at least. */
const KEPT_CHANGES = 10_000;

const TABLES: readonly Change['table'][] = [
  'base',
  'round',
  'idea',
  'candidate',
  'run',
  'metric',
  'model_call',
  'request',
  'search',
  'lease',
];

/** Runs methods in transactions and tells which rows changed, here and in other processes. */
export interface Dispatcher {
  /** @throws what the method throws; HumanError `database-busy`, `disk-full`, `database-unavailable` */
  call(name: MethodName, args: readonly unknown[], now: number): unknown;
  /** Changes committed since the last call, by whom ever. */
  changes(): Change[];
}

function explain(error: unknown, file: string): unknown {
  const code = sqliteCode(error);
  const cause = { cause: error };
  switch (code) {
    case SQLITE.busy:
    case SQLITE.locked:
      return new HumanError(`Another program has kept ${file} locked for too long. Close it and try again.`, {
        code: 'database-busy',
        ...cause,
      });
    case SQLITE.full:
      return new HumanError(`The disk of ${file} is full. Nothing was changed; make room and try again.`, {
        code: 'disk-full',
        ...cause,
      });
    case SQLITE.readonly:
    case SQLITE.io:
    case SQLITE.cannotOpen:
      return new HumanError(
        `${file} cannot be read or written: ${(error as Error).message}. Check its disk and mode.`,
        {
          code: 'database-unavailable',
          ...cause,
        },
      );
    default:
      return error;
  }
}

export function dispatcher(sql: Sql, file: string, owner: Owner, alive: Context['alive']): Dispatcher {
  const top = sql.get('SELECT max(seq) AS seq FROM change');
  let seen = Number(top?.seq ?? 0);
  let version = dataVersion();

  function dataVersion(): number {
    return Number(sql.get('PRAGMA data_version')?.data_version);
  }

  function transaction(begin: string, name: MethodName, args: readonly unknown[], now: number): unknown {
    const noted = new Map<string, { readonly table: string; readonly key: string }>();
    sql.database.exec(begin);
    try {
      const context: Context = {
        sql,
        now,
        owner,
        alive,
        changed: (table, key) => noted.set(`${table} ${key}`, { table, key: String(key) }),
      };
      // The wire lost the tie between a name and its arguments; the client's types hold it.
      const method = methods[name] as (context: Context, ...args: readonly unknown[]) => unknown;
      const value = method(context, ...args);
      for (const { table, key } of noted.values()) {
        const seq = sql.insert('change', { tab: table, key });
        if (seq % KEPT_CHANGES === 0) sql.run('DELETE FROM change WHERE seq < ?', seq - KEPT_CHANGES);
      }
      sql.database.exec('COMMIT');
      return value;
    } catch (error) {
      if (sql.database.isTransaction) sql.database.exec('ROLLBACK');
      throw error;
    }
  }

  function call(name: MethodName, args: readonly unknown[], now: number): unknown {
    const begin = METHODS[name] === 'write' ? 'BEGIN IMMEDIATE' : 'BEGIN';
    for (let tries = 1; ; tries += 1) {
      try {
        return transaction(begin, name, args, now);
      } catch (error) {
        if (sqliteCode(error) !== SQLITE.busy || tries === TRIES) throw explain(error, file);
      }
    }
  }

  function changes(): Change[] {
    const current = dataVersion();
    const others = current !== version;
    const own = sql.get('SELECT max(seq) AS seq FROM change');
    if (!others && Number(own?.seq ?? 0) === seen) return [];
    version = current;
    const rows = sql.all('SELECT seq, tab, key FROM change WHERE seq > ? ORDER BY seq', seen);
    const found = rows.map((row) => ({
      seq: Number(row.seq),
      table: row.tab as Change['table'],
      key: String(row.key),
    }));
    const first = found[0]?.seq ?? seen + 1;
    // So far behind that rows are gone: anything may have changed.
    const gap = first > seen + 1 ? TABLES.map((table) => ({ seq: first, table, key: '' })) : [];
    seen = found.at(-1)?.seq ?? seen;
    return [...gap, ...found];
  }

  return { call, changes };
}
