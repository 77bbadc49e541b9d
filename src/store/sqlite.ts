import { closeSync, openSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import { CompiledQuery, SqliteDialect, SqliteDriver, type DatabaseConnection, type Driver } from 'kysely';
import { VouchError, messageOf, systemCode } from '../lib/errors.ts';

/** Opens the file, made when missing, for several processes at once. Throws a `VouchError` that names the file. */
export function openSqlite(path: string): SqliteDatabase.Database {
  try {
    // SQLite gives its other files the mode of this one, which holds recorded traffic.
    closeSync(openSync(path, 'a', 0o600));
    const database = new SqliteDatabase(path, { timeout: 10_000 });
    try {
      // A decision that was answered must outlive the machine's power too, hence FULL; writes are few.
      for (const pragma of ['journal_mode = wal', 'synchronous = full', 'foreign_keys = on'])
        database.pragma(pragma);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw explain(error, path);
  }
}

/** Kysely's SQLite dialect, with transactions that take the write lock at once, and errors that say what to do. */
export class SharedSqliteDialect extends SqliteDialect {
  readonly #database: SqliteDatabase.Database;

  constructor(database: SqliteDatabase.Database) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): Driver {
    return new SharedSqliteDriver(this.#database);
  }
}

class SharedSqliteDriver extends SqliteDriver {
  readonly #database: SqliteDatabase.Database;

  constructor(database: SqliteDatabase.Database) {
    super({ database, onCreateConnection: async (connection) => explainErrors(connection, database.name) });
    this.#database = database;
  }

  /**
   * A transaction that begins by reading and then writes fails at once, whatever the busy timeout, when another process
   * wrote in between (SQLITE_BUSY_SNAPSHOT). Taking the lock first waits instead.
   */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  /**
   * SQLite takes a transaction back by itself when the disk is full or fails (lang_transaction.html, section 3.1). To ask for it
   * again is an error then, and would hide that one.
   */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.inTransaction) await super.rollbackTransaction(connection);
  }
}

function explainErrors(connection: DatabaseConnection, path: string): void {
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = async (query, options) => {
    try {
      return await execute(query, options);
    } catch (error) {
      throw explain(error, path);
    }
  };
}

/** What SQLite's code means to a person; anything that is not the machine's doing stays as it is. */
export function explain(error: unknown, path: string): unknown {
  const code = systemCode(error) ?? '';
  const says = (kind: 'usage' | 'forbidden' | 'unavailable', what: string, hint: string): VouchError =>
    new VouchError(kind, `${path}: ${what}`, { hint, cause: error });
  if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(code)) {
    return says(
      'usage',
      'the database is damaged, or not a database',
      'restore the folder from a copy, or choose another with --data',
    );
  }
  if (/^SQLITE_(?:READONLY|PERM|AUTH)/.test(code)) {
    return says(
      'forbidden',
      'the database cannot be written',
      'make the folder writable for this user, or choose another with --data',
    );
  }
  if (code.startsWith('SQLITE_FULL'))
    return says('unavailable', 'the disk is full', 'free space on that file system, then try again');
  if (code.startsWith('SQLITE_IOERR')) {
    return says(
      'unavailable',
      `the file system failed (${code})`,
      'free space or mend that file system, then try again',
    );
  }
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return says('unavailable', 'the disk is full', 'free space on that file system, then try again');
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return says(
      'forbidden',
      'the database cannot be written',
      'make the folder writable for this user, or choose another with --data',
    );
  }
  if (code === 'EISDIR') return says('usage', 'a folder, not a database', 'choose another with --data');
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(code)) {
    return says('unavailable', 'another process has held the database for more than 10 s', 'try again');
  }
  if (code.startsWith('SQLITE_CANTOPEN')) {
    return says(
      'usage',
      `the database cannot be opened: ${messageOf(error)}`,
      'choose another folder with --data',
    );
  }
  return error;
}
