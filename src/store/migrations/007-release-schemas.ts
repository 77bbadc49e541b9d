import type { Migration } from '../migrate.ts';

/** Catalogs of the servers that apps were given, kept with the release: rebuilt state stands on them. */
export const releaseSchemas: Migration = {
  number: 7,
  name: 'release-schemas',
  async up(db) {
    await db.schema
      .createTable('releaseSchemas')
      .addColumn('release', 'text', (c) => c.notNull())
      .addColumn('destination', 'text', (c) => c.notNull())
      .addColumn('protocol', 'text', (c) => c.notNull())
      .addColumn('schema', 'text', (c) => c.notNull())
      .addColumn('takenAt', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('releaseSchemasKey', ['release', 'destination'])
      .execute();
  },
};
