import { sql, type Kysely, type Transaction } from 'kysely';
import { VouchError } from '../lib/errors.ts';

export interface Migration {
  /** 1, 2, 3, … without gaps. */
  number: number;
  name: string;
  up(db: Transaction<unknown>): Promise<void>;
}

interface Applied {
  number: number;
  name: string;
  at: number;
}

/**
 * Brings the database to the newest of `migrations`. Each runs in one transaction that holds the write lock from its
 * beginning and looks again at what is applied, so that a process killed in the middle leaves nothing half done, and
 * two that start at once do the work once. Throws `usage` for a database that a newer version, or somebody else, wrote.
 */
export async function migrate(
  db: Kysely<unknown>,
  migrations: readonly Migration[],
  where: string,
): Promise<void> {
  const known = db.withTables<{ migrations: Applied }>();
  await known.transaction().execute(async (tx) => {
    const tables = await sql<{
      name: string;
    }>`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`.execute(tx);
    if (tables.rows.length > 0 && !tables.rows.some(({ name }) => name === 'migrations')) {
      throw new VouchError(
        'usage',
        `${where}: not a database of Vouch (it holds a table ${tables.rows[0]!.name})`,
        {
          hint: 'choose another folder with --data',
        },
      );
    }
    await tx.schema
      .createTable('migrations')
      .ifNotExists()
      .addColumn('number', 'integer', (c) => c.primaryKey())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('at', 'bigint', (c) => c.notNull())
      .execute();
  });
  for (const migration of migrations) {
    await known.transaction().execute(async (tx) => {
      const applied = await tx.selectFrom('migrations').selectAll().orderBy('number').execute();
      refuseForeign(applied, migrations, where);
      if (applied.some(({ number }) => number === migration.number)) return;
      await migration.up(tx as unknown as Transaction<unknown>);
      await tx
        .insertInto('migrations')
        .values({ number: migration.number, name: migration.name, at: Date.now() })
        .execute();
    });
  }
}

function refuseForeign(applied: Applied[], migrations: readonly Migration[], where: string): void {
  for (const { number, name } of applied) {
    const ours = migrations.find((migration) => migration.number === number);
    if (ours?.name === name) continue;
    throw new VouchError(
      'usage',
      `${where}: written by a newer version of Vouch (migration ${number} "${name}" is not known here)`,
      {
        hint: 'run the newer version, or choose another folder with --data',
      },
    );
  }
}
