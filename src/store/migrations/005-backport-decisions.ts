import type { Migration } from '../migrate.ts';

/** What people said of commits: one row for each time that somebody said something; nothing is overwritten. */
export const backportDecisions: Migration = {
  number: 5,
  name: 'backport-decisions',
  async up(db) {
    await db.schema
      .createTable('backportDecisions')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('sha', 'text', (c) => c.notNull())
      .addColumn('branch', 'text', (c) => c.notNull())
      .addColumn('call', 'text', (c) => c.notNull())
      .addColumn('note', 'text', (c) => c.notNull())
      .addColumn('by', 'text', (c) => c.notNull())
      .addColumn('at', 'bigint', (c) => c.notNull())
      .addColumn('seen', 'integer')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('commit', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('backportDecisionsOf')
      .on('backportDecisions')
      .columns(['sha', 'branch', 'id'])
      .execute();
  },
};
