import { HumanError } from '../domain/index.ts';
import type { StoreMethods } from './method-list.ts';
import type { Sql } from './sql.ts';
import type { Change } from './types.ts';

/** Who holds this connection, as the lease row names it. */
export interface Owner {
  /** Unique to one opened store: two stores of one process are two owners. */
  readonly token: string;
  readonly pid: number;
  readonly started: string | undefined;
  readonly machine: string;
}

/** What one call works with. */
export interface Context {
  readonly sql: Sql;
  /** Milliseconds since 1970 by the caller's clock. */
  readonly now: number;
  readonly owner: Owner;
  /** Whether a process of this machine still runs. */
  readonly alive: (pid: number, started: string | undefined) => boolean;
  /** Notes a row for the change feed; once per transaction and row. */
  readonly changed: (table: Change['table'], key: string | number) => void;
}

/** The methods of a room of the table: the face's own, with the context first and without the promise. */
export type Implementation<K extends keyof StoreMethods> = {
  readonly [M in K]: (context: Context, ...args: Parameters<StoreMethods[M]>) => Awaited<ReturnType<StoreMethods[M]>>;
};

/** The error for an id that names nothing. */
export function notFound(what: string): HumanError {
  return new HumanError(`There is no ${what} in this repository's research database.`, { code: 'not-found' });
}
