import type { Migration } from '../migrate.ts';

/** What the backport desk computed of commits and picks, by ids of content. */
export const backport: Migration = {
  number: 4,
  name: 'backport',
  async up(db) {
    await db.schema
      .createTable('backportChanges')
      .addColumn('sha', 'text', (c) => c.primaryKey())
      .addColumn('files', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('backportPatchIds')
      .addColumn('sha', 'text', (c) => c.primaryKey())
      .addColumn('patchId', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('backportTries')
      .addColumn('key', 'text', (c) => c.primaryKey())
      .addColumn('result', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('backportAnswers')
      .addColumn('key', 'text', (c) => c.primaryKey())
      .addColumn('answer', 'text', (c) => c.notNull())
      .execute();
  },
};
