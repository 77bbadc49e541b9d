import type { Migration } from '../migrate.ts';

export const initial: Migration = {
  number: 1,
  name: 'initial',
  async up(db) {
    const { schema } = db;
    await schema
      .createTable('apps')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('createdAt', 'bigint', (c) => c.notNull())
      .execute();

    await schema
      .createTable('tokens')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('hash', 'text', (c) => c.notNull().unique())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('role', 'text', (c) => c.notNull())
      .addColumn('createdAt', 'bigint', (c) => c.notNull())
      .addColumn('revokedAt', 'bigint')
      .execute();
    await schema
      .createTable('sessions')
      .addColumn('hash', 'text', (c) => c.primaryKey())
      .addColumn('token', 'text', (c) => c.notNull().references('tokens.id').onDelete('cascade'))
      .addColumn('createdAt', 'bigint', (c) => c.notNull())
      .addColumn('expiresAt', 'bigint', (c) => c.notNull())
      .execute();

    await schema
      .createTable('audit')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('at', 'bigint', (c) => c.notNull())
      .addColumn('actor', 'text', (c) => c.notNull())
      .addColumn('action', 'text', (c) => c.notNull())
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('detail', 'text', (c) => c.notNull())
      .execute();
    await schema.createIndex('audit_subject').on('audit').column('subject').execute();

    await schema
      .createTable('incidents')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('app', 'text', (c) => c.notNull())
      .addColumn('fingerprint', 'text', (c) => c.notNull())
      .addColumn('title', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('message', 'text', (c) => c.notNull())
      .addColumn('culprit', 'text')
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('occurrences', 'bigint', (c) => c.notNull())
      .addColumn('firstSeen', 'bigint', (c) => c.notNull())
      .addColumn('lastSeen', 'bigint', (c) => c.notNull())
      .addColumn('release', 'text', (c) => c.notNull())
      .addUniqueConstraint('incidents_fingerprint', ['app', 'fingerprint'])
      .execute();

    await schema
      .createTable('slices')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('app', 'text', (c) => c.notNull())
      .addColumn('release', 'text', (c) => c.notNull())
      .addColumn('deployment', 'text', (c) => c.notNull())
      .addColumn('blob', 'text', (c) => c.notNull())
      .addColumn('failing', 'text')
      .addColumn('confidence', 'real', (c) => c.notNull())
      .addColumn('createdAt', 'bigint', (c) => c.notNull())
      .execute();
    await schema
      .createTable('occurrences')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('incident', 'text', (c) => c.notNull().references('incidents.id').onDelete('cascade'))
      .addColumn('at', 'bigint', (c) => c.notNull())
      .addColumn('release', 'text', (c) => c.notNull())
      .addColumn('deployment', 'text', (c) => c.notNull())
      .addColumn('error', 'text', (c) => c.notNull())
      .addColumn('slice', 'text', (c) => c.references('slices.id').onDelete('set null'))
      .execute();
    await schema.createIndex('occurrences_incident').on('occurrences').columns(['incident', 'at']).execute();

    await schema
      .createTable('proposals')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('desk', 'text', (c) => c.notNull())
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('app', 'text')
      .addColumn('engine', 'text', (c) => c.notNull())
      .addColumn('title', 'text', (c) => c.notNull())
      .addColumn('why', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('patch', 'text', (c) => c.notNull())
      .addColumn('verdict', 'text')
      .addColumn('evidence', 'text')
      .addColumn('trace', 'text')
      .addColumn('pullRequest', 'text')
      .addColumn('createdAt', 'bigint', (c) => c.notNull())
      .execute();
    await schema.createIndex('proposals_subject').on('proposals').column('subject').execute();
    await schema
      .createTable('evidence')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('proposal', 'text', (c) => c.notNull().references('proposals.id').onDelete('cascade'))
      .addColumn('verdict', 'text', (c) => c.notNull())
      .addColumn('blob', 'text', (c) => c.notNull())
      .addColumn('createdAt', 'bigint', (c) => c.notNull())
      .execute();
    await schema
      .createTable('decisions')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('proposal', 'text', (c) => c.notNull().unique().references('proposals.id'))
      .addColumn('decision', 'text', (c) => c.notNull())
      .addColumn('by', 'text', (c) => c.notNull())
      .addColumn('why', 'text')
      .addColumn('at', 'bigint', (c) => c.notNull())
      .execute();

    await schema
      .createTable('pullRequests')
      .addColumn('app', 'text', (c) => c.notNull())
      .addColumn('ref', 'text', (c) => c.notNull())
      .addColumn('content', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('pullRequests_key', ['app', 'ref'])
      .execute();

    await schema
      .createTable('traces')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('run', 'text', (c) => c.notNull())
      .addColumn('desk', 'text', (c) => c.notNull())
      .addColumn('engine', 'text', (c) => c.notNull())
      .addColumn('operation', 'text', (c) => c.notNull())
      .addColumn('provider', 'text')
      .addColumn('model', 'text')
      .addColumn('prompt', 'text', (c) => c.notNull())
      .addColumn('answer', 'text', (c) => c.notNull())
      .addColumn('inputTokens', 'bigint')
      .addColumn('cachedInputTokens', 'bigint')
      .addColumn('outputTokens', 'bigint')
      .addColumn('costUsd', 'real')
      .addColumn('prices', 'text')
      .addColumn('startedAt', 'bigint', (c) => c.notNull())
      .addColumn('seconds', 'real', (c) => c.notNull())
      .addColumn('error', 'text')
      .addColumn('outcome', 'text')
      .execute();
    await schema.createIndex('traces_run').on('traces').column('run').execute();

    await schema
      .createTable('settings')
      .addColumn('key', 'text', (c) => c.primaryKey())
      .addColumn('value', 'text', (c) => c.notNull())
      .execute();
  },
};
