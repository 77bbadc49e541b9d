import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { systemCode } from '../lib/errors.ts';
import { explain } from './sqlite.ts';

export interface Lock {
  release(): void;
}

/**
 * Takes a lock of the data folder that only one process can have, or returns undefined when another one has it for
 * longer than `waitMs`. It is SQLite's own lock on an empty file: the kernel lets it go when the process dies, however
 * it dies, so that nothing stale is ever left behind and no process id is guessed at.
 */
export function takeLock(folder: string, name: string, waitMs = 2000): Lock | undefined {
  const path = join(folder, `${name}.lock`);
  return attempt(path, 'begin exclusive', waitMs);
}

/** Whether some process has that lock now. */
export function isLocked(folder: string, name: string): boolean {
  const path = join(folder, `${name}.lock`);
  const lock = attempt(path, 'begin; select count(*) from sqlite_master', 0);
  lock?.release();
  return lock === undefined;
}

function attempt(path: string, statements: string, waitMs: number): Lock | undefined {
  let database: SqliteDatabase.Database | undefined;
  try {
    database = new SqliteDatabase(path, { timeout: waitMs });
    database.exec(statements);
  } catch (error) {
    database?.close();
    if (systemCode(error) === 'SQLITE_BUSY') return undefined;
    throw explain(error, path);
  }
  const held = database;
  return { release: () => held.close() };
}
