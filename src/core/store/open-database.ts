import type { DatabaseSync } from 'node:sqlite';
import { HumanError } from '../domain/index.ts';
import type { Files } from '../system/index.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './schema.ts';
import { SQLITE, Sql, sqliteCode } from './sql.ts';

export interface OpenedDatabase {
  readonly sql: Sql;
  readonly setAside?: string;
}

type DatabaseFiles = Pick<Files, 'create' | 'info' | 'remove' | 'rename'>;

function version(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
}

function refuseNewer(file: string, found: number): void {
  if (found <= SCHEMA_VERSION) return;
  throw new HumanError(
    `${file} was written by a newer Research Copilot (database version ${found}; this one knows versions up to ` +
      `${SCHEMA_VERSION}). Nothing was changed. Update Research Copilot, here and in the terminal, and open it again.`,
    { code: 'database-newer' },
  );
}

/** Brings the file to this program's version, one transaction for all steps: another process may be doing the same. */
function migrate(database: DatabaseSync, file: string): void {
  if (version(database) === SCHEMA_VERSION) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const from = version(database);
    refuseNewer(file, from);
    for (const step of MIGRATIONS.slice(from)) database.exec(step);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function damaged(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE.corrupt || code === SQLITE.notDatabase;
}

class Damaged extends Error {}

function check(database: DatabaseSync): void {
  const result = database.prepare('PRAGMA quick_check(1)').get();
  if (result?.quick_check !== 'ok') throw new Damaged(String(result?.quick_check));
}

/** @throws Damaged, HumanError `database-newer`, `database-unavailable` */
function tryOpen(file: string, rollbackJournal: boolean): DatabaseSync {
  const sqlite = process.getBuiltinModule('node:sqlite') as typeof import('node:sqlite') | undefined;
  if (!sqlite) {
    throw new HumanError(
      `Research Copilot keeps its results in SQLite, which this program's Node (${process.version}) lacks. ` +
        'Use Node 22.13 or later, or VS Code 1.106 or later.',
      { code: 'no-sqlite' },
    );
  }
  let database: DatabaseSync | undefined;
  try {
    database = new sqlite.DatabaseSync(file, { timeout: 5000 });
    refuseNewer(file, version(database));
    database.exec(`PRAGMA journal_mode = ${rollbackJournal ? 'DELETE' : 'WAL'}`);
    // A run is launched once because its row was on disk before its first byte left: no commit may be lost.
    database.exec('PRAGMA synchronous = FULL');
    database.exec('PRAGMA foreign_keys = ON');
    check(database);
    migrate(database, file);
    return database;
  } catch (error) {
    database?.close();
    throw damaged(error) ? new Damaged(String(error)) : error;
  }
}

function unavailable(file: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new HumanError(
    `The research database ${file} cannot be opened: ${why}. Check that the folder exists, that it is yours to write, ` +
      'and that its disk has room.',
    { code: 'database-unavailable', cause: error },
  );
}

/** Moves a damaged database and its side files out of the way, under a name that is free. */
async function setAside(files: DatabaseFiles, file: string, now: number): Promise<string> {
  const stamp = new Date(now).toISOString().replaceAll(/[:.]/g, '-');
  let target = `${file}.damaged-${stamp}`;
  for (let copy = 2; await files.info(target); copy += 1) target = `${file}.damaged-${stamp}-${copy}`;
  // The database last: from then on the name is free for another window's fresh one, whose side files are its own.
  for (const part of ['-wal', '-shm', '-journal', '']) {
    if (await files.info(file + part)) await files.rename(file + part, target + part);
  }
  return target;
}

/**
 * Opens the database, making it or bringing it up to date. A damaged one is set aside and a fresh one made.
 * @param now milliseconds since 1970, for the name of what is set aside
 * @throws HumanError `database-newer`, `database-unavailable`, `no-sqlite`
 */
export async function openDatabase(
  files: DatabaseFiles,
  file: string,
  rollbackJournal: boolean,
  now: number,
): Promise<OpenedDatabase> {
  const open = (): Sql | undefined => {
    try {
      return new Sql(tryOpen(file, rollbackJournal));
    } catch (error) {
      if (error instanceof Damaged) return undefined;
      throw unavailable(file, error);
    }
  };
  const sql = open();
  if (sql) return { sql };

  // Two processes may find the damage at once: the second must not set aside the fresh one of the first.
  const guard = `${file}.setting-aside`;
  const old = await files.info(guard);
  if (old && now - old.modifiedAt > 60_000) await files.remove(guard);
  if (!(await files.create(guard, ''))) {
    throw new HumanError(`${file} is damaged and another window is setting it aside just now. Open it again.`, {
      code: 'database-damaged',
    });
  }
  try {
    const mended = open();
    if (mended) return { sql: mended };
    const target = await setAside(files, file, now);
    const fresh = open();
    if (!fresh) throw new Error(`a fresh ${file} is damaged too`);
    return { sql: fresh, setAside: target };
  } finally {
    await files.remove(guard);
  }
}
