import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Kysely } from 'kysely';
import { VouchError, messageOf, systemCode } from '../lib/errors.ts';
import { openBlobs, type Blobs } from './blobs.ts';
import { migrate, type Migration } from './migrate.ts';
import { MIGRATIONS } from './migrations/registry.ts';
import type { Database } from './schema.ts';
import { SharedSqliteDialect, openSqlite } from './sqlite.ts';

export interface Store {
  /**
   * One connection, taken in turns: inside `db.transaction().execute(async (tx) => …)` ask `tx` only, `db` would wait
   * for the transaction's own end.
   */
  readonly db: Kysely<Database>;
  readonly blobs: Blobs;
  /** The absolute data folder. */
  readonly folder: string;
  close(): Promise<void>;
}

/**
 * Opens the data folder, made when missing: `vouch.db` and `blobs/`. Several processes may have it open at once.
 * Throws a `VouchError` that names the folder or file when it cannot be used.
 */
export async function openStore(
  folder: string,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<Store> {
  const absolute = resolve(folder);
  await makeFolder(absolute);
  const path = join(absolute, 'vouch.db');
  const db = new Kysely<Database>({ dialect: new SharedSqliteDialect(openSqlite(path)) });
  try {
    await migrate(db as unknown as Kysely<unknown>, migrations, path);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { db, blobs: openBlobs(join(absolute, 'blobs')), folder: absolute, close: () => db.destroy() };
}

/** The folder holds recorded traffic and keys: only its owner may look inside. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await makeParents(folder);
  } catch (error) {
    const code = systemCode(error);
    const why =
      code === 'EEXIST' || code === 'ENOTDIR'
        ? 'not a folder'
        : `cannot be made (${code ?? messageOf(error)})`;
    throw new VouchError('usage', `data folder ${folder}: ${why}`, {
      hint: 'choose another with --data DIR or VOUCH_DATA',
      cause: error,
    });
  }
}

/** Node's own recursive mkdir never returns below /proc, where a parent exists and making a child says that it does not. */
async function makeParents(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = folder; !(await isFolder(at)); at = dirname(at)) missing.unshift(at);
  for (const path of missing) {
    try {
      await mkdir(path, { mode: 0o700 });
    } catch (error) {
      // Two processes may make it at once.
      if (systemCode(error) !== 'EEXIST' || !(await isFolder(path))) throw error;
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
