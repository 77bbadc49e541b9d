import type { Migration } from '../migrate.ts';

export const traceRepairs: Migration = {
  number: 3,
  name: 'trace-repairs',
  async up(db) {
    await db.schema.alterTable('traces').addColumn('repairs', 'text').execute();
  },
};
