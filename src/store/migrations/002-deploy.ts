import type { Migration } from '../migrate.ts';

export const deploy: Migration = {
  number: 2,
  name: 'deploy',
  async up(db) {
    const { schema } = db;
    await schema
      .createTable('appSettings')
      .addColumn('app', 'text', (c) => c.primaryKey().references('apps.name').onDelete('cascade'))
      .addColumn('settings', 'text', (c) => c.notNull())
      .addColumn('currentRelease', 'text')
      .execute();
    await schema
      .createTable('releases')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('app', 'text', (c) => c.notNull().references('apps.name').onDelete('cascade'))
      .addColumn('number', 'integer', (c) => c.notNull())
      .addColumn('commit', 'text', (c) => c.notNull())
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('builder', 'text')
      .addColumn('launch', 'text')
      .addColumn('error', 'text')
      .addColumn('createdAt', 'bigint', (c) => c.notNull())
      .addColumn('readyAt', 'bigint')
      .addUniqueConstraint('releases_number', ['app', 'number'])
      .execute();
    await schema
      .createTable('deployments')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('app', 'text', (c) => c.notNull().references('apps.name').onDelete('cascade'))
      .addColumn('release', 'text', (c) => c.notNull().references('releases.id').onDelete('cascade'))
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('port', 'integer', (c) => c.notNull())
      .addColumn('startedAt', 'bigint', (c) => c.notNull())
      .addColumn('endedAt', 'bigint')
      .addColumn('reason', 'text')
      .execute();
    await schema.createIndex('deployments_app').on('deployments').columns(['app', 'startedAt']).execute();
    await schema
      .createTable('environment')
      .addColumn('app', 'text', (c) => c.notNull().references('apps.name').onDelete('cascade'))
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('value', 'blob', (c) => c.notNull())
      .addColumn('updatedAt', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('environment_key', ['app', 'name'])
      .execute();
  },
};
