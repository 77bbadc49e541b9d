import type { Migration } from '../migrate.ts';

/** Pages of the backport desk that several people look at; what they say stands in `backportDecisions`. */
export const backportReviews: Migration = {
  number: 6,
  name: 'backport-reviews',
  async up(db) {
    await db.schema
      .createTable('backportReviews')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('key', 'text', (c) => c.notNull().unique())
      .addColumn('title', 'text', (c) => c.notNull())
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('branches', 'text', (c) => c.notNull())
      .addColumn('commits', 'integer', (c) => c.notNull())
      .addColumn('page', 'text', (c) => c.notNull())
      .addColumn('updatedAt', 'bigint', (c) => c.notNull())
      .execute();
  },
};
