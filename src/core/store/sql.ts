import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';

export type Row = Record<string, SQLOutputValue>;
export type Value = SQLInputValue | boolean | undefined;

const bind = (value: Value): SQLInputValue => (typeof value === 'boolean' ? Number(value) : (value ?? null));

/** A database with its prepared statements: undefined binds as NULL, booleans as 0 and 1. */
export class Sql {
  readonly database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  #statement(text: string): StatementSync {
    let statement = this.#prepared.get(text);
    if (!statement) {
      statement = this.database.prepare(text);
      this.#prepared.set(text, statement);
    }
    return statement;
  }

  all(text: string, ...values: readonly Value[]): Row[] {
    return this.#statement(text).all(...values.map(bind));
  }

  get(text: string, ...values: readonly Value[]): Row | undefined {
    return this.#statement(text).get(...values.map(bind));
  }

  run(text: string, ...values: readonly Value[]): { readonly changes: number; readonly id: number } {
    const result = this.#statement(text).run(...values.map(bind));
    return { changes: Number(result.changes), id: Number(result.lastInsertRowid) };
  }

  /** Inserts one row; keys are column names of ours, never data. */
  insert(table: string, row: Readonly<Record<string, Value>>): number {
    const columns = Object.keys(row);
    const places = columns.map(() => '?').join(', ');
    const text = `INSERT INTO "${table}" (${columns.map((column) => `"${column}"`).join(', ')}) VALUES (${places})`;
    return this.run(text, ...Object.values(row)).id;
  }

  /** Sets columns of the row whose `key` column holds `id`; nothing for no columns. */
  update(table: string, key: string, id: Value, row: Readonly<Record<string, Value>>): void {
    const columns = Object.keys(row);
    if (columns.length === 0) return;
    const set = columns.map((column) => `"${column}" = ?`).join(', ');
    this.run(`UPDATE "${table}" SET ${set} WHERE "${key}" = ?`, ...Object.values(row), id);
  }
}

/** The low byte of SQLite's error number: 5 busy, 11 corrupt, 13 full, 26 not a database; undefined for other errors. */
export function sqliteCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
export const SQLITE = {
  busy: 5,
  locked: 6,
  readonly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notDatabase: 26,
};
